"""`python -m sandbox`: start the embedded DingTalk and Dify, print their address, end when told to."""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading

from sandbox.server import listening

_PORT = 8090


def main() -> int:
    """Read the command line and serve; exit code 2 when the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A DingTalk and a Dify on your desk.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help=f"0 takes any free port (default: $SANDBOX_PORT or {_PORT})")
    parser.add_argument("--follow-stdin", action="store_true", help="end when standard input ends")
    arguments = parser.parse_args()
    given = arguments.port is not None
    port = arguments.port if given else int(os.environ.get("SANDBOX_PORT") or _PORT)
    try:
        asyncio.run(_serve(arguments.host, port, exactly=given, follow_stdin=arguments.follow_stdin))
    except OSError as error:
        print(f"sandbox: cannot listen on {arguments.host}:{port}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


async def _serve(host: str, port: int, *, exactly: bool, follow_stdin: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if follow_stdin:
        threading.Thread(target=_wait_for_end_of_stdin, args=(loop, stop), daemon=True).start()
    async with listening(host, port, exactly=exactly) as url:
        print(json.dumps({"url": url}), flush=True)
        await stop.wait()


def _wait_for_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Unbuffered, and in a thread of its own: stdin may be a file or a terminal, which no event loop can watch.
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    sys.exit(main())
