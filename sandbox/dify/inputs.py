"""An app's form against the inputs of a request, by the rules of each version (pure)."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sandbox.dify.errors import accident, invalid_param
from sandbox.dify.profiles import Profile

_TEXTS = ("text-input", "paragraph", "select")


class CheckFile(Protocol):
    """Raises RefusalError for a reference that leads nowhere, or to a file that the form's variable does not take."""

    def __call__(self, reference: Mapping[str, Any], variable: Mapping[str, Any], *, alone: bool) -> object:
        """Look at a file that stands `alone` or in a list."""


def checked(
    form: Sequence[Mapping[str, Any]], given: Mapping[str, Any], profile: Profile, check_file: CheckFile
) -> dict[str, Any]:
    """The inputs as the app gets them: unknown ones dropped, missing optional ones filled as the version does.

    RefusalError (invalid_param) names the first bad input.
    """
    known: dict[str, Any] = {}
    for item in form:
        for control, variable in item.items():
            known[variable["variable"]] = _value(control, variable, given.get(variable["variable"]), profile, check_file)
    return known


def _value(control: str, variable: Mapping[str, Any], value: Any, profile: Profile, check_file: CheckFile) -> Any:
    missing = not value if profile.falsy_is_missing else value is None
    if missing:
        if variable.get("required"):
            raise invalid_param(f"{variable['variable']} is required in input form")
        if profile.absent_is != "default":
            return (variable.get("default") or "") if profile.absent_is == "blank" else None
        value = variable.get("default")
        if value is None:
            return None
    if control in _TEXTS:
        return _text(control, variable, value)
    if control == "number":
        return _number(variable["variable"], value, profile)
    if control == "file":
        return _file(variable, value, check_file)
    if control == "file-list":
        return _file_list(variable, value, check_file)
    return _other(control, variable["variable"], value, profile)


def _text(control: str, variable: Mapping[str, Any], value: Any) -> str:
    name = variable["variable"]
    if not isinstance(value, str):
        raise invalid_param(f"(type '{control}') {name} in input form must be a string")
    if control == "select":
        if value not in (variable.get("options") or []):
            raise invalid_param(f"{name} in input form must be one of the following: {variable.get('options')}")
    elif (limit := variable.get("max_length")) and len(value) > limit:
        raise invalid_param(f"{name} in input form must be less than {limit} characters")
    return value.replace("\0", "")


def _number(name: str, value: Any, profile: Profile) -> Any:
    """A number; from text it must look like 12 or 1.5, and blank text is nothing."""
    if isinstance(value, str):
        if not value.strip():
            return None
        try:
            return float(value) if "." in value else int(value)
        except ValueError:
            raise invalid_param(f"{name} in input form must be a valid number") from None
    if not isinstance(value, (int, float)) and profile.pydantic:
        raise accident(profile)
    return value


def _file(variable: Mapping[str, Any], value: Any, check_file: CheckFile) -> Any:
    if value == "" and not variable.get("required"):
        return None
    if not isinstance(value, dict):
        raise invalid_param(f"{variable['variable']} in input form must be a file")
    check_file(value, variable, alone=True)
    return value


def _file_list(variable: Mapping[str, Any], value: Any, check_file: CheckFile) -> Any:
    name, limit = variable["variable"], variable.get("max_length")
    if value == "" and not variable.get("required"):
        return None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid_param(f"{name} in input form must be a list of files")
    if limit and len(value) > limit:
        raise invalid_param(f"{name} in input form must be less than {limit} files")
    for one in value:
        check_file(one, variable, alone=False)
    return value


def _other(control: str, name: str, value: Any, profile: Profile) -> Any:
    """A checkbox or a JSON object; what else a form may have is not looked at."""
    if control == "json_object" and profile.pydantic and value and not isinstance(value, dict):
        raise invalid_param(f"{name} in input form must be a dict")
    if control == "checkbox" and isinstance(value, dict):
        raise invalid_param(f"Invalid input type for ['{name}']")
    return value
