"""A user's own pipeline in a folder of their own, run by the command on a real stack."""

from __future__ import annotations

import json

import pytest

import livestack

pytestmark = pytest.mark.live

PIPELINE = """
import helper
from stackwright.smoke.pipeline import Pipeline, expect

PIPELINE = Pipeline("own")


@PIPELINE.step("rows kept", "database")
def keep(run):
    rows = helper.rows(run.data / "rows.csv")
    run.layer("database").write_rows(table="own", rows=rows)
    back = run.layer("database").read_rows(table="own")["rows"]
    expect(back == rows, f"{back}")
    return {"shown": f"{len(back)} rows", "rows": len(back)}


@PIPELINE.step("job with packages of its own", "database", needs=("keep",))
def job(run):
    python = run.jobs.python("six==1.17.0")
    found = run.jobs.run(run.folder / "which.py", folder=run.dir, python=python)
    return {"shown": found["six"]}
"""
HELPER = """
import csv


def rows(file):
    with open(file, newline="") as stream:
        return [{"name": row["name"], "age": int(row["age"])} for row in csv.DictReader(stream)]
"""
WHICH = 'import json, six\nprint(json.dumps({"six": six.__version__}))\n'


def test_an_own_pipeline() -> None:
    """It runs on its data, with a job whose packages the stack does not have; a mistake is told with its place."""
    with livestack.place() as place:
        live = livestack.Live(place / "own").write({"database": "duckdb"})
        for name, text in {"pipeline.py": PIPELINE, "helper.py": HELPER, "which.py": WHICH}.items():
            (live.folder / "checks").mkdir(exist_ok=True)
            (live.folder / "checks" / name).write_text(text)
        for folder, text in {"good": "name,age\nada,36\n", "bad": "name,age\nada,old\n"}.items():
            (live.folder / folder).mkdir()
            (live.folder / folder / "rows.csv").write_text(text)
        live.stack("up")
        try:
            said = live.stack("smoke", "--pipeline", "checks", "--data", "good", "--json")
            steps = json.loads(said[said.index("{") : said.rindex("}") + 1])["result"]["steps"]
            assert [(step["state"], step["detail"]) for step in steps] == [("passed", "1 rows"), ("passed", "1.17.0")]
            failed = live.stack("smoke", "--pipeline", "checks", "--data", "bad", code=1)
            assert "(checks/helper.py:7)" in failed, failed
            assert "S023" in live.stack("smoke", "--pipeline", "checks", "--data", "none", code=2)
        finally:
            live.stack("down")
