"""Takes alerts as an Alertmanager does, keeps each once in a file, and shows them: GET /alerts."""

import base64
import hmac
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOGIN = "Basic " + base64.b64encode(f"stack:{os.environ['STACK_PASSWORD']}".encode()).decode()


class Receiver(BaseHTTPRequestHandler):
    """The two requests there are."""

    def do_POST(self):
        """Alerts that fire are repeated until they are resolved."""
        alerts = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"[]")
        if self._known() and self.path.startswith("/api/v2/alerts"):
            self.server.keep(alerts)
            self._answer(200, {})

    def do_GET(self):
        """Everything that was received."""
        if self._known():
            self._answer(200, list(self.server.alerts.values()))

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
        self._file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.alerts = {self._key(alert): alert for alert in map(json.loads, lines)}
        super().__init__(address, Receiver)

    def keep(self, alerts):
        """Remember those that are new."""
        with self._file.open("a", encoding="utf-8") as file:
            for alert in alerts:
                if self.alerts.setdefault(self._key(alert), alert) is alert:
                    file.write(json.dumps(alert) + "\n")

    @staticmethod
    def _key(alert):
        return json.dumps([alert["labels"], alert.get("startsAt")], sort_keys=True)


Server((sys.argv[1], int(sys.argv[2])), Path(sys.argv[3])).serve_forever()
