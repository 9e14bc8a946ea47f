"""tinydb: `init FOLDER`, `serve CONFIG`, and `grant HOST PORT` (name and secrets by environment)."""

import base64
import hmac
import json
import os
import re
import signal
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
USERS = threading.Lock()


def write(file, data):
    """Replace a JSON file in one step, so that no reader sees half of it."""
    temporary = file.with_name(f"{file.name}.{threading.get_ident()}")
    temporary.write_text(json.dumps(data), encoding="utf-8")
    temporary.replace(file)


def init(folder):
    """An empty database without users."""
    write(Path(folder) / "users.json", {})


class Server(ThreadingHTTPServer):
    """Binds without asking a name server who we are."""

    daemon_threads = True

    def server_bind(self):
        """Bind."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


class Handler(BaseHTTPRequestHandler):
    """One request: /health, /whoami, /tables/NAME, and /users/NAME for the administrator."""

    config = {}

    def do_GET(self):
        """Read."""
        if self.path == "/health":
            return self.answer(200, {"status": "ok"})
        if not (user := self.user()):
            return None
        if self.path == "/whoami":
            return self.answer(200, {"user": user, "database": user})
        table = self.table(user)
        if table is None or not table.is_file():
            return self.answer(404, {"error": f"no {self.path}"})
        return self.answer(200, {"rows": json.loads(table.read_text(encoding="utf-8"))})

    def do_PUT(self):
        """Write."""
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if not (user := self.user()):
            return None
        kind, name = [*self.path.split("/")[1:], "", ""][:2]
        if kind == "users" and user == "admin" and NAME.fullmatch(name):
            file = Path(self.config["data"]) / "users.json"
            with USERS:  # two consumers may be granted at the same time
                write(file, json.loads(file.read_text(encoding="utf-8")) | {name: sent["password"]})
            return self.answer(200, {"user": name})
        table = self.table(user)
        if table is None:
            return self.answer(404, {"error": f"no {self.path}"})
        table.parent.mkdir(parents=True, exist_ok=True)
        write(table, sent["rows"])
        return self.answer(200, {"rows": len(sent["rows"])})

    def user(self):
        """Who asks; None, answered, where name and password are not together in users.json as it is now."""
        users = json.loads((Path(self.config["data"]) / "users.json").read_text(encoding="utf-8"))
        users["admin"] = self.config["admin"]
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        name, _, password = base64.b64decode(given).decode().partition(":") if scheme == "Basic" else ("", "", "")
        if name in users and hmac.compare_digest(users[name].encode(), password.encode()):
            return name
        return self.answer(401, {"error": "wrong name or password"})

    def table(self, user):
        """The file of the table that the path names, in the user's own database."""
        kind, name = [*self.path.split("/")[1:], "", ""][:2]
        return Path(self.config["data"]) / user / f"{name}.json" if kind == "tables" and NAME.fullmatch(name) else None

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


def serve(config):
    """Serve until told to stop; `fault` makes it misbehave."""
    Handler.config = json.loads(Path(config).read_text(encoding="utf-8"))
    fault = Handler.config["fault"]
    if fault == "start":
        sys.exit("tinydb: told to fail at start")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN if fault == "stubborn" else lambda *_: sys.exit(0))
    time.sleep(3600 if fault == "hang" else Handler.config["start_delay"])
    if fault == "crash":
        threading.Timer(1.0, os._exit, [3]).start()
    server = Server((Handler.config["host"], Handler.config["port"]), Handler)
    sys.stdout.write(f"tinydb listens on port {server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.05)


def grant(host, port):
    """Give a consumer a user and a database of its own; doing it again changes nothing but the password."""
    body = json.dumps({"password": os.environ["GRANT_SECRET"]}).encode()
    admin = base64.b64encode(f"admin:{os.environ['TINYDB_ADMIN']}".encode()).decode()
    url = f"http://{host}:{port}/users/{os.environ['GRANT_NAME']}"
    request = urllib.request.Request(url, body, {"Authorization": f"Basic {admin}"}, method="PUT")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=5) as response:
        sys.stdout.write(response.read().decode() + "\n")


if __name__ == "__main__":
    {"init": init, "serve": serve, "grant": grant}[sys.argv[1]](*sys.argv[2:])
