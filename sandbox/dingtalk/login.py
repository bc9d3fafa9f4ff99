"""The two token endpoints, the new one and the old one; their tokens are the same."""

from aiohttp import web

from sandbox.dingtalk.api import ApiFront, Exchange, Json, fail, read_json
from sandbox.dingtalk.apps import Apps
from sandbox.dingtalk.refusal import OldRefusal, Refusal
from sandbox.dingtalk.tokens import Tokens


class Login:
    """Gives tokens for credentials."""

    def __init__(self, apps: Apps, tokens: Tokens, front: ApiFront) -> None:
        self._apps = apps
        self._tokens = tokens
        self._front = front

    def add_routes(self, app: web.Application) -> None:
        """Put the endpoints where DingTalk has them."""
        app.router.add_post("/v1.0/oauth2/accessToken", self._front.wrap("token", self.access_token))
        app.router.add_get("/gettoken", self._front.wrap("token", self.gettoken))

    async def access_token(self, exchange: Exchange) -> Json:
        """POST {"appKey","appSecret"}: accessToken and the seconds it lasts."""
        body = await read_json(exchange.request)
        refusal = Refusal(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret")
        token, seconds = await self._issue(exchange, body.get("appKey"), body.get("appSecret"), refusal)
        return {"accessToken": token, "expireIn": seconds}

    async def gettoken(self, exchange: Exchange) -> Json:
        """GET ?appkey=&appsecret=: access_token, or errcode 40089 under HTTP 200."""
        query = exchange.request.query
        refusal = OldRefusal(40089, "不合法的corpid或corpsecret")
        token, seconds = await self._issue(exchange, query.get("appkey"), query.get("appsecret"), refusal)
        return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": seconds}

    async def _issue(self, exchange: Exchange, key: object, secret: object, refusal: Refusal | OldRefusal) -> tuple[str, int]:
        if known := self._apps.find(key):  # anything else may be a secret in the wrong field
            exchange.facts["client_id"] = known.client_id
        fault = await self._front.strike(exchange)
        app = self._apps.authentic(key, secret)
        if app is None:
            raise refusal
        issued = self._tokens.issue(app)
        fail(fault)
        return issued
