"""What a job of the stack gets: its interpreter, its environment, and the layers it may speak to."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

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

    def env(self) -> dict[str, str]:
        """The whole environment of a job; credentials beyond the standard variables are in a file for us alone."""
        site = self._site
        ours = site.process_env(site.plan.jobs.environment, self.dir)
        wired = {name: site.text(value) for name, value in site.plan.jobs.env.items()}
        if not self._file.exists():
            with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump({"v": 1, "dir": str(self.dir), "layers": self._layers()}, file)
        return wired | ours | {"STACK_JOB_FILE": str(self._file)}

    def _layers(self) -> dict[str, Any]:
        """Every layer whose verbs the jobs' environment can speak, filled by its first component."""
        site, layers = self._site, {}
        for component in reversed(site.plan.components):
            if site.environment_of(component) != site.plan.jobs.environment:
                continue
            for layer in component.layers:
                layers[layer] = {
                    "component": component.id,
                    "folder": str(site.folder(component)),
                    "endpoints": {name: site.fields(endpoint) for name, endpoint in component.endpoints.items()},
                    "needs": {need: site.fields(found[0]) for need, found in component.needs.items() if found},
                    "files": site.files(component),
                    "env": {},
                }
        return layers

    def close(self) -> None:
        """Remove the file with the credentials."""
        self._file.unlink(missing_ok=True)
