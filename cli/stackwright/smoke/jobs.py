"""What a job of the stack gets: its interpreter, its environment, and the layers it may speak to."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from stackwright.model.plan import Component, Inside
from stackwright.smoke.pipeline import NothingToCheck, expect, job_result
from stackwright.smoke.site import Site


class Jobs:
    """The jobs of one smoke run; `close` removes what they were told."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.dir = site.workspace / "jobs" / "smoke" / "_job"
        self._file = self.dir / "stack-job.json"

    def command(self, script: Path, *words: str) -> list[str]:
        """A script of the pipeline, run by the jobs' interpreter."""
        return [str(self._site.prefix(self._site.plan.jobs.environment) / "bin" / "python"), str(script), *words]

    def python(self, *packages: str, range: str = ">=3.11,<3.14") -> Path:
        """An interpreter with exactly these packages, for a job that cannot share the jobs' environment."""
        if self._site.install is None:
            raise NothingToCheck("nothing can be installed here")
        return self._site.install(packages, range) / "bin" / "python"

    def run(self, script: Path, *words: str, folder: Path, python: Path | None = None) -> dict[str, Any]:
        """What a script says on its last line, run by ourselves: for steps that no orchestrator has a part in."""
        argv = self.command(script, *words)
        if python:
            argv[0] = str(python)
        done = subprocess.run(
            argv, cwd=folder, env=self.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        expect(done.returncode == 0, f"{script.name} ended with {done.returncode}: {done.stderr[-1500:]}")
        return job_result(done.stdout)

    def env(self) -> dict[str, str]:
        """The whole environment of a job; credentials beyond the standard variables are in a file for us alone."""
        site = self._site
        ours = site.process_env(site.plan.jobs.environment, self.dir)
        wired = {name: site.text(value) for name, value in site.plan.jobs.env.items()}
        self._tell(self._file, None)
        return wired | ours | {"STACK_JOB_FILE": str(self._file)}

    def inside(self, argv: list[str], env: dict[str, str]) -> dict[str, Any]:
        """A job as it is run in a container: by the environment there, with what reaches the stack from there.

        Everything else has the same name there as on this machine.
        """
        site, there = self._site, self._site.plan.jobs.inside
        assert there is not None  # the resolver saw who runs jobs there
        here = site.prefix(site.plan.jobs.environment)
        if Path(argv[0]).is_relative_to(here.parent) and not Path(argv[0]).is_relative_to(here):
            raise NothingToCheck("the job is run in a container, which has the jobs' environment and no other")
        moved = partial(re.sub, rf"(^|:){re.escape(str(here))}(?=/)", rf"\g<1>{there.prefix}")
        wired = {name: site.text(value) for name, value in site.plan.jobs.env.items()}
        own = {name: str(value) for name, value in env.items() if wired.get(name) != value}
        seen = {name: site.text(value) for name, value in there.env.items()}
        if "STACK_JOB_FILE" in own:
            file = self._file.with_name("stack-job-inside.json")
            self._tell(file, there)
            own["STACK_JOB_FILE"] = str(file)
        return {"argv": [moved(word) for word in argv], "env": {n: moved(value) for n, value in (seen | own).items()}}

    def _tell(self, file: Path, there: Inside | None) -> None:
        if not file.exists():
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
                json.dump({"v": 1, "dir": str(self.dir), "layers": self._layers(there)}, stream)

    def speaks_to(self, component: Component) -> bool:
        """Whether it is the one that a job gets for its layer."""
        return component.id in {layer["component"] for layer in self._layers().values()}

    def _layers(self, there: Inside | None = None) -> dict[str, Any]:
        """Every layer whose verbs the jobs' environment can speak, filled by its first component, as seen there."""
        site, layers = self._site, {}
        for component in reversed(site.plan.components):
            if site.environment_of(component) != site.plan.jobs.environment:
                continue
            for layer in component.layers:
                told = {"component": component.id, "verbs": str(site.verbs(component)), "env": {}}
                layers[layer] = told | site.described(component, there)
        return layers

    def close(self) -> None:
        """Remove the files with the credentials."""
        for file in self.dir.glob(f"{self._file.stem}*"):
            file.unlink()
