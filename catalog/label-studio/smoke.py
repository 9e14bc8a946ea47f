"""Label Studio's verbs over its REST API: its client would bring two hundred megabytes for five requests."""

from xml.sax.saxutils import quoteattr

from stackwright_job import http


def create_tasks(ctx, project, items, labels):
    """A project with one choice among the labels, and a task for each item; the tasks in the items' order."""
    made = _call(ctx, "POST", "/api/projects/", {"title": project, "label_config": _config(items[0], labels)})
    tasks = [_call(ctx, "POST", "/api/tasks/", {"data": item, "project": made["id"]}) for item in items]
    return {"tasks": [str(task["id"]) for task in tasks]}


def submit_label(ctx, task, label):
    """The annotation that the page would send when somebody chooses this label."""
    choice = {"from_name": "label", "to_name": "item0", "type": "choices", "value": {"choices": [label]}}
    _call(ctx, "POST", f"/api/tasks/{task}/annotations/", {"result": [choice]})


def export(ctx, project):
    """The project's items with their newest labels."""
    found = _call(ctx, "GET", "/api/projects/?page_size=1000")["results"]
    number = max(each["id"] for each in found if each["title"] == project)
    # Without the parameter, what nobody labeled yet is left out.
    tasks = _call(ctx, "GET", f"/api/projects/{number}/export?exportType=JSON&download_all_tasks=true")
    return {"rows": [task["data"] | {"label": _label(task["annotations"])} for task in tasks]}


def _label(annotations):
    return annotations[-1]["result"][0]["value"]["choices"][0] if annotations else None


def _config(item, labels):
    """What the page shows of an item: its columns as text, and the choice."""
    shown = "".join(
        f'<Text name="item{number}" value={quoteattr("$" + column)}/>' for number, column in enumerate(item)
    )
    choices = "".join(f"<Choice value={quoteattr(label)}/>" for label in labels)
    return f'<View>{shown}<Choices name="label" toName="item0">{choices}</Choices></View>'


def _call(ctx, method, path, body=None):
    fields = ctx.endpoints["web"]
    headers = {"Authorization": f"Token {fields['token']}"}
    return http.call(method, fields["url"] + path, body, headers=headers, timeout=60)
