"""Faults to switch on by name, each with a sentence that says what a user of the bot should see."""

from dataclasses import asdict

from aiohttp import web

from sandbox.dingtalk.apps import App
from sandbox.dingtalk.platform import DingTalk
from sandbox.faults import Faults
from sandbox.json_api import Json, read_body
from sandbox.json_api import add_routes as add_json_routes
from sandbox.switch_table import SWITCHES, Deed, Switch

_BY_NAME = {switch.name: switch for switch in SWITCHES}


class Switchboard:
    """Which switches are on: each has put up faults of its own, and takes back just these."""

    def __init__(self, dingtalk: DingTalk, faults: Faults) -> None:
        self._dingtalk = dingtalk
        self._faults = faults
        self._put_up: dict[str, list[str]] = {}

    async def show(self, _: web.Request) -> Json:
        """Every switch with its words, and whether it is on."""
        standing = {fault.id for fault in self._faults.list()}
        return {"switches": [self._shown(switch, standing) for switch in SWITCHES]}

    async def turn(self, request: web.Request) -> Json:
        """{"on": bool}: put up what the switch orders or take it back; a momentary one is done each time it is turned on."""
        switch, on = _BY_NAME.get(request.match_info["name"]), (await read_body(request)).get("on")
        if switch is None:
            raise LookupError(f"no switch {request.match_info['name']!r}; there are {', '.join(_BY_NAME)}")
        if not isinstance(on, bool):
            raise ValueError("on must be true or false")  # noqa: TRY004  # the caller sees one kind of mistake
        self._take_back(switch.name)
        if on and switch.deed:
            for app in self._dingtalk.apps.all():
                await self._do(switch.deed, app)
        elif on:
            orders = (self._faults.put(order.point, order.match, None, order.params) for order in switch.orders)
            self._put_up[switch.name] = [fault.id for fault in orders]
        return await self.show(request)

    async def all_off(self, request: web.Request) -> Json:
        """Take back what every switch has put up; faults that were put up otherwise stay."""
        for name in [*self._put_up]:
            self._take_back(name)
        return await self.show(request)

    def _shown(self, switch: Switch, standing: set[str]) -> Json:
        return {
            "name": switch.name,
            "side": switch.side,
            "title": asdict(switch.title),
            "sentence": asdict(switch.sentence),
            "momentary": switch.deed is not None,
            "on": any(each in standing for each in self._put_up.get(switch.name, ())),
        }

    def _take_back(self, name: str) -> None:
        for fault_id in self._put_up.pop(name, ()):
            self._faults.remove(fault_id)

    async def _do(self, deed: Deed, app: App) -> None:
        stream = self._dingtalk.stream
        match deed:
            case "forget the token":
                self._dingtalk.tokens.forget(app.client_id)
            case "cut":
                stream.cut(app.client_id)
            case "announce a disconnect":
                # The platform lets a bot's connections go one by one.
                staying = [each for each in stream.connections(app.client_id) if not each.leaving]
                for connection in staying[:1]:
                    await stream.announce_disconnect(connection)


def add_routes(app: web.Application, dingtalk: DingTalk, faults: Faults) -> None:
    """GET /sandbox/switches, POST /sandbox/switches/{name} {"on": bool}, DELETE /sandbox/switches: all off."""
    board = Switchboard(dingtalk, faults)
    add_json_routes(app, "GET", {"switches": board.show})
    add_json_routes(app, "POST", {"switches/{name}": board.turn})
    add_json_routes(app, "DELETE", {"switches": board.all_off})
