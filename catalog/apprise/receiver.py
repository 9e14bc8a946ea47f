"""Takes the notifications of Apprise's `json://`, keeps each in a file, and shows them: GET /alerts."""

import base64
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

LOGIN = "Basic " + base64.b64encode(f"stack:{os.environ['STACK_PASSWORD']}".encode()).decode()


class Receiver(BaseHTTPRequestHandler):
    """The two requests there are."""

    def do_POST(self):
        """A notification: its title is the alert's name, its message the labels."""
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self._known():
            self.server.keep({"name": sent["title"], "labels": json.loads(sent["message"]), "id": sent["id"]})
            self._answer(200, {})

    def do_GET(self):
        """Everything that was received."""
        if self._known():
            self._answer(200, self.server.alerts)

    def _known(self):
        known = hmac.compare_digest(self.headers.get("Authorization") or "", LOGIN)
        if not known:
            self._answer(401, {"error": "who are you?"})
        return known

    def _answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Its log is the file of alerts."""


class Server(ThreadingHTTPServer):
    """What was received is kept across restarts."""

    def __init__(self, address, file):
        self._file, self._writing = file, Lock()
        self.alerts = list(map(json.loads, file.read_text(encoding="utf-8").splitlines())) if file.exists() else []
        super().__init__(address, Receiver)

    def keep(self, alert):
        """Remember it."""
        with self._writing, self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(alert) + "\n")
            self.alerts.append(alert)


Server((sys.argv[1], int(sys.argv[2])), Path(sys.argv[3])).serve_forever()
