"""The sandbox in the hands of a test or a bench: start it as a child, pull its levers, wait for what it records."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import requests

Json = dict[str, Any]

_CALL_SECONDS = 40.0
_LONG_POLL_SECONDS = 10.0
_START_SECONDS = 60.0
_END_SECONDS = 10.0


class SandboxClient:
    """The control API at `url`, one method a call; a refused call raises ValueError with the sandbox's words."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        """Give the pooled connections back."""
        self._http.close()

    def put_app(self, client_id: str, client_secret: str, name: str, **settings: object) -> None:
        """Register or replace a DingTalk app; `settings` are the other fields of sandbox.dingtalk.apps.App."""
        self._post("apps", client_id=client_id, client_secret=client_secret, name=name, **settings)

    def apps(self) -> list[Json]:
        """The apps without secrets, each with its number of `connections`."""
        return self._get("apps", "apps")

    def put_template(self, template_id: str, **template: object) -> None:
        """Add a card template: content_key, variables, flow, published, error_state."""
        self._post("templates", template_id=template_id, **template)

    def forget_token(self, client_id: str) -> None:
        """Let the app's access token expire now."""
        self._post("tokens/forget", client_id=client_id)

    def say(self, client_id: str, text: str = "", *, sender: Mapping[str, object] | str = "staff-1", **message: object) -> Json:
        """Write to a bot as a person (a staff id, or {"staff_id", "nick", "sender_id"?}).

        `message` may hold conversation_type, conversation_id, conversation_title, msgtype, parts, file, seconds, mention,
        content, quote, at, overrides, create_at. Returns {"msg_id", "conversation_id", "number", "delivered", "reason"?}.
        """
        person = {"staff_id": sender, "nick": sender} if isinstance(sender, str) else dict(sender)
        return self._post("messages", client_id=client_id, text=text, sender=person, **message)

    def put_file(self, name: str, content: bytes) -> str:
        """Hand in a picture or file, at most 20 MB, to send it with `say`; its id."""
        return str(self._call("POST", "files", content=content, query={"name": name})["file"])

    def media(self, media_id: str) -> bytes:
        """The bytes of a file that a person or a bot sent."""
        with self._http.get(f"{self.url}/sandbox/media/{quote(media_id, safe='@$')}", timeout=_CALL_SECONDS) as answer:
            answer.raise_for_status()
            return answer.content

    def messages(self, client_id: str, conversation_id: str, after: int = 0) -> list[Json]:
        """The messages of a conversation, oldest first, that are newer than a message's number."""
        return self._get("messages", "messages", client_id=client_id, conversation_id=conversation_id, after=after)

    def redeliver(self, msg_id: str) -> bool:
        """Push a message again, by Stream under a new frame id; whether it reached the bot."""
        return bool(self._post(f"messages/{quote(msg_id, safe='')}/redeliver")["delivered"])

    def click(self, out_track_id: str, user_id: str, action_id: str, **params: str) -> Json:
        """Press a card's button: {"answered", "response", "took"}."""
        return self._post("clicks", out_track_id=out_track_id, user_id=user_id, action_id=action_id, params=params)

    def cards(self, **query: str) -> list[Json]:
        """The cards, oldest first, of a client_id or conversation_id if named."""
        return self._get("cards", "cards", **query)

    def card(self, out_track_id: str) -> Json:
        """One card."""
        return self._call("GET", f"cards/{quote(out_track_id, safe='')}")

    def chats(self, **query: str) -> list[Json]:
        """The conversations with their messages."""
        return self._get("chats", "chats", **query)

    def put_fault(
        self,
        point: str,
        params: Mapping[str, object],
        *,
        match: Mapping[str, str] | None = None,
        times: int | None = None,
    ) -> str:
        """Order a fault; its id."""
        return str(self._post("faults", point=point, match=dict(match or {}), times=times, params=params)["id"])

    def faults(self) -> list[Json]:
        """The standing faults."""
        return self._get("faults", "faults")

    def remove_fault(self, fault_id: str) -> bool:
        """Take a fault back; whether it was still there."""
        return bool(self._call("DELETE", f"faults/{fault_id}")["ok"])

    def disconnect(self, client_id: str, connection_id: str | None = None) -> list[str]:
        """Announce a disconnect to one connection or all; their ids."""
        chosen = {} if connection_id is None else {"connection_id": connection_id}
        return list(self._post("stream/disconnect", client_id=client_id, **chosen)["connections"])

    def cut(self, client_id: str) -> int:
        """Abort the app's TCP connections; how many."""
        return int(self._post("stream/cut", client_id=client_id)["connections"])

    def last(self) -> int:
        """The sequence number of the newest record, to wait for what comes after it."""
        return int(self._call("GET", "records", query={"after": sys.maxsize})["last"])

    def records(self, after: int = 0, wait: float = 0, **match: str) -> list[Json]:
        """What was recorded after `after` and equals `match`; waits up to `wait` seconds (at most 30) for the first."""
        found: list[Json] = []
        more = True
        while more:
            answer = self._call("GET", "records", query={"after": after, "wait": wait, **match})
            found += answer["records"]
            more = answer["more"]
            after, wait = (found[-1]["seq"] if found else after), 0
        return found

    def wait_for(self, after: int = 0, seconds: float = 15, **match: str) -> Json:
        """The first such record, now or soon; TimeoutError if it does not come."""
        return next(self.follow(after, seconds, **match))

    def follow(self, after: int = 0, seconds: float = 15, **match: str) -> Iterator[Json]:
        """Such records one by one as they come; TimeoutError when none came for so many seconds."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            for record in self.records(after, max(0.0, min(left, _LONG_POLL_SECONDS)), **match):
                yield record
                after = record["seq"]
                until = time.monotonic() + seconds
            if time.monotonic() >= until:
                raise TimeoutError(f"no record {match} after {after} within {seconds} s")

    def put_dify_app(self, api_key: str, name: str, kind: str, **settings: object) -> None:
        """Register a Dify app: kind chat, agent-chat, advanced-chat, workflow or completion; profile, form, ..."""
        self._post("dify/apps", api_key=api_key, name=name, kind=kind, **settings)

    def dify_apps(self) -> list[Json]:
        """The Dify apps."""
        return self._get("dify/apps", "apps")

    def dify_conversation(self, conversation_id: str) -> list[Json]:
        """The messages that Dify keeps of a conversation: {"query", "answer", "status"}."""
        return self._get(f"dify/conversations/{conversation_id}", "messages")

    def forget_dify_conversation(self, conversation_id: str) -> None:
        """Let Dify forget a conversation."""
        self._call("DELETE", f"dify/conversations/{conversation_id}")

    def put_openai_gateway(self, api_key: str, name: str, models: Sequence[str], **settings: object) -> None:
        """Register an OpenAI-compatible gateway: flavor, remembers, requires_key, endpoint_off, vision, pace, ..."""
        self._post("openai/gateways", api_key=api_key, name=name, models=[*models], **settings)

    def openai_gateways(self) -> list[Json]:
        """The gateways, without their keys."""
        return self._get("openai/gateways", "gateways")

    def put_codebuddy_agent(self, token: str, name: str, **settings: object) -> None:
        """Register a CodeBuddy agent: form (text, json), field (content, response, message, result), seconds."""
        self._post("codebuddy/agents", token=token, name=name, **settings)

    def codebuddy_agents(self) -> list[Json]:
        """The agents, without their tokens."""
        return self._get("codebuddy/agents", "agents")

    def codebuddy_requests(self, name: str) -> list[Json]:
        """What an agent was asked last, oldest first: {"time", "app", "prompt", "options", "status"}."""
        return self._get("codebuddy/requests", "requests", app=name)

    def _get(self, path: str, field: str, **query: object) -> list[Json]:
        return list(self._call("GET", path, query=query)[field])

    def _post(self, path: str, **body: object) -> Json:
        return self._call("POST", path, body=body)

    def _call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Json:
        url = f"{self.url}/sandbox/{path}"
        params = {name: str(value) for name, value in (query or {}).items()}
        with self._http.request(method, url, params=params, json=body, data=content, timeout=_CALL_SECONDS) as answer:
            found: Json = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            if not answer.ok:
                raise ValueError(f"{method} {path}: {answer.status_code} {found.get('error', found)}")
            return found


class SandboxProcess:
    """Context manager: `python -m sandbox` as a child on a free port; it ends with the context or with the parent.

    `told` is what it printed: its url, with --tls also the door and the authority to trust.
    """

    def __init__(self, arguments: Sequence[str] = ("--port", "0")) -> None:
        self.told: Json = {}
        self._arguments = arguments
        self._child: subprocess.Popen[bytes] | None = None
        self._client: SandboxClient | None = None

    def start(self) -> SandboxClient:
        """Start the child and wait until it listens; OSError if it ends instead."""
        command = [sys.executable, "-m", "sandbox", "--follow-stdin", *self._arguments]
        folder = Path(__file__).resolve().parent.parent
        # Its stdin is a pipe that nobody writes to: when this process dies, however it does, the pipe ends. A session of
        # its own spares it the terminal's Ctrl-C, so that it is still there while its parent puts things in order.
        self._child = subprocess.Popen(  # noqa: S603  # our own interpreter, our own module
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._child.stdout
        overdue = threading.Timer(_START_SECONDS, self._child.kill)
        overdue.start()
        line = self._child.stdout.readline()
        overdue.cancel()
        if not line:
            self.stop()
            raise OSError("the sandbox ended before it listened; it said why above")
        self.told = json.loads(line)
        self._client = SandboxClient(self.told["url"])
        return self._client

    def stop(self) -> int | None:
        """End the child and wait for it; its exit code, None if it was never started."""
        if self._client:
            self._client.close()
            self._client = None
        child, self._child = self._child, None
        if child is None:
            return None
        assert child.stdin
        assert child.stdout
        child.stdin.close()
        try:
            return child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()
        finally:
            child.stdout.close()

    def __enter__(self) -> SandboxClient:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
