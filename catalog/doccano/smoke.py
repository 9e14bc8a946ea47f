"""doccano's verbs over its REST API."""

import io
import json
import time
import urllib.request
import zipfile

from stackwright_job import http


def create_tasks(ctx, project, items, labels):
    """A project that puts items into classes, its classes, and an example for each item, in the items' order."""
    token = _token(ctx)
    made = _call(ctx, token, "POST", "/projects", _project(project))["id"]
    for label in labels:
        _call(ctx, token, "POST", f"/projects/{made}/category-types", {"text": label})
    path = f"/projects/{made}/examples"
    tasks = [_call(ctx, token, "POST", path, {"text": _text(item), "meta": {"item": item}}) for item in items]
    return {"tasks": [f"{made}/{task['id']}" for task in tasks]}


def submit_label(ctx, task, label):
    """The class that the page would send when somebody chooses it."""
    (project, example), token = task.split("/"), _token(ctx)
    classes = _call(ctx, token, "GET", f"/projects/{project}/category-types")
    chosen = next(found["id"] for found in classes if found["text"] == label)
    _call(ctx, token, "POST", f"/projects/{project}/examples/{example}/categories", {"label": chosen})


def export(ctx, project):
    """The project's items with their labels, from the archive that its worker writes."""
    token = _token(ctx)
    found = _call(ctx, token, "GET", "/projects?limit=1000")["results"]
    number = max(each["id"] for each in found if each["name"] == project)
    path = f"/projects/{number}/download"
    task = _call(ctx, token, "POST", path, {"format": "JSONL", "exportApproved": False})["task_id"]
    address = f"{ctx.endpoints['web']['url']}/v1{path}?taskId={task}"
    while (archive := _archive(address, token)) is None and ctx.left > 5:
        time.sleep(0.5)
    if archive is None:
        raise TimeoutError("the worker has not exported yet")
    lines = [json.loads(line) for name in archive.namelist() for line in archive.read(name).splitlines()]
    return {"rows": [line["item"] | {"label": next(iter(line["label"]), None)} for line in lines]}


def _project(name):
    return {
        "resourcetype": "TextClassificationProject",
        "project_type": "DocumentClassification",
        "name": name,
        "description": "made by stack smoke",
        "single_class_classification": True,
        "collaborative_annotation": True,  # one label for an item, not one for each person
    }


def _text(item):
    return "\n".join(str(value) for value in item.values())


def _archive(address, token):
    """The exported archive, once it is there."""
    request = urllib.request.Request(address, headers={"Authorization": f"Token {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        data = answer.read()
    return zipfile.ZipFile(io.BytesIO(data)) if data.startswith(b"PK") else None


def _token(ctx):
    fields = ctx.endpoints["web"]
    login = {"username": fields["username"], "password": fields["password"]}
    return http.call("POST", f"{fields['url']}/v1/auth/login/", login, timeout=30)["key"]


def _call(ctx, token, method, path, body=None):
    headers = {"Authorization": f"Token {token}"}
    return http.call(method, f"{ctx.endpoints['web']['url']}/v1{path}", body, headers=headers, timeout=60)
