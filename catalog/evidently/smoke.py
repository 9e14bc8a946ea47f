"""Evidently's verb: a drift report made with its library, kept by its service, read back from there."""

import os

os.environ["DO_NOT_TRACK"] = "1"  # read when the library is imported

import pandas
from evidently import Report
from evidently.presets import DataDriftPreset
from evidently.ui.workspace import RemoteWorkspace

from stackwright_job import http

_PROJECT = "stack smoke"
_SHARE = 0.5  # of the columns: from here on the data set as a whole counts as drifted


def observe(ctx, reference_file, current_file):
    """Whether the current data drifted from the reference, in which columns, and where the report lies."""
    current, reference = (pandas.read_csv(file) for file in (current_file, reference_file))
    snapshot = Report([DataDriftPreset(drift_share=_SHARE)]).run(current, reference)
    fields = ctx.endpoints["ui"]
    service = RemoteWorkspace(fields["url"], secret=fields["secret"])
    found = service.search_project(_PROJECT)
    project = found[0] if found else service.create_project(_PROJECT)
    run = service.add_run(project.id, snapshot)
    report = f"{fields['url']}/api/projects/{project.id}/{run.id}/download?report_format=json"
    return _verdict(http.call("GET", report, timeout=60)) | {"report": report}


def _verdict(report):
    """What the report, as the service gives it back, says: each column's p-value; a small one means different."""
    columns = {}
    for metric in report["metrics"]:
        if metric["metric_name"].startswith("DriftedColumnsCount"):
            share = metric["value"]["share"]
        else:
            columns[metric["config"]["column"]] = metric["value"]
    return {"drifted": share >= _SHARE, "columns": columns}
