"""An app's form against the inputs of a request, by the rules of each version (pure)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox.dify.errors import invalid_param
from sandbox.dify.profiles import Profile

_TEXTS = ("text-input", "paragraph", "select")
CheckFile = Callable[[Mapping[str, Any]], object]


def checked(
    form: Sequence[Mapping[str, Any]], given: Mapping[str, Any], profile: Profile, check_file: CheckFile
) -> dict[str, Any]:
    """The inputs as the app gets them: unknown ones dropped, missing optional ones filled as the version does.

    `check_file` raises for a file reference that leads nowhere. RefusalError (invalid_param) names the first bad input.
    """
    known: dict[str, Any] = {}
    for item in form:
        for control, variable in item.items():
            known[variable["variable"]] = _value(control, variable, given.get(variable["variable"]), profile, check_file)
    return known


def _value(control: str, variable: Mapping[str, Any], value: Any, profile: Profile, check_file: CheckFile) -> Any:
    name = variable["variable"]
    missing = not value if profile.falsy_is_missing else value is None
    if missing:
        if variable.get("required"):
            raise invalid_param(f"{name} is required in input form")
        return _absent(variable, profile)
    if control in _TEXTS:
        _check_text(control, variable, value)
    elif control == "number" and not _is_number(value):
        raise invalid_param(f"{name} in input form must be a valid number")
    elif control == "file":
        if not isinstance(value, dict):
            raise invalid_param(f"{name} in input form must be a file")
        check_file(value)
    elif control == "file-list":
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise invalid_param(f"{name} in input form must be a list of files")
        for one in value:
            check_file(one)
    return value


def _absent(variable: Mapping[str, Any], profile: Profile) -> Any:
    default = variable.get("default")
    if profile.absent_is == "blank":
        return default or ""
    return default or None if profile.absent_is == "default" else None


def _check_text(control: str, variable: Mapping[str, Any], value: Any) -> None:
    name = variable["variable"]
    if not isinstance(value, str):
        raise invalid_param(f"(type '{control}') {name} in input form must be a string")
    if control == "select":
        if value not in (variable.get("options") or []):
            raise invalid_param(f"{name} in input form must be one of the following: {variable.get('options')}")
    elif (limit := variable.get("max_length")) and len(value) > limit:
        raise invalid_param(f"{name} in input form must be less than {limit} characters")


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float))
