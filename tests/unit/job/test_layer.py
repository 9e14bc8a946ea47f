"""Inside a job: layers by name, spoken with the same functions as in smoke."""

from __future__ import annotations

import json

import pytest

import stackwright_job
from stackwright_job import has, layer
from stackwright_job.exchange import INLINE, pack, sha256_of, unpack
from stackwright_job.http import HttpError, call


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job of a stack with one layer."""
    folder = tmp_path / "catalog" / "some-tool"
    folder.mkdir(parents=True)
    (folder / "smoke.py").write_text(
        "from os.path import join\n"
        "def double(ctx, items): return {'results': [2 * i for i in items], 'who': ctx.endpoints['main']['name']}\n"
        "def _hidden(ctx): pass\n"
        "def left(ctx): return ctx.left\n"
    )
    description = {
        "v": 1,
        "dir": str(tmp_path / "work"),
        "layers": {
            "compute-engine": {
                "component": "compute-engine",
                "verbs": str(folder / "smoke.py"),
                "endpoints": {"main": {"name": "n"}},
                "needs": {},
                "files": {},
                "env": {},
            }
        },
    }
    file = tmp_path / "job.json"
    file.write_text(json.dumps(description))
    monkeypatch.setenv("STACK_JOB_FILE", str(file))
    layer.cache_clear()
    stackwright_job._description.cache_clear()


def test_a_layer_speaks_its_verbs(job):
    """A verb is called in this process, with the endpoints that the harness described."""
    assert layer("compute-engine").double(items=[1, 2]) == {"results": [2, 4], "who": "n"}
    assert has("compute-engine")
    assert not has("serving")


def test_each_call_has_its_own_deadline(job):
    """Time that earlier calls took does not count."""
    assert layer("compute-engine").left() > 599


def test_what_is_not_there_is_named(job):
    """An absent layer and an unknown verb are told with what there is; imports and private names are no verbs."""
    with pytest.raises(LookupError, match=r"no `serving`.*`compute-engine`"):
        layer("serving")
    for verb in ("join", "hidden", "triple"):
        with pytest.raises(AttributeError, match="`double`"):
            getattr(layer("compute-engine"), verb)


def test_outside_of_a_job_it_says_so(monkeypatch):
    """Without a stack there is a sentence, not a KeyError."""
    monkeypatch.delenv("STACK_JOB_FILE", raising=False)
    stackwright_job._description.cache_clear()
    with pytest.raises(RuntimeError, match="not a job of a stack"):
        has("storage")


def test_values_are_packed_by_size_and_checked(tmp_path):
    """Small values stay inline, large ones travel as files, and a file that changed on the way is refused."""
    values = {"small": "a" * 10, "large": "b" * INLINE, "file": {"file": "x", "sha256": "y"}}
    packed = pack(values, tmp_path)
    assert packed["small"] == values["small"]
    assert set(packed["large"]) == {"file", "sha256", "size"}
    assert packed["large"]["sha256"] == sha256_of(packed["large"]["file"])
    assert unpack(packed) == values
    (tmp_path / packed["large"]["file"]).write_text('"c"')
    with pytest.raises(ValueError, match="does not hold"):
        unpack(packed)


def test_http_needs_no_proxy_and_tells_the_status(monkeypatch):
    """A server of the stack is reached past any proxy; its refusal is an error with its status and words."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            fine = self.headers["Authorization"] == "Basic YTpi"
            self.send_response(200 if fine else 401)
            self.end_headers()
            self.wfile.write(b'{"a": 1}' if fine else b"who?")

        def log_message(self, *args):
            pass

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        assert call("GET", url, user=("a", "b")) == {"a": 1}
        with pytest.raises(HttpError, match=r"401: who\?") as caught:
            call("GET", url)
        assert caught.value.status == 401
        server.shutdown()
