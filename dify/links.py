"""The addresses of files as Dify writes them -> as everybody can open them. Pure.

A self-hosted Dify without FILES_URL leaves out what stands before `/files/`, in its events and in the Markdown of an answer.
"""

_RELATIVE = "](/files/"


def whole(url: str, place: str) -> str:
    """Return the address of a file of the Dify at `place` (scheme, host and path, without `/v1`)."""
    return f"{place}{url}" if url.startswith("/files/") else url


class LinkFilter:
    """Fed deltas in order, it returns them with whole links; where the deltas are cut makes no difference."""

    def __init__(self, place: str) -> None:
        self._place, self._held = place, ""

    def feed(self, delta: str) -> str:
        """Return what is certain now; what may be the beginning of a link waits for the next delta."""
        text = (self._held + delta).replace(_RELATIVE, f"]({self._place}/files/")
        begin = text.rfind("]", 1 - len(_RELATIVE))  # of the last that may still become one
        certain = begin if begin >= 0 and _RELATIVE.startswith(text[begin:]) else len(text)
        self._held = text[certain:]
        return text[:certain]

    def flush(self) -> str:
        """Return what was held back, at the end of the stream."""
        text, self._held = self._held, ""
        return text
