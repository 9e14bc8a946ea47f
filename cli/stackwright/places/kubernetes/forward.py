"""The forwarder of a stack: this machine's 127.0.0.1, port by port, handed on to pods through the API server.

    python -m stackwright.places.kubernetes.forward WORKSPACE

Which ports says the file `forward.json` of the workspace, and a change of it is noticed; what it made of that says
`keeper/forward.json`. Each connection looks for its pod anew, so that pods and API servers may come and go.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from stackwright.errors import StackError
from stackwright.places.kubernetes import pods
from stackwright.places.kubernetes.cluster import ApiError, Cluster, SilenceError, connect, forget
from stackwright.places.kubernetes.namespace import path
from stackwright.places.kubernetes.ports import Target, told_file, wanted, wanted_file
from stackwright.places.kubernetes.websocket import Tunnel, dial
from stackwright.runtime.files import write_atomic
from stackwright.runtime.workspace import Workspace

_HOST = "127.0.0.1"
_LOOK = 0.25
_FRESH = 5.0  # seconds for which a pod is taken for the one that is ready
_PATIENCE = 5.0  # seconds for which a connection waits for a pod
_LINGER = 2.0  # seconds of silence after which a peer that has said all it wants is not answered any more
_PIECE = 1 << 16


@dataclass
class Forwarder:
    """All ports of one stack."""

    ws: Workspace
    _servers: dict[int, asyncio.Server] = field(default_factory=dict)
    _targets: dict[int, Target] = field(default_factory=dict)
    _found: dict[str, tuple[float, str]] = field(default_factory=dict)  # labels -> when, pod

    async def run(self) -> None:
        """As long as the workspace is there."""
        seen = -1
        while self.ws.whole:
            stamp = _stamp(wanted_file(self.ws))
            if stamp != seen:
                await self._heed(wanted(self.ws), stamp)
                seen = stamp
            await asyncio.sleep(_LOOK)

    async def _heed(self, ports: dict[int, Target], stamp: int) -> None:
        """Listen where it is wanted, and nowhere else."""
        for port in set(self._servers) - set(ports):
            self._servers.pop(port).close()
        self._targets, told = ports, {}
        for port in ports:
            told[port] = "" if port in self._servers else await self._listen(port)
        write_atomic(told_file(self.ws), json.dumps({"stamp": stamp, "ports": told}).encode())

    async def _listen(self, port: int) -> str:
        """Nothing, or why it cannot."""

        async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(port, reader, writer)

        try:
            self._servers[port] = await asyncio.start_server(hand_on, _HOST, port)
        except OSError as error:
            return error.strerror or str(error)
        return ""

    async def _serve(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        tunnel = await self._reach(self._targets[port])
        if tunnel is None:
            writer.transport.abort()  # as if nobody listened
            return
        sending = asyncio.create_task(_send(reader, tunnel))
        try:
            await _receive(tunnel, writer, sending)
        finally:
            sending.cancel()
            with suppress(OSError):
                await tunnel.close()
            with suppress(OSError):
                writer.close()

    async def _reach(self, target: Target) -> Tunnel | None:
        """A tunnel to the pod that is ready; None where none is for a while."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                pod = await self._pod(target)
                if pod:
                    return await dial(self._cluster(), self.ws.id, pod, target["port"])
            except (OSError, ApiError, SilenceError, StackError) as error:
                forget()
                _say(f"port {target['port']} of {target['labels']}: {error}")
            self._found.clear()  # it may have been another one meanwhile
            if time.monotonic() > until:
                return None
            await asyncio.sleep(_LOOK)

    async def _pod(self, target: Target) -> str | None:
        selector = ",".join(f"{key}={value}" for key, value in sorted(target["labels"].items()))
        when, name = self._found.get(selector, (0.0, ""))
        if time.monotonic() - when < _FRESH:
            return name
        listed = await asyncio.to_thread(self._cluster().items, path(self.ws.id, "pods"), labelSelector=selector)
        found = pods.newest(one for one in listed if pods.running(one))
        if found is None:
            return None
        self._found[selector] = time.monotonic(), found["metadata"]["name"]
        return str(found["metadata"]["name"])

    def _cluster(self) -> Cluster:
        return connect(self.ws)


async def _send(reader: asyncio.StreamReader, tunnel: Tunnel) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE):
            await tunnel.send(piece)


async def _receive(tunnel: Tunnel, writer: asyncio.StreamWriter, sending: asyncio.Task[None]) -> None:
    """Until the pod's end; or until a silence, when our own side has ended: the API has no half-closed connections."""
    with suppress(OSError):
        while True:
            receiving = asyncio.ensure_future(tunnel.receive())
            await asyncio.wait({receiving, sending}, return_when=asyncio.FIRST_COMPLETED)
            if not receiving.done():
                await asyncio.wait({receiving}, timeout=_LINGER)
            if not receiving.done():
                receiving.cancel()
                return
            if not (piece := receiving.result()):
                return
            writer.write(piece)
            await writer.drain()


def _stamp(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(Forwarder(Workspace.open(Path(sys.argv[1]))).run())
