"""Serves the provider: inside a `stack` command over a private socket, or as a plugin that Terraform starts itself.

As a plugin it follows go-plugin's handshake: one line on stdout says where it listens, and TLS with a certificate
made for this one run where Terraform wants it (it does unless TF_DISABLE_PLUGIN_TLS is set).
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import sys
import tempfile
import threading
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from stackwright.errors import StackError
from stackwright.provider.messages import PACKAGE, message
from stackwright.provider.servicer import Resource, Servicer
from stackwright.provider.session import Session

THREADS = 64  # every change waits in a thread of its own; Terraform asks for 32 at once

# Not a secret: it tells a curious user who starts the program by hand from Terraform.
_COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")


class Server:
    """The provider on a unix socket, running once it is made; a hosted one is made known by `reattach`."""

    def __init__(
        self,
        session: Session,
        resources: dict[str, Resource],
        socket: str,
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self._session = session
        self._servicer = Servicer(session, resources)
        self.shut = threading.Event()  # Terraform has said goodbye
        pool = futures.ThreadPoolExecutor(THREADS, thread_name_prefix="provider")
        self._grpc = grpc.server(pool, options=[("grpc.max_receive_message_length", -1)])
        self._grpc.add_generic_rpc_handlers(tuple(self._services()))
        address = f"unix:{socket}"
        if credentials:
            self._grpc.add_secure_port(address, credentials)
        else:
            self._grpc.add_insecure_port(address)
        self._grpc.start()

    def stop(self, grace: float = 5.0) -> None:
        """Answer nothing new and wait for what is under way; only after Terraform has exited."""
        self._grpc.stop(grace).wait(grace + 1)

    def _services(self) -> list[Any]:
        calls = {
            name: grpc.unary_unary_rpc_method_handler(
                handler, message(f"{name}.Request").FromString, lambda answer: answer.SerializeToString()
            )
            for name, handler in self._servicer.handlers().items()
        }
        # go-plugin's own services: a polite end, and a stream of output of which there is none.
        shutdown = grpc.unary_unary_rpc_method_handler(self._shutdown)
        stdio = grpc.unary_stream_rpc_method_handler(lambda _request, _context: iter(()))
        return [
            grpc.method_handlers_generic_handler(f"{PACKAGE}.Provider", calls),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": shutdown}),
            grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": stdio}),
        ]

    def _shutdown(self, _request: bytes, _context: object) -> bytes:
        self.shut.set()
        return b""


def main() -> int:
    """The console script `terraform-provider-stackwright`, for projects that plain Terraform or OpenTofu runs."""
    if os.environ.get(_COOKIE[0]) != _COOKIE[1]:
        sys.stderr.write("This program is a Terraform provider: Terraform starts it. You want the command `stack`.\n")
        return 1
    try:
        credentials, certificate = _tls(os.environ.get("PLUGIN_CLIENT_CERT", ""))
    except StackError as error:
        first = error.diagnostics[0]
        sys.stderr.write(f"{first.code}: {first.summary}\n{first.detail}\n{first.hint}\n")
        return 1
    _serve_until_shut(credentials, certificate)
    return 0


def _serve_until_shut(credentials: grpc.ServerCredentials | None, certificate: list[str]) -> None:
    from stackwright.provider import resources

    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; Terraform tells us by StopProvider
    folder = Path(tempfile.mkdtemp(prefix="stack-", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or None))
    session = Session()
    server = Server(session, resources.table(session), str(folder / "s"), credentials)
    sys.stdout.write("|".join(["1", "6", "unix", str(folder / "s"), "grpc", *certificate]) + "\n")
    sys.stdout.flush()
    while not server.shut.wait(1.0) and os.getppid() == parent:
        pass  # a Terraform that was killed says no goodbye
    shutil.rmtree(folder, ignore_errors=True)  # first: Terraform kills a plugin that takes its time
    session.cancel.set()
    session.wait_idle(15.0)
    server.stop()


def _tls(client: str) -> tuple[grpc.ServerCredentials | None, list[str]]:
    """Credentials where Terraform wants TLS, and our certificate as the handshake's last field.

    Terraform's own certificate is not asked for: its curve, P-521, is one that gRPC's TLS library does not accept.
    Nothing is lost: the socket lies in a folder that only this user can enter.
    """
    if not client:
        return None, []
    from stackwright.provider.certificate import self_signed

    key, certificate, der = self_signed()
    return grpc.ssl_server_credentials([(key, certificate)]), [base64.b64encode(der).rstrip(b"=").decode()]


if __name__ == "__main__":
    sys.exit(main())
