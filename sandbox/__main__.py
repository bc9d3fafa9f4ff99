"""`python -m sandbox`: start the embedded DingTalk and Dify, print their address, end when told to."""

import argparse
import asyncio
import contextlib
import errno
import ipaddress
import json
import os
import re
import signal
import socket
import sys
import threading
from pathlib import Path

try:
    from sandbox.door import door
    from sandbox.server import running
except ModuleNotFoundError as missing:
    if str(missing.name).startswith("sandbox"):
        raise  # a piece of ours; no package brings it
    sys.exit(
        f"沙箱缺少 {missing.name}：请安装 requirements.txt / "
        f"the sandbox lacks {missing.name}: pip install -r requirements.txt of its checkout"
    )

OK, NOT_LISTENING, WRONG_USE = 0, 1, 2
_HOST, _PORT, _TLS_PORT, _LAST_PORT = "127.0.0.1", 8090, 8443, 65_535
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # where a server on every address is reached from here

_SENTENCES = {
    "port": {
        "zh": "端口 {port} 不对：应为 0 到 65535 的整数，0 表示任选一个空闲的。请修改 --port 或 SANDBOX_PORT",
        "en": "{port} is no port: give a whole number from 0 (any free one) to 65535 as --port or SANDBOX_PORT",
    },
    "taken": {
        "zh": "端口 {port} 已被别的程序占用。请换一个，例如 --port {other}；--port 0 任选一个空闲的",
        "en": "port {port} is in use by another program. Choose another, such as --port {other}; --port 0 takes any free one",
    },
    "forbidden": {
        "zh": "没有权限使用端口 {port}（小号端口通常只有管理员能用）。请换一个，例如 --port {other}",
        "en": "you may not use port {port} (low ones are the administrator's). Choose another, such as --port {other}",
    },
    "not_ours": {
        "zh": "本机没有“{host}”这个地址。--host 127.0.0.1 只有本机能访问，--host 0.0.0.0 同一网络的人都能访问",
        "en": '"{host}" is no address of this machine. --host 127.0.0.1 is for this machine alone, 0.0.0.0 for its network',
    },
    "unable": {
        "zh": "无法监听 {host} 的端口 {port}：{reason}",
        "en": "cannot listen on port {port} of {host}: {reason}",
    },
    "no_door": {
        "zh": "无法打开 --tls 的入口：{reason}",
        "en": "cannot open the door of --tls: {reason}",
    },
    "instead": {
        "zh": "端口 {wanted} 已被占用，改用 {port}",
        "en": "port {wanted} is in use, so it is {port} this time",
    },
    "open": {
        "zh": "注意：正在监听 {host}。同一网络里的任何人都能打开这个页面，以任何人的名义和机器人聊天。"
        "其他设备的网址是 http://本机的IP地址:{port}",
        "en": "careful: this listens on {host}. Anybody in the network can open the page and chat with the bots as anyone. "
        "From another device: http://<this machine's address>:{port}",
    },
}


def main() -> int:
    """Read the command line and serve; whatever stands against it is said in a sentence, in BOT_LANGUAGE."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A DingTalk and a Dify on your desk.")
    parser.add_argument("--host", default=_HOST, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", help=f"0 takes any free port (default: $SANDBOX_PORT or {_PORT}, or the next free one)")
    parser.add_argument("--follow-stdin", action="store_true", help="end when standard input ends")
    parser.add_argument("--tls", metavar="DIR", type=Path, help="also open a door for bots with fixed addresses; see README")
    parser.add_argument("--tls-port", default=_TLS_PORT, type=int, help="the door's port (default: %(default)s; 0: any)")
    arguments = parser.parse_args()
    host, exactly = arguments.host.strip() or _HOST, arguments.port is not None
    asked = arguments.port if exactly else os.environ.get("SANDBOX_PORT", "").strip() or str(_PORT)
    if not re.fullmatch(r"\d{1,5}", asked) or int(asked) > _LAST_PORT:
        _say("port", port=asked[:20])
        return WRONG_USE
    tls = (arguments.tls, arguments.tls_port) if arguments.tls else None
    return asyncio.run(_serve(host, int(asked), tls, exactly=exactly, follow_stdin=arguments.follow_stdin))


async def _serve(host: str, port: int, tls: tuple[Path, int] | None, *, exactly: bool, follow_stdin: bool) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if follow_stdin:
        threading.Thread(target=_wait_for_end_of_stdin, args=(loop, stop), daemon=True).start()
    async with contextlib.AsyncExitStack() as stack:
        try:
            runner = await stack.enter_async_context(running(host, port, exactly=exactly))
        except (OSError, UnicodeError, OverflowError) as error:  # a name that is none, a range of ports that ran out
            _say(_hindrance(error), host=host, port=port, other=_other(port), reason=getattr(error, "strerror", None) or error)
            return NOT_LISTENING
        used = int(runner.addresses[0][1])
        if used != port and port:
            _say("instead", wanted=port, port=used)
        if not _is_loopback(host):
            _say("open", host=host, port=used)
        told = {"url": _address(_LOOPBACK_OF.get(host, host), used)}
        if tls:
            folder, wanted = tls
            try:
                behind = await stack.enter_async_context(door(runner, host, wanted, folder))
            except (OSError, OverflowError) as error:  # also a port that is none
                _say("no_door", reason=getattr(error, "strerror", None) or error)
                return NOT_LISTENING
            told |= {"door": _address(_LOOPBACK_OF.get(host, host), behind), "ca": str((folder / "ca.pem").absolute())}
        print(json.dumps(told), flush=True)
        await stop.wait()
    return OK


def _wait_for_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Unbuffered, and in a thread of its own: stdin may be a file or a terminal, which no event loop can watch.
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def _hindrance(error: Exception) -> str:
    """Return the name of the sentence about an address that cannot be had."""
    match error:
        case socket.gaierror() | UnicodeError():
            return "not_ours"
        # Where no address of a name is ours, newer Pythons raise an error without a number.
        case OSError(errno=errno.EADDRNOTAVAIL | None):
            return "not_ours"
        case OSError(errno=errno.EADDRINUSE) | OverflowError():
            return "taken"
        case PermissionError():
            return "forbidden"
    return "unable"


def _say(name: str, **values: object) -> None:
    language = "en" if os.environ.get("BOT_LANGUAGE", "").strip().lower() == "en" else "zh"
    print(_SENTENCES[name][language].format(**values), file=sys.stderr, flush=True)


def _other(port: int) -> int:
    """Return a port to propose instead."""
    return port + 1 if _PORT <= port < _LAST_PORT else _PORT


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    sys.exit(main())
