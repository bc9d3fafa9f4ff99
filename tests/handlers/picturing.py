"""Pictures for tests: the beginning of each kind, and nothing to see."""

PNG = b"\x89PNG\r\n\x1a\n" + b"a picture's bytes"
BMP = b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(30)
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0 jpeg",
    "image/gif": b"GIF89a gif",
    "image/webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "image/bmp": BMP,
}
