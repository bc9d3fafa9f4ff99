"""The small page that a browser finds at the address of a bot that is called over HTTP."""

from html import escape

from handlers.texts import Texts
from ops.door import Answer

_LANGUAGE_TAGS = {"zh": "zh-CN", "en": "en"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; font: 1rem/1.7 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
main { max-width: 36rem; margin: 12vh auto 0; padding: 1.5rem; }
h1 { font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; }
"""


def page(name: str, texts: Texts, *, listening: bool) -> Answer:
    """Return the page of a bot: whether it listens, and what the address is for; 503 when it does not."""
    state = texts.say("webhook_listens" if listening else "webhook_stops")
    html = f"""<!doctype html>
<html lang="{_LANGUAGE_TAGS[texts.language]}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(name)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(name)}</h1>
<p role="status">{escape(state)}</p>
<p>{escape(texts.say("webhook_address"))}</p>
</main>
</body>
</html>
"""
    body = html.encode(errors="replace")
    return Answer(200 if listening else 503, body, "text/html", {"Content-Security-Policy": _POLICY})
