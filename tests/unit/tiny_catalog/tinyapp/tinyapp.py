"""tinyapp: `web CONFIG` and `worker INDEX`; its tinydb is in TINYSQL_URL."""

import base64
import configparser
import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from urllib.parse import urlsplit

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def store(method, path, body=None):
    """Ask the store with our own credentials."""
    url = urlsplit(os.environ["TINYSQL_URL"])
    headers = {"Authorization": "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode()}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://{url.hostname}:{url.port}{path}", data, headers, method=method)
    with OPENER.open(request, timeout=5) as response:
        return json.loads(response.read())


def stored_models():
    """The models as the store has them, by `name/version`."""
    try:
        return {row["key"]: row for row in store("GET", "/tables/models")["rows"]}
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return {}


class Server(ThreadingHTTPServer):
    """Binds without asking a name server who we are."""

    daemon_threads = True

    def server_bind(self):
        """Bind."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class Handler(BaseHTTPRequestHandler):
    """One request: /, /health, /models/NAME/VERSION and its /predict."""

    greeting = ""

    def do_GET(self):
        """Greet, say how we are, or describe a model."""
        if self.path == "/":
            return self.answer(200, {"greeting": self.greeting})
        if self.path == "/health":
            try:
                return self.answer(200, {"status": "ok", "database": store("GET", "/whoami")["database"]})
            except OSError as error:
                return self.answer(503, {"status": "no store", "error": str(error)})
        model = stored_models().get(self.key())
        return self.answer(200, model) if model else self.answer(404, {"error": f"no {self.path}"})

    def do_PUT(self):
        """Keep a model."""
        model = self.sent() | {"key": self.key()}
        store("PUT", "/tables/models", {"rows": list((stored_models() | {self.key(): model}).values())})
        self.answer(200, model)

    def do_POST(self):
        """Predict."""
        model = stored_models().get(self.key())
        if model is None or not self.path.endswith("/predict"):
            return self.answer(404, {"error": f"no {self.path}"})
        rows = self.sent()["rows"]
        sums = [sum(w * x for w, x in zip(model["weights"], row, strict=True)) + model["bias"] for row in rows]
        return self.answer(200, {"predictions": sums, "version": model["key"].split("/")[1]})

    def do_DELETE(self):
        """Forget a model."""
        rows = [row for key, row in stored_models().items() if key != self.key()]
        store("PUT", "/tables/models", {"rows": rows})
        self.answer(200, {})

    def key(self):
        """`name/version` of the path."""
        return "/".join(self.path.split("/")[2:4])

    def sent(self):
        """The request's JSON."""
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, *_):
        """Say nothing of every request."""

    def answer(self, status, data):
        """Send JSON."""
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def web(config):
    """Serve until told to stop."""
    read = configparser.ConfigParser(interpolation=None)
    read.read(config, encoding="utf-8")
    Handler.greeting = read["server"]["greeting"]
    server = Server((read["server"]["host"], int(read["server"]["port"])), Handler)
    server.serve_forever(poll_interval=0.05)


def worker(index):
    """Report to the store, every second, that we are alive."""
    while True:
        store("PUT", f"/tables/worker-{index}", {"rows": [{"pid": os.getpid(), "at": time.time()}]})
        time.sleep(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    {"web": web, "worker": worker}[sys.argv[1]](*sys.argv[2:])
