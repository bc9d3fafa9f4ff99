"""Finds what a setting names as `package.module:object`: code of the team's own, imported once."""

import importlib
import re
import sys
from operator import attrgetter
from pathlib import Path

from errors import Unloadable

_FORM = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def load(path: str) -> object:
    """Return the object. Raises Unloadable: the form is wrong, there is none, or its module fails when it is imported.

    Modules are looked for where Python does: beside app.py, and on PYTHONPATH.
    """
    if not _FORM.fullmatch(path):
        raise Unloadable("import_form")
    module_name, _, names = path.partition(":")
    try:
        found: object = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise Unloadable("import_missing", module=module_name) from None
        raise Unloadable("import_failed", module=module_name, error=f"no module {error.name}", place=place_of(error)) from None
    except (Exception, SystemExit) as error:  # whatever the team's code does
        kind = type(error).__name__
        raise Unloadable("import_failed", module=module_name, error=kind, place=place_of(error)) from None
    try:
        return attrgetter(names)(found)
    except Exception:  # mostly an AttributeError; an odd object may raise anything
        raise Unloadable("import_nothing", module=module_name, name=names) from None


def place_of(error: BaseException) -> str:
    """Return the file and line that raised; never the message, which may hold anything."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else Path(sys.argv[0]).name
