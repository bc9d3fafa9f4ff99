"""Finds what a setting names as `package.module:object`: code of the team's own, imported once."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path

from errors import Unloadable

_FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def load(path: str) -> object:
    """Return the object. Raises Unloadable: the form is wrong, there is none, or its module fails when it is imported.

    Modules are looked for where Python does: beside app.py, and on PYTHONPATH.
    """
    module_name, names = _split(path)
    with _importing(module_name):
        found = importlib.import_module(module_name)
    try:
        return attrgetter(names)(found)
    except Exception:  # mostly an AttributeError; an odd object may raise anything
        raise Unloadable("import_nothing", module=module_name, name=names) from None


def look_for(path: str) -> None:
    """Raise Unloadable when the form is wrong or there is no such module.

    The module itself is not imported; the packages around it are, for only they know where it is.
    """
    module_name, _ = _split(path)
    with _importing(module_name):
        found = importlib.util.find_spec(module_name)
    if not found:
        raise Unloadable("import_missing", module=module_name)


def _split(path: str) -> tuple[str, str]:
    if not _FORM.fullmatch(path):
        raise Unloadable("import_form")
    module_name, _, names = path.partition(":")
    return module_name, names


@contextmanager
def _importing(module_name: str) -> Iterator[None]:
    """Tell what goes wrong inside as Unloadable."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise Unloadable("import_missing", module=module_name) from None
        raise Unloadable("import_failed", module=module_name, error=f"no module {error.name}", place=place_of(error)) from None
    except (Exception, SystemExit) as error:  # whatever the team's code does
        kind = type(error).__name__
        raise Unloadable("import_failed", module=module_name, error=kind, place=place_of(error)) from None


def place_of(error: BaseException) -> str:
    """Return the file and line that raised; never the message, which may hold anything."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else Path(sys.argv[0]).name
