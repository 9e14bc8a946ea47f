"""The steps of the relay, each in its own language against a small HTTP server; and the relay where there is no S3."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stackwright.folders import shipped
from stackwright.smoke import run_smoke

from .conftest import CATALOG, secrets

STEPS = shipped() / "smoke_tests" / "polyglot" / "steps"
DATA = bytes(range(256)) + b"\n"


class Objects(BaseHTTPRequestHandler):
    """GET and PUT, as presigned addresses have them."""

    kept: dict[str, bytes] = {}

    def do_GET(self) -> None:
        data = self.kept.get(self.path)
        self.send_response(200 if data is not None else 403)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def do_PUT(self) -> None:
        self.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where the objects are; `/came?signed=a%2Fb` holds the data."""
    Objects.kept = {"/b/came?signed=a%2Fb": DATA}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Objects)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/b"
    server.shutdown()
    server.server_close()


def command(language: str, folder: Path) -> list[str]:
    """The step as its pipeline runs it, or a skip where the language is not there."""
    program = {"rust": "rustc", "r": "R"}.get(language, language)
    if not shutil.which(program):
        pytest.skip(f"no {program} on this machine")
    if language == "rust":
        subprocess.run(["rustc", "--edition", "2021", "-o", str(folder / "step"), str(STEPS / "step.rs")], check=True)
        return [str(folder / "step")]
    files = {"bash": "step.sh", "node": "step.js", "java": "Step.java"}
    if language == "r":
        return ["R", "--no-echo", "--no-restore", f"--file={STEPS / 'step.R'}", "--args"]
    return [program, str(STEPS / files[language])]


@pytest.mark.parametrize("language", ["bash", "node", "java", "rust", "r"])
def test_a_step_passes_every_byte_on(address, tmp_path, language):
    """What it was given, and a line with the sum of its bytes, is what it writes; where nothing is, it fails."""
    argv = command(language, tmp_path)
    subprocess.run([*argv, f"{address}/came?signed=a%2Fb", f"{address}/goes?signed=c"], check=True, timeout=60)
    went = Objects.kept["/b/goes?signed=c"]
    assert went.startswith(DATA)
    name, _version, total = went.removeprefix(DATA).decode().split()
    assert (name, int(total)) == (language, sum(DATA))
    refused = subprocess.run(
        [*argv, f"{address}/nothing", f"{address}/x"], check=False, timeout=60, capture_output=True
    )
    assert refused.returncode != 0
    assert "/b/x" not in Objects.kept


def test_without_s3_there_is_no_relay(stack, workspace):
    """A storage that does not speak S3 to the jobs has the relay skipped, with the reason, and passed by nobody."""
    layers = ("storage", "data-pipelines")
    report = run_smoke(stack(layers), workspace, secrets, "polyglot", lambda event: None, catalog=CATALOG)
    assert {step.state for step in report.steps} == {"skipped"}
    assert report.steps[0].detail == "the stack's storage does not speak S3 to its jobs"
    assert not report.passed
