"""Who plays in the demo: bots, and what the sandbox has to know of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.sandbox import Sandbox
from errors import Problem
from problems import Language
from settings import Settings


@dataclass(frozen=True)
class Cast:
    """The bots that play in the demo.

    `clients` are their client ids by what `--bot` calls them. `apps`, `templates` and `ais` (with their paths) are bodies of
    the sandbox's control API; they hold secrets. `settings` are the bots' for a sandbox at this address;
    `notes` are what is odd in them.
    """

    language: Language
    is_own: bool
    clients: Mapping[str, str]
    settings: Callable[[str], Settings]
    apps: tuple[Mapping[str, Any], ...] = field(repr=False)
    templates: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Problem, ...] = ()
    ais: tuple[tuple[str, Mapping[str, Any]], ...] = field(default=(), repr=False)

    def register(self, sandbox: Sandbox) -> None:
        """Make the sandbox know the bots' apps and card templates; the public templates it knows by itself."""
        known = {template["template_id"] for template in sandbox.call("GET", "templates")["templates"]}
        for app in self.apps:
            sandbox.call("POST", "apps", app)
        for template in self.templates:
            if template["template_id"] not in known:
                sandbox.call("POST", "templates", template)
        for path, body in self.ais:
            sandbox.call("POST", path, body)
