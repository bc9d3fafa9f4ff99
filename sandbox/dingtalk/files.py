"""Files: upload with its limits, download codes, and the signed address that is picky about headers."""

import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import PurePath
from urllib.parse import urlencode

from aiohttp import BodyPartReader, web

from sandbox.capture import tell_file
from sandbox.dingtalk.api import ApiFront, Exchange, Json, fail
from sandbox.dingtalk.apps import ROBOT_SEND, App, Apps
from sandbox.dingtalk.media import Media, Medium
from sandbox.dingtalk.refusal import OldRefusal, Refusal
from sandbox.dingtalk.tokens import Tokens

_MEGABYTE = 1024 * 1024
_LIMITS = {
    "image": (20 * _MEGABYTE, ["jpg", "jpeg", "gif", "png", "bmp"]),
    "voice": (2 * _MEGABYTE, ["amr", "mp3", "wav"]),
    "video": (20 * _MEGABYTE, ["mp4"]),
    "file": (20 * _MEGABYTE, ["doc", "docx", "xls", "xlsx", "ppt", "pptx", "zip", "pdf", "rar"]),
}
_CODES_KEPT = 1_000
_DENIED = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that a person sent to one bot."""

    client_id: str
    media_id: str


@dataclass(frozen=True, slots=True)
class Signed:
    """An address of the object store: what it leads to, and the query that must come with it, to the letter."""

    stored: Stored
    expires: float
    signature: str = field(repr=False)

    @property
    def query(self) -> dict[str, str]:
        """What the address says after its question mark."""
        return {"Expires": str(int(self.expires)), "Signature": self.signature}


class Files:
    """What people sent (by download code) and what bots uploaded (by media id)."""

    def __init__(self, apps: Apps, tokens: Tokens, front: ApiFront) -> None:
        self.media = Media()
        self._apps = apps
        self._tokens = tokens
        self._front = front
        self._by_code: OrderedDict[str, Stored] = OrderedDict()
        self._signed: OrderedDict[str, Signed] = OrderedDict()

    def add_routes(self, app: web.Application) -> None:
        """Put upload, download and the object store's address."""
        app.router.add_post("/media/upload", self._front.wrap("media", self.upload))
        app.router.add_post("/v1.0/robot/messageFiles/download", self._front.v1("download", ROBOT_SEND, self.download))
        app.router.add_get("/oss/{key}", self.fetch)

    def keep(self, client_id: str, name: str, content: bytes) -> str:
        """Store what a person sends to a bot; its downloadCode."""
        return self.send(client_id, self.media.keep(name, content))

    def send(self, client_id: str, medium: Medium) -> str:
        """Give a bot the right to a file; a new downloadCode."""
        code = uuid.uuid4().hex
        self._by_code[code] = Stored(client_id, medium.id)
        if len(self._by_code) > _CODES_KEPT:
            self._by_code.popitem(last=False)
        return code

    def download(self, app: App, body: Json) -> Json:
        """Exchange a downloadCode for an address that lasts a while."""
        for name in ("downloadCode", "robotCode"):
            if not body.get(name):
                raise Refusal(400, "invalidParameter.robotCode.empty", f"{name} is empty")
        if body["robotCode"] != app.client_id:
            raise Refusal(400, "invalidParameter.robotCode.auth", "robotCode is not yours")
        stored = self._by_code.get(str(body["downloadCode"]))
        if stored is None or stored.client_id != app.client_id or not self.media.find(stored.media_id):
            raise Refusal(400, "invalidParameter.robotCode.downloadCode", "downloadCode is invalid")
        key, signed = f"{uuid.uuid4().hex}.file", Signed(stored, time.time() + app.file_seconds, uuid.uuid4().hex)
        self._signed[key] = signed
        if len(self._signed) > _CODES_KEPT:
            self._signed.popitem(last=False)
        return {"downloadUrl": f"{self._apps.address(app)}/oss/{key}?{urlencode(signed.query)}"}

    async def fetch(self, request: web.Request) -> web.Response:
        """GET the bytes; another query spoils the signature, and so does a Content-Type or Authorization header."""
        signed = self._signed.get(request.match_info["key"])
        spoiled = "Content-Type" in request.headers or "Authorization" in request.headers
        if signed is None or spoiled or dict(request.query) != signed.query:
            return _denied("SignatureDoesNotMatch")
        medium = self.media.find(signed.stored.media_id)
        if medium is None or signed.expires <= time.time():
            return _denied("AccessDenied")
        return web.Response(body=medium.content, content_type="application/octet-stream")

    async def upload(self, exchange: Exchange) -> Json:
        """POST multipart field `media`: its media_id, good in messages and cards."""
        app = self._tokens.app_of(exchange.request.query.get("access_token", ""))
        if app is None:
            raise OldRefusal(40014, "不合法的access_token")
        exchange.facts["client_id"] = app.client_id
        fault = await self._front.strike(exchange)
        self._front.admit(app, exchange, old=True)
        kind, name, content = await _receive(exchange.request)
        medium = self.media.keep(name, content, "@lA")
        fail(fault)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "type": kind,
            "media_id": medium.id,
            "created_at": int(time.time() * 1000),
        }


async def _receive(request: web.Request) -> tuple[str, str, bytes]:
    """The type, the name and the bytes of an upload that fits DingTalk's limits."""
    if not request.content_type.startswith("multipart/"):
        raise OldRefusal(43004, "无效的HTTP HEADER Content-Type")
    kind, name, content = request.query.get("type"), "", b""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "type":
            kind = await part.text()
        elif part.name == "media":
            name, content = part.filename or "", bytes(await part.read())
            tell_file(request, part.name, part.filename, len(content))
    if kind not in _LIMITS:
        raise OldRefusal(40004, "不合法的媒体文件类型")
    if not name:
        raise OldRefusal(40035, "缺少参数 media")
    limit, suffixes = _LIMITS[kind]
    if PurePath(name).suffix.lower().lstrip(".") not in suffixes:
        raise OldRefusal(40004, "不合法的媒体文件类型")
    if not 0 < len(content) <= limit:
        raise OldRefusal(40006, "不合法的文件大小")
    return kind, name, content


def _denied(code: str) -> web.Response:
    return web.Response(status=403, text=_DENIED.format(code=code), content_type="application/xml")
