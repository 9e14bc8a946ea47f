"""Jupyter's verb: a notebook run by a kernel of the server over its REST API and websocket, and kept there."""

import json
import urllib.parse
import uuid
from contextlib import closing
from pathlib import Path

import nbformat
import websocket

from stackwright_job import http

_OUTPUTS = ("stream", "display_data", "execute_result", "error")


def run(ctx, notebook_file):
    """Run a notebook from its first cell to its last; a cell that raises is an error."""
    notebook, name = nbformat.read(notebook_file, as_version=4), Path(notebook_file).name
    contents = f"/api/contents/{urllib.parse.quote(name)}"
    _call(ctx, "PUT", contents, {"type": "notebook", "format": "json", "content": notebook})
    asked = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    session = _call(ctx, "POST", "/api/sessions", asked)
    try:
        _run_cells(ctx, session["kernel"]["id"], [cell for cell in notebook.cells if cell.cell_type == "code"])
    finally:
        _call(ctx, "DELETE", f"/api/sessions/{session['id']}")  # and its kernel
    _call(ctx, "PUT", contents, {"type": "notebook", "format": "json", "content": notebook})
    kept, done = nbformat.from_dict(_call(ctx, "GET", contents)["content"]), ctx.dir / name
    nbformat.write(kept, done)
    printed = ["".join(output["text"] for output in cell.get("outputs", ()) if _printed(output)) for cell in kept.cells]
    return {"outputs": [text for text in printed if text], "file": str(done)}


def _run_cells(ctx, kernel, cells):
    fields = ctx.endpoints["server"]
    url = f"ws://{fields['host']}:{fields['port']}/api/kernels/{kernel}/channels"
    login = [f"Authorization: token {fields['token']}"]
    with closing(websocket.create_connection(url, header=login, timeout=ctx.left, http_no_proxy=["*"])) as socket:
        for cell in cells:
            cell.outputs, cell.execution_count = _run_cell(socket, cell.source)


def _run_cell(socket, source):
    """Its outputs and its number, when the kernel has answered and is idle again."""
    content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": True}
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "version": "5.3",
        "username": "",
        "session": "",
    }
    asked = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
    socket.send(json.dumps(asked))
    outputs, reply, idle = [], None, False
    while not (reply and idle):
        message = json.loads(socket.recv())
        if message["parent_header"].get("msg_id") != header["msg_id"]:
            continue
        if message["msg_type"] in _OUTPUTS:
            outputs.append(nbformat.v4.output_from_msg(message))
        elif message["msg_type"] == "execute_reply":
            reply = message["content"]
        elif message["msg_type"] == "status":
            idle = message["content"]["execution_state"] == "idle"
    if reply["status"] != "ok":
        raise RuntimeError(f"{reply.get('ename', reply['status'])}: {reply.get('evalue', '')}")
    return outputs, reply["execution_count"]


def _call(ctx, method, path, body=None):
    fields = ctx.endpoints["server"]
    headers = {"Authorization": f"token {fields['token']}"}
    return http.call(method, fields["url"] + path, body, headers=headers, timeout=60)


def _printed(output):
    return output["output_type"] == "stream" and output["name"] == "stdout"
