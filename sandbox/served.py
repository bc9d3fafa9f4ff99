"""The headers under which files of other people leave: looked at or saved, but never run on the sandbox's own origin."""

from urllib.parse import quote

# The first bytes tell what a page may show in place, not the name and not the type that came with the file.
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF8", "gif"), (b"BM", "bmp"))


def picture_type(content: bytes) -> str | None:
    """The media type if these bytes are a picture that every browser shows."""
    for magic, name in _PICTURES:
        if content.startswith(magic):
            return f"image/{name}"
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else None


def file_headers(name: str, content: bytes) -> dict[str, str]:
    """Pictures are shown in place; everything else (HTML, SVG) is only to be saved, and acts nowhere."""
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    if picture_type(content) is None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name.encode(errors='replace'))}"
    return headers
