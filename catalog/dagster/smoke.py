"""Dagster's verb over its GraphQL API: importing its client would cost seconds for a few requests."""

import json
import os
import time

from stackwright_job import http

_JOB = {"repositoryLocationName": "stack", "repositoryName": "__repository__", "jobName": "job"}  # job.py
_TERMINAL = ("SUCCESS", "FAILURE", "CANCELED")
_LAUNCH = """mutation ($asked: ExecutionParams!) {
  launchRun(executionParams: $asked) { __typename ... on LaunchRunSuccess { run { runId } } ... on Error { message } }
}"""
_RUN = """query ($id: ID!) { runOrError(runId: $id) { __typename ... on Error { message } ... on Run {
  runId status eventConnection { events { __typename
    ... on LogsCapturedEvent { fileKey }
    ... on ExecutionStepFailureEvent { error { message }
      failureMetadata { description metadataEntries { label ... on IntMetadataEntry { intValue } } } }
} } } } }"""
_STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_LOG = "query ($key: [String!]!) { capturedLogs(logKey: $key) { stdout } }"
_STOP = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"


def run_job(ctx, name, argv, env, cwd):
    """Run a command as a Dagster run, queued, launched by its daemon; id, exit, log and state are what it says."""
    request = _request(ctx, {"argv": argv, "env": env, "cwd": cwd})
    asked = {
        "selector": _JOB,
        "runConfigData": {"ops": {"run": {"config": {"request": str(request)}}}},
        "executionMetadata": {"tags": [{"key": "stack/job", "value": name}]},
    }
    try:
        launched = _ask(ctx, _LAUNCH, asked=asked)["launchRun"]
        if launched["__typename"] != "LaunchRunSuccess":
            raise RuntimeError(f"{launched['__typename']}: {launched.get('message', '')}")
        run = _finished(ctx, launched["run"]["runId"])
    finally:
        request.unlink()
    return _answer(ctx, run)


def _answer(ctx, run):
    exit_status, log, state = 0 if run["status"] == "SUCCESS" else None, "", run["status"]
    for event in run["eventConnection"]["events"]:
        if event["__typename"] == "LogsCapturedEvent":
            log = _ask(ctx, _LOG, key=[run["runId"], "compute_logs", event["fileKey"]])["capturedLogs"]["stdout"] or ""
        elif event["__typename"] == "ExecutionStepFailureEvent":
            told = event["failureMetadata"] or {"metadataEntries": [], "description": event["error"]["message"].strip()}
            statuses = [entry["intValue"] for entry in told["metadataEntries"] if entry["label"] == "exit"]
            exit_status = statuses[0] if statuses else None
            state = f"{run['status']}: {told['description']}"
    return {"run_id": run["runId"], "exit": exit_status, "log": log, "state": state}


def _request(ctx, request):
    """What to run, in a file for us alone: environments hold secrets, and Dagster shows a run's configuration."""
    file = ctx.dir / f"job-{os.urandom(8).hex()}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(request, stream)
    return file


def _finished(ctx, run_id):
    while ctx.left > 5:
        if _ask(ctx, _STATUS, id=run_id)["runOrError"]["status"] in _TERMINAL:
            return _ask(ctx, _RUN, id=run_id)["runOrError"]
        time.sleep(0.3)
    _ask(ctx, _STOP, id=run_id)
    raise TimeoutError(f"run {run_id} does not end; it was told to stop")


def _ask(ctx, query, **variables):
    url = f"{ctx.endpoints['api']['url']}/graphql"
    answer = http.call("POST", url, {"query": query, "variables": variables}, timeout=30)
    if answer.get("errors"):
        raise RuntimeError(json.dumps(answer["errors"])[:2000])
    return answer["data"]
