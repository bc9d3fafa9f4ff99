"""DingTalk's REST API for one app, over pooled connections: it returns or raises a DingTalkError, never swallows.

Documents: "access token", "createAndDeliver", "streaming update", "update card", "register card callback", "robot message" and
"Stream gateway" of DingTalk's open platform.
"""

import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
from urllib3.exceptions import MaxRetryError

from errors import (
    DingTalkError,
    DingTalkUnreachable,
    PermissionMissing,
    ProxyFailed,
    QuotaUsedUp,
    Throttled,
    TokenExpired,
    WebhookElsewhere,
)
from handlers.account import CALL, PUSH, Account
from handlers.refusals import from_delivery, from_errcode, from_response
from settings import Endpoints
from web import Web, origin, proxy_for

log = logging.getLogger("dingbridge.dingtalk")

_TIMEOUT = (5, 10)  # seconds to connect, and without a byte of the answer
_TOKEN_MARGIN = 300  # seconds before its expiry that a token is renewed
# Calls refused for their number are free, by DingTalk's document on quotas; what had no token or permission, or did not get
# there, is taken to be so.
_NOT_COUNTED = (Throttled, QuotaUsedUp, TokenExpired, PermissionMissing, DingTalkUnreachable)
_PUBLIC_OAPI = ("https://oapi.dingtalk.com", "http://oapi.dingtalk.com")
_JSON = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}


@dataclass(frozen=True)
class Ticket:
    """Where to open one Stream connection, once, within 90 seconds."""

    endpoint: str
    ticket: str = field(repr=False)


class DingTalkClient:
    """One DingTalk app (client id and secret). Safe to share between threads."""

    def __init__(
        self, endpoints: Endpoints, client_id: str, client_secret: str, account: Account, *, connections: int = 128
    ) -> None:
        self._endpoints, self.client_id, self._client_secret = endpoints, client_id, client_secret
        self._account = account
        self._web = Web(hosts=4, connections=connections)
        self._token_lock = threading.Lock()
        self._token = ""
        self._token_expires = 0.0

    def open_connection(self, subscriptions: Sequence[Mapping[str, str]], user_agent: str) -> Ticket:
        """Ask the gateway for a Stream connection. Raises CredentialRefused or another DingTalkError."""
        answer = self._request(
            "POST",
            f"{self._endpoints.openapi}/v1.0/gateway/connections/open",
            {
                "clientId": self.client_id,
                "clientSecret": self._client_secret,
                "subscriptions": list(subscriptions),
                "ua": user_agent,
            },
        )
        endpoint, ticket = answer.get("endpoint"), answer.get("ticket")
        if not isinstance(endpoint, str) or not isinstance(ticket, str) or not endpoint or not ticket:
            raise DingTalkUnreachable("the gateway answered without endpoint and ticket")
        if not _is_stream(endpoint, plain=urlsplit(self._endpoints.openapi).scheme == "http"):
            raise DingTalkUnreachable(f"the gateway names {origin(endpoint)}, which is no place for a Stream (wss://...)")
        return Ticket(endpoint, ticket)

    def create_and_deliver(self, card: Mapping[str, Any]) -> None:
        """Create a card and put it into its chat: the body of createAndDeliver."""
        answer = self.call("POST", "/v1.0/card/instances/createAndDeliver", card)
        # HTTP 200 with a refusal inside: the robot is not in the group, or the space id is wrong.
        from_delivery(answer)

    def update_card(self, out_track_id: str, values: Mapping[str, str]) -> None:
        """Set these variables of a card, and only these (without the option all others would be lost)."""
        self.call(
            "PUT",
            "/v1.0/card/instances",
            {
                "outTrackId": out_track_id,
                "cardData": {"cardParamMap": dict(values)},
                "cardUpdateOptions": {"updateCardDataByKey": True},
            },
        )

    def stream_card(
        self, out_track_id: str, key: str, content: str, *, finalize: bool = False, failed: bool = False, guid: str = ""
    ) -> None:
        """Show the whole text so far in a card's streaming variable; `finalize` and `failed` end its typing.

        `guid` names the call: DingTalk takes one name once, so that a repeated call does no harm.
        """
        self.call(
            "PUT",
            "/v1.0/card/streaming",
            {
                "outTrackId": out_track_id,
                "guid": guid or uuid.uuid4().hex,
                "key": key,
                "content": content,
                "isFull": True,  # markdown variables take nothing else
                "isFinalize": finalize,
                "isError": failed,
            },
        )

    def send_to_webhook(self, webhook: str, body: Mapping[str, Any]) -> None:
        """Answer through a message's session webhook; needs no token, works within its life (90 minutes).

        Raises WebhookElsewhere, without a call, for one that is not where DINGTALK_OAPI_ENDPOINT says.
        """
        answer = self._request("POST", self._own_place(webhook), body)
        from_errcode(answer)
        self._account.add(PUSH)

    def send_to_group(self, conversation_id: str, title: str, text: str) -> None:
        """Send markdown to a group as the robot, plain text without a title (permission qyapi_robot_sendmsg)."""
        self.call(
            "POST",
            "/v1.0/robot/groupMessages/send",
            {"robotCode": self.client_id, "openConversationId": conversation_id, **_sample(title, text)},
        )

    def send_to_person(self, staff_id: str, title: str, text: str) -> None:
        """Send markdown to one person as the robot, plain text without a title (permission qyapi_robot_sendmsg)."""
        for error in self.send_to_people([staff_id], title, text).values():
            raise error

    def send_to_people(self, staff_ids: Sequence[str], title: str, text: str) -> dict[str, DingTalkError]:
        """Send markdown to at most 20 people as the robot; return those who did not get it, each with the reason."""
        answer = self.call(
            "POST",
            "/v1.0/robot/oToMessages/batchSend",
            {"robotCode": self.client_id, "userIds": list(staff_ids), **_sample(title, text)},
        )
        # HTTP 200 with those left out who did not get it.
        left_out: dict[str, DingTalkError] = {}
        for staff_id in answer.get("invalidStaffIdList") or ():
            left_out[staff_id] = DingTalkError("DingTalk knows no such person in the company", code="invalidStaffIdList")
        for staff_id in answer.get("flowControlledStaffIdList") or ():
            left_out[staff_id] = QuotaUsedUp(
                "DingTalk did not send the message to this person", code="flowControlledStaffIdList"
            )
        return {staff_id: left_out[staff_id] for staff_id in staff_ids if staff_id in left_out}

    def register_card_callback(self, route_key: str, url: str, secret: str) -> None:
        """Let clicks on cards with this route key be sent to a public address, signed with this secret."""
        self.call(
            "POST",
            "/v1.0/card/callbacks/register",
            {"callbackRouteKey": route_key, "callbackUrl": url, "apiSecret": secret, "forceUpdate": True},
        )

    def call(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a call of api.dingtalk.com, with the token in its header; return the answer."""
        url = self._endpoints.openapi + path
        return self._with_token(lambda token: self._request(method, url, body, token=token))

    def call_oapi(self, path: str, query: Mapping[str, str], payload: bytes, content_type: str) -> dict[str, Any]:
        """Make a call of oapi.dingtalk.com, with the token in its query; return the answer."""
        headers = {"Content-Type": content_type, "Accept": "application/json"}

        def post(token: str) -> dict[str, Any]:
            url = f"{self._endpoints.oapi}{path}?{urlencode({'access_token': token, **query})}"
            answer = self._send("POST", url, headers, payload, counts=True)
            from_errcode(answer)
            return answer

        return self._with_token(post)

    def fetch(self, url: str, bite: int) -> Generator[bytes, None, None]:
        """Yield a file, in bites of so many bytes, from where DingTalk says that it keeps it.

        The call is bare: headers of ours would spoil the address's signature. It is to be closed.
        """
        place = origin(url)
        if not place.startswith(("http://", "https://")):
            raise DingTalkUnreachable("the answer to a download names no address")
        try:
            with self._web.send("GET", url, {}, timeout=_TIMEOUT, stream=True) as response:
                if response.status_code != requests.codes.ok:  # a redirect as well: it is not followed
                    raise DingTalkError(f"{place} does not hand the file out", status=response.status_code)
                yield from response.iter_content(bite)
        except requests.RequestException as error:
            raise _unreachable(error, url) from None

    def close(self) -> None:
        """Give back the connections."""
        self._web.close()

    def _with_token(self, call: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        """Make a call that takes the token; a refused one is renewed, and the call repeated once."""
        token = self._access_token()
        try:
            return self._counted(call, token)
        except TokenExpired:
            return self._counted(call, self._access_token(refused=token))

    def _counted(self, call: Callable[[str], dict[str, Any]], token: str) -> dict[str, Any]:
        """Make a call that DingTalk counts, and count it, unless it was turned away at the door."""
        try:
            answer = call(token)
        except _NOT_COUNTED as error:
            if isinstance(error, QuotaUsedUp):
                self._account.exhausted("calls")
            raise
        except DingTalkError:
            self._account.add(CALL)
            raise
        self._account.add(CALL)
        return answer

    def _access_token(self, refused: str = "") -> str:
        """Return a valid token; `refused` is one that DingTalk no longer takes. One thread asks, the others wait."""
        with self._token_lock:
            if self._token == refused or time.monotonic() >= self._token_expires:
                answer = self._request(
                    "POST",
                    f"{self._endpoints.openapi}/v1.0/oauth2/accessToken",
                    {"appKey": self.client_id, "appSecret": self._client_secret},
                )
                token = answer.get("accessToken")
                if not token or not isinstance(token, str):
                    raise DingTalkUnreachable("the answer that should hold a token has none")
                self._token = token
                life = float(answer.get("expireIn") or 0)
                self._token_expires = time.monotonic() + max(life - _TOKEN_MARGIN, life / 2)
            return self._token

    def _request(self, method: str, url: str, body: Mapping[str, Any], *, token: str = "") -> dict[str, Any]:
        headers = {**_JSON, "x-acs-dingtalk-access-token": token} if token else _JSON
        payload = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        return self._send(method, url, headers, payload, counts=bool(token))

    def _send(self, method: str, url: str, headers: Mapping[str, str], payload: bytes, *, counts: bool) -> dict[str, Any]:
        try:
            response = self._web.send(method, url, headers, payload, timeout=_TIMEOUT)
        except requests.RequestException as error:
            if counts and not (error.args and isinstance(error.args[0], MaxRetryError)):
                self._account.add(CALL)  # it was sent, only its answer is lost: DingTalk may have counted it
            raise _unreachable(error, url) from None
        if not response.ok:
            raise from_response(response.status_code, response.content, response.headers)
        try:
            answer = response.json()
        except ValueError:
            raise DingTalkUnreachable("the answer is no JSON (a proxy's page?)", status=response.status_code) from None
        return answer if isinstance(answer, dict) else {}

    def _own_place(self, webhook: str) -> str:
        """Return the webhook's URL at the place that DINGTALK_OAPI_ENDPOINT names: its own, or DingTalk's public one.

        The platform writes the address into each message. Any other place is not called: it would get what bots answer.
        """
        own, place = urlsplit(self._endpoints.oapi), origin(webhook)
        if place not in {*_PUBLIC_OAPI, origin(self._endpoints.oapi)}:
            log.warning("a session webhook is at %s, not at DINGTALK_OAPI_ENDPOINT: it is not called", place)
            raise WebhookElsewhere(f"the session webhook is at {place}")
        parts = urlsplit(webhook)
        prefix = own.path.rstrip("/") if place in _PUBLIC_OAPI else ""
        return urlunsplit((own.scheme, own.netloc, prefix + parts.path, parts.query, ""))


def _is_stream(endpoint: str, *, plain: bool) -> bool:
    """Whether an address can be a Stream's: which host it names is the gateway's business, that it is encrypted is ours.

    `plain` lets ws:// in: the gateway itself was asked without encryption, as a sandbox is.
    """
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    odd = "@" in parts.netloc or parts.fragment or not endpoint.isprintable() or " " in endpoint
    return bool(host) and not odd and parts.scheme in ({"wss", "ws"} if plain else {"wss"})


def _unreachable(error: requests.RequestException, url: str) -> DingTalkUnreachable:
    """Return the error for a call without an answer. The text of requests' own may hold a session or a password."""
    refused = re.search(r"Tunnel connection failed: \d{3}", str(error))
    what = f"{refused[0] if refused else type(error).__name__} at {urlsplit(url).netloc}"
    proxy = proxy_for(url)
    if proxy and not isinstance(error, requests.ReadTimeout):  # that one may as well be DingTalk's
        return ProxyFailed(f"{what}, through the proxy {origin(proxy)}")
    return DingTalkUnreachable(what)


def _sample(title: str, text: str) -> dict[str, str]:
    key, param = ("sampleMarkdown", {"title": title, "text": text}) if title else ("sampleText", {"content": text})
    return {"msgKey": key, "msgParam": json.dumps(param, ensure_ascii=False)}
