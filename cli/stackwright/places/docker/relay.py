"""Both ends of a relay, with which a component in containers reaches servers on this machine's loopback.

    python relay.py inside FOLDER PORT…         takes 127.0.0.1:PORT and hands on to the socket FOLDER/PORT
    python relay.py outside FOLDER HOST PORT…   takes FOLDER/PORT and hands on to HOST:PORT

The first runs in the component's network, the second in this machine's; the folder is in the component's volume, so
nobody else can use it. Containers get this file: the standard library alone.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_PIECE = 1 << 16
_TRIES, _PAUSE = 50, 0.1


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, until its end, which is passed on."""
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()


async def _to_socket(place: Path) -> Streams:
    """The outer end, which may be starting (again)."""
    for _ in range(_TRIES):
        with suppress(OSError):
            return await asyncio.open_unix_connection(str(place))
        await asyncio.sleep(_PAUSE)
    raise OSError(f"nobody answers at {place}")


def _handing_on(dial: Callable[[], Awaitable[Streams]]) -> Callable[..., Awaitable[None]]:
    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await dial()
        except OSError:
            writer.transport.abort()  # as if nobody listened
            return
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        back.close()
        writer.close()

    return hand_on


async def inside(folder: Path, ports: list[int]) -> None:
    """The component's end."""
    for port in ports:
        await asyncio.start_server(_handing_on(partial(_to_socket, folder / str(port))), "127.0.0.1", port)
    await asyncio.Event().wait()


async def outside(folder: Path, host: str, ports: list[int]) -> None:
    """This machine's end."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for port in ports:
        place = folder / str(port)
        place.unlink(missing_ok=True)  # of an earlier start
        await asyncio.start_unix_server(_handing_on(partial(asyncio.open_connection, host, port)), str(place))
    await asyncio.Event().wait()


if __name__ == "__main__":
    end, folder, *rest = sys.argv[1:]
    if end == "inside":
        asyncio.run(inside(Path(folder), [int(port) for port in rest]))
    else:
        asyncio.run(outside(Path(folder), rest[0], [int(port) for port in rest[1:]]))
