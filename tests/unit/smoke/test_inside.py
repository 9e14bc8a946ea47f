"""A job that is run in a container: what of it is moved, and what stays as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackwright.model.plan import Endpoint, Inside, JobsPlan, Plan
from stackwright.smoke.jobs import Jobs
from stackwright.smoke.pipeline import NothingToCheck
from stackwright.smoke.site import Site


class NoSecrets:
    """A stack without any."""

    def fill(self, text: Any) -> str:
        return text if isinstance(text, str) else "".join(part for part in text if isinstance(part, str))

    def redact(self, message: str) -> str:
        return message


SEEN = Endpoint(interface="fake", fields={"host": "database", "port": 1})


@pytest.fixture
def jobs(stack: Callable[..., Plan], workspace: Path) -> Jobs:
    """The jobs of a fake stack whose database is at `host:20001`, and for containers at `database:1`."""
    plan = stack(("database",))
    (component,) = plan.components
    inside = Inside(
        prefix="/opt/stack/jobs",
        env={"DB_HOST": "database", "DB": "db"},
        endpoints={component.id: dict.fromkeys(component.endpoints, SEEN)},
        needs={},
    )
    told = JobsPlan(environment=plan.jobs.environment, env={"DB_HOST": "127.0.0.1", "DB": "db"}, inside=inside)
    return Jobs(Site(plan.model_copy(update={"jobs": told}), workspace, NoSecrets(), {}, (Path(__file__).parent,)))


def moved(jobs: Jobs, *words: str, **env: str) -> dict[str, Any]:
    """A script of a job, as it is run inside."""
    return jobs.inside(jobs.command(Path("/pipeline/train.py"), *words), jobs.env() | env)


def test_the_interpreter_is_the_one_inside(jobs: Jobs, workspace: Path) -> None:
    """The jobs' environment is at another place; scripts, data and folders have the same names."""
    found = moved(jobs, f"{workspace}/jobs/data.csv")
    assert found["argv"] == ["/opt/stack/jobs/bin/python", "/pipeline/train.py", f"{workspace}/jobs/data.csv"]
    assert found["env"]["PATH"].startswith("/opt/stack/jobs/bin:")
    assert found["env"]["PYTHONPATH"] == f"{workspace}/jobs/lib"


def test_the_stack_is_seen_from_inside(jobs: Jobs) -> None:
    """Variables and the file that jobs read have the addresses there; what a pipeline said itself is kept."""
    assert jobs.env()["DB_HOST"] == "127.0.0.1"
    found = moved(jobs, WORD="w")["env"]
    assert (found["DB_HOST"], found["DB"], found["WORD"]) == ("database", "db", "w")
    assert moved(jobs, DB_HOST="mine")["env"]["DB_HOST"] == "mine"
    layers = json.loads(Path(found["STACK_JOB_FILE"]).read_text())["layers"]
    assert {fields["host"] for fields in layers["database"]["endpoints"].values()} == {"database"}
    assert Path(found["STACK_JOB_FILE"]).stat().st_mode & 0o077 == 0


def test_another_environment_is_not_inside(jobs: Jobs, workspace: Path) -> None:
    """What a pipeline had installed for one job is on this machine only: its step is skipped, and says why."""
    with pytest.raises(NothingToCheck, match="no other"):
        jobs.inside([f"{workspace}/job-0123/bin/python", "x.py"], {})


def test_nothing_of_it_stays(jobs: Jobs) -> None:
    """Both files hold credentials, and go with the run."""
    moved(jobs)
    jobs.close()
    assert list(jobs.dir.glob("*.json")) == []
