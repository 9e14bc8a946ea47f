"""An API server that answers what a test tells it: for what a real cluster does too seldom to wait for."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

CONTEXT = "told"
KUBE_SYSTEM = "/api/v1/namespaces/kube-system"


@dataclass
class Api:
    """What it answers by path, and what it was asked to do."""

    kubeconfig: Path
    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)  # a document, a text, or a status that refuses
    done: list[tuple[str, str, Any]] = field(default_factory=list)

    def lists(self, path: str, *things: dict[str, Any]) -> None:
        """Things at a path, one by one and as a list."""
        self.answers[path] = {"items": list(things), "metadata": {}}
        for thing in things:
            self.answers[f"{path}/{thing['metadata']['name']}"] = thing


@contextmanager
def api(folder: Path) -> Iterator[Api]:
    """One that runs, with a kubeconfig that names it."""
    told = Api(folder / "kubeconfig")
    told.answers[KUBE_SYSTEM] = {"metadata": {"name": "kube-system", "uid": "here"}}

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            path = urlsplit(self.path).path
            size = int(self.headers.get("Content-Length") or 0)
            if self.command != "GET":
                told.done.append((self.command, path, json.loads(self.rfile.read(size) or b"null")))
            found = told.answers.get(path, 404)
            if isinstance(found, dict) and "fieldSelector" in self.path:
                name = parse_qs(urlsplit(self.path).query)["fieldSelector"][0].partition("=")[2]
                found = {"items": [e for e in found["items"] if e["involvedObject"]["name"] == name], "metadata": {}}
            status = found if isinstance(found, int) else 200
            body = found if isinstance(found, dict | str) else {"message": f"told to say {status}", "reason": "Told"}
            self.send_response(status)
            self.end_headers()
            self.wfile.write((body if isinstance(body, str) else json.dumps(body)).encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.kubeconfig.write_text(json.dumps(config(f"http://127.0.0.1:{told.port}")))
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def config(server: str) -> dict[str, Any]:
    """A kubeconfig: a JSON document is a YAML document."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {"server": server}}],
        "users": [{"name": CONTEXT, "user": {"token": "told"}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
