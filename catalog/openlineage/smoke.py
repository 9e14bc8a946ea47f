"""OpenLineage's verbs: a run is two events, its start and its end, in the file that the client appends to."""

import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path

from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

_NAMESPACE = "stack"
_PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/main/client/python"


def record(ctx, run, inputs, outputs):
    """The run's start and end, with the data sets that it read and made."""
    events = _events_file(ctx)
    events.parent.mkdir(parents=True, exist_ok=True)
    os.environ.update(ctx.env)
    client = OpenLineageClient()
    for state in (RunState.START, RunState.COMPLETE):
        client.emit(
            RunEvent(
                eventType=state,
                eventTime=datetime.now(UTC).isoformat(),
                run=Run(runId=str(uuid.uuid5(uuid.NAMESPACE_URL, run))),  # the standard wants a UUID
                job=Job(namespace=_NAMESPACE, name=run),
                producer=_PRODUCER,
                inputs=[InputDataset(namespace=_NAMESPACE, name=name) for name in inputs],
                outputs=[OutputDataset(namespace=_NAMESPACE, name=name) for name in outputs],
            )
        )


def trace(ctx, artefact):
    """The runs behind the artefact: its maker, then the makers of what that one read, and so on."""
    ended = [event for event in map(json.loads, _events_file(ctx).open()) if event["eventType"] == "COMPLETE"]
    runs, edge = {}, [artefact]
    while edge:
        made = [event for event in ended if _names(event["outputs"]) & set(edge) and event["job"]["name"] not in runs]
        runs |= dict.fromkeys(event["job"]["name"] for event in made)
        edge = [name for event in made for name in _names(event["inputs"])]
    return {"runs": list(runs)}


def _names(data_sets):
    return {data_set["name"] for data_set in data_sets}


def _events_file(ctx):
    return Path(ctx.env["OPENLINEAGE__TRANSPORT__LOG_FILE_PATH"])
