"""The task that the assistant runs for the stack: one command, in the environment its caller wrote down.

The scheduler shows a task's parameters to everybody, so what to run is in a JSON file, mode 0600, that
`request` names: {"argv": [...], "env": {...}, "cwd": "..."}. The answers are in the scheduler: the output is the
task's status message, the exit status of a failed command its error.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import luigi

_LOG = 256 * 1024  # bytes of output that the scheduler is given: the last ones


class Job(luigi.Task):
    """A command run to its end; a failed command fails the task."""

    name = luigi.Parameter()
    request = luigi.Parameter()

    def run(self):
        """Luigi's own id of the task goes with the job: what it logs can be traced back to here."""
        job = json.loads(Path(self.request).read_text(encoding="utf-8"))
        env = {**job["env"], "STACK_RUN_ID": self.task_id}
        with tempfile.TemporaryFile() as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            done = subprocess.run(job["argv"], env=env, cwd=job["cwd"], **streams)
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG))
            self.set_status_message(log.read().decode(errors="replace"))
        if done.returncode:
            raise CommandError(done.returncode)

    def complete(self):
        """Every request is run, whatever ran before."""
        return False

    def on_failure(self, exception):
        """What the scheduler keeps as the task's error."""
        return str(exception) if isinstance(exception, CommandError) else super().on_failure(exception)


class CommandError(Exception):
    """The command's exit status is not 0."""

    def __str__(self):
        return f"exit {self.args[0]}"
