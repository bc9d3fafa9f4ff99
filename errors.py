"""Every error that DingBridge raises on purpose, as one tree.

BridgeError
├── ConfigError                 .bots.yaml or .env cannot be used; carries every problem at once
├── Unloadable                  a `package.module:object` of the settings is not to be had; carries the sentence's name
├── DingTalkError               DingTalk refused a call, or could not be asked
│   ├── CredentialRefused       wrong client id or secret, or the app is not published
│   ├── TokenExpired            the access token is no longer valid
│   ├── PermissionMissing       the app lacks a permission; `scopes` names it
│   ├── Throttled               more calls a second than DingTalk allows
│   ├── QuotaUsedUp             the company's calls of this month are used up
│   ├── CardRefused             a card call with a wrong template, variable or space
│   ├── TextTooLong             more text than DingTalk takes in one message or card
│   ├── WebhookExpired          the session webhook of a message is no longer valid
│   ├── WebhookElsewhere        the session webhook of a message is at no place of DingTalk's; it was not called
│   ├── PictureLost             a picture that somebody sent could not be fetched
│   ├── PictureUnreadable       what somebody sent as a picture is none that an AI takes, or too large
│   └── DingTalkUnreachable     no network, a time-out, or DingTalk answers 5xx
│       └── ProxyFailed         the proxy that the environment names did not lead to DingTalk
├── HandlerFailed               a method of a team's own handler raised an error
├── StoreUnavailable            what is kept cannot be reached: a full disk, a locked file
├── PortUnavailable             the HTTP port cannot be opened: another program has it
└── BackendError                the AI gave no (whole) answer
    ├── BackendUnreachable      no network, a time-out, a name that does not resolve
    ├── BackendDown             it answers 5xx, or something that is not its protocol
    ├── BackendBusy             too many requests at once
    ├── KeyRefused              the app's key is wrong or its API is switched off
    ├── EndpointOff             the AI is there, but answers no chat: a setting of its own forbids it
    ├── ModelUnknown            the AI has no model of that name
    ├── WrongAppKind            the key belongs to an app of another kind
    ├── InputRefused            an input is missing or wrong
    ├── QuotaExceeded           the model's provider says that its quota is used up
    ├── ModelFailed             the model behind the app failed
    ├── RunFailed               a workflow ended as failed
    ├── RunPaused               a workflow waits for a person
    ├── ConversationGone        the AI no longer knows the conversation
    ├── NoAnswer                it stayed silent longer than we wait
    ├── AgentFailed             an agent in this process raised an error, or gave what is no answer
    ├── AgentsStuck             so many agents hang in this process that it must be started again
    ├── AnswerTooLong           it never ends: more text than any answer has
    └── AnswerInterrupted       the stream ended before the answer did

Each class has a sentence for the person who asked and one for the admin in `handlers/troubles.py`.
"""

from dataclasses import dataclass


class BridgeError(Exception):
    """The root: catching it catches everything that this project raises on purpose."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a configuration file.

    `where` is the file, with the line where it is known; `path` the YAML path or the variable's name;
    `what` a whole sentence; `fix` the line to write, or nothing.
    """

    where: str
    path: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        subject = " ".join(part for part in (self.where, self.path) if part)
        return f"{subject}: {self.what}" + (f"\n    → {self.fix}" if self.fix else "")


class ConfigError(BridgeError):
    """The configuration cannot be used; `problems` are all that was found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Unloadable(BridgeError):
    """What a setting names as `package.module:object` cannot be used; `reason` and `values` make a sentence of problems."""

    def __init__(self, reason: str, **values: str) -> None:
        super().__init__(f"{reason} {values}" if values else reason)
        self.reason, self.values = reason, values


class DingTalkError(BridgeError):
    """DingTalk refused a call: `code` and `message` are its own, `request_id` is what its support asks for."""

    def __init__(self, message: str, *, code: str = "", status: int = 0, request_id: str = "") -> None:
        self.message, self.code, self.status, self.request_id = message, code, status, request_id
        known = (("status", str(status or "")), ("code", code), ("request_id", request_id))
        facts = " ".join(f"{name}={value}" for name, value in known if value)
        super().__init__(f"{message} ({facts})" if facts else message)


class CredentialRefused(DingTalkError):
    """The client id or secret is wrong, or the app is not published."""


class TokenExpired(DingTalkError):
    """The access token is no longer valid."""


class PermissionMissing(DingTalkError):
    """The app lacks a permission: `scopes` are their codes, `apply_url` is where to ask for them."""

    def __init__(
        self,
        message: str,
        *,
        scopes: tuple[str, ...] = (),
        apply_url: str = "",
        code: str = "",
        status: int = 0,
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, status=status, request_id=request_id)
        self.scopes, self.apply_url = scopes, apply_url


class Throttled(DingTalkError):
    """More calls a second than DingTalk allows; wait a second at least."""


class QuotaUsedUp(DingTalkError):
    """The company's calls (or webhook messages) of this month are used up."""


class CardRefused(DingTalkError):
    """A card call names a template, variable or space that DingTalk does not take; repeating it is of no use."""


class TextTooLong(DingTalkError):
    """More text than DingTalk takes in one message or card."""


class WebhookExpired(DingTalkError):
    """The session webhook of a message is no longer valid."""


class WebhookElsewhere(DingTalkError):
    """The session webhook of a message is at no place of DingTalk's; it was not called."""


class PictureLost(DingTalkError):
    """A picture that somebody sent could not be fetched: DingTalk refused, or its address did not work."""


class PictureUnreadable(DingTalkError):
    """What somebody sent as a picture is none that an AI takes, or too large."""


class DingTalkUnreachable(DingTalkError):
    """No network, a time-out, or DingTalk answers 5xx; the call may be repeated."""


class ProxyFailed(DingTalkUnreachable):
    """The proxy that the environment names cannot be reached, refuses, or did not lead to DingTalk."""


class HandlerFailed(BridgeError):
    """A method of a team's own handler raised an error; `str()` is its class and place, never its text."""


class StoreUnavailable(BridgeError):
    """What is kept cannot be read or written now; `str()` says why, never what is kept."""


class PortUnavailable(BridgeError):
    """The HTTP port cannot be opened: another program has it, or this machine has no such address."""


class BackendError(BridgeError):
    """The AI gave no (whole) answer: `detail` is what it said, for the admin only.

    `ai` is the kind of AI (a bot's `backend`) where its fix differs from that for others; `retry_after` the seconds for which
    it wants to be left alone, where it says so.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        status: int = 0,
        request_id: str = "",
        ai: str = "",
        retry_after: float = 0,
    ) -> None:
        self.detail, self.code, self.status, self.request_id = detail, code, status, request_id
        self.ai, self.retry_after = ai, retry_after
        known = (("status", str(status or "")), ("code", code), ("request_id", request_id), ("detail", detail))
        super().__init__(" ".join(f"{name}={value}" for name, value in known if value))


class BackendUnreachable(BackendError):
    """No network, a time-out while connecting, a name that does not resolve."""


class BackendDown(BackendError):
    """It answers 5xx, or something that is not its protocol."""


class BackendBusy(BackendError):
    """Too many requests at once."""


class KeyRefused(BackendError):
    """The app's key is wrong, or its API is switched off."""


class EndpointOff(BackendError):
    """The AI is there, but a setting of its own switches its chats off."""


class ModelUnknown(BackendError):
    """The AI has no model of that name."""


class WrongAppKind(BackendError):
    """The key belongs to an app of another kind than the bot says."""


class InputRefused(BackendError):
    """An input of the app is missing or wrong."""


class QuotaExceeded(BackendError):
    """The model's provider says that its quota is used up."""


class ModelFailed(BackendError):
    """The model behind the app failed."""


class RunFailed(BackendError):
    """A workflow ended as failed."""


class RunPaused(BackendError):
    """A workflow waits for a person."""


class ConversationGone(BackendError):
    """The AI no longer knows the conversation."""


class NoAnswer(BackendError):
    """It stayed silent for longer than we wait."""


class AgentFailed(BackendError):
    """An agent raised an error, or gave what is no answer; `detail` is the error's class and place, never its text."""


class AgentsStuck(BackendError):
    """So many agents hang in this process that it must be started again."""


class AnswerTooLong(BackendError):
    """It never ends: more text than any answer has."""


class AnswerInterrupted(BackendError):
    """The stream ended before the answer did."""
