"""The apps of the embedded Dify: what an API key opens, and how that app was set up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sandbox.dify.profiles import NEWEST, PROFILES, Profile
from sandbox.json_api import check_names, object_of

KINDS: Final = ("chat", "agent-chat", "advanced-chat", "workflow", "completion")
_LARGEST_NUMBER: Final = 1_000_000
ANSWER: Final = "{answer}"  # stands for the AI's text among an app's outputs
_QUERY_FORM: Final = (
    {"paragraph": {"variable": "query", "label": "query", "required": True, "max_length": None, "default": ""}},
)


@dataclass(frozen=True, kw_only=True)
class App:
    """One Dify app, opened by one API key.

    `form` holds /parameters' own user_input_form items. `outputs` are a workflow's End outputs: constants, and
    `{answer}` for the AI's text. `tokens_per_second` counts events, each `chunk_chars` characters long.
    `max_active_requests` 0 means no limit. All times are seconds.
    """

    api_key: str = field(repr=False)
    name: str
    kind: str = "chat"
    profile: Profile = NEWEST
    form: Sequence[Mapping[str, Any]] = ()
    outputs: Mapping[str, Any] = field(default_factory=lambda: {"text": ANSWER})
    tokens_per_second: float = 30.0
    chunk_chars: int = 6
    max_active_requests: int = 0
    ping_seconds: float = 10.0
    idle_seconds: float = 300.0  # a worker stream that says nothing is closed after this
    max_seconds: float = 1200.0  # APP_MAX_EXECUTION_TIME: then Dify itself stops the run
    stop_seconds: float = 1.0  # how often a run looks whether it was stopped
    file_seconds: float = 300.0  # FILES_ACCESS_TIMEOUT: how long a signed file address is good
    record_events: bool = False
    file_upload: bool = True
    file_types: Sequence[str] = ("image", "document", "audio", "video")  # those that a question may bring along
    file_extensions: Sequence[str] = ()  # and those of a custom type, such as ".dwg"
    suggestions: bool = True
    separated_reasoning: bool = False  # the LLM node's reasoning_format
    opening_statement: str = ""

    @property
    def id(self) -> str:
        """Dify's own id of the app, stable for a name."""
        return str(uuid5(NAMESPACE_URL, f"app:{self.name}"))

    @property
    def tenant_id(self) -> str:
        """Dify's own id of the workspace to which the app belongs, one for all."""
        return str(uuid5(NAMESPACE_URL, "tenant:sandbox"))

    @property
    def workflow_id(self) -> str:
        """The id of the app's published workflow."""
        return str(uuid5(NAMESPACE_URL, f"workflow:{self.name}"))

    @property
    def is_graph(self) -> bool:
        """Whether the app runs on the workflow engine."""
        return self.kind in {"advanced-chat", "workflow"}


def parse(body: Mapping[str, Any]) -> App:
    """An app from the control API's JSON; ValueError says what is wrong with it."""
    settings = dict(body)
    pace = object_of(settings, "pace")
    settings.pop("pace", None)
    letter = settings.pop("profile", NEWEST.name)
    if not isinstance(letter, str) or letter not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}")
    kind = settings.get("kind", "chat")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}")
    settings.setdefault("form", _QUERY_FORM if kind in {"workflow", "completion"} else ())
    settings |= pace
    check_names(settings, {each.name for each in fields(App)}, ("api_key", "name"))
    for each in fields(App):
        if each.name in settings and not _FITS[each.name if each.name == "form" else each.type](settings[each.name]):
            raise ValueError(f"{each.name} is of the wrong type, or out of range")
    return App(profile=PROFILES[letter], **settings)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and abs(value) <= _LARGEST_NUMBER


def _is_form(value: Any) -> bool:
    """Whether these are /parameters' form items: a control's name over the variable that it fills."""
    if not isinstance(value, list | tuple) or not all(isinstance(row, dict) for row in value):
        return False
    variables = [variable for row in value for variable in row.values()]
    return all(isinstance(each, dict) and isinstance(each.get("variable"), str) for each in variables)


_FITS: Mapping[Any, Callable[[Any], bool]] = {
    "form": _is_form,
    str: lambda value: isinstance(value, str),
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and _is_number(value) and value >= 0,
    float: _is_number,
    Sequence[str]: lambda value: isinstance(value, list | tuple) and all(isinstance(each, str) for each in value),
    Mapping[str, Any]: lambda value: isinstance(value, dict),
}
