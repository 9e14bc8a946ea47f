"""The flow that Metaflow runs for the stack: one command, in the environment its caller wrote down.

Metaflow stores a run's parameters, so what to run is in a JSON file, mode 0600, that `request` names:
{"argv": [...], "env": {...}, "cwd": "..."}. The answers are in Metaflow: the output is the log of the step `start`,
the exit status its artifact `exit`.
"""

import json
import subprocess
from pathlib import Path

from metaflow import FlowSpec, Parameter, current, step


class Job(FlowSpec):
    """A command run to its end; a failed command fails the run, after its exit status was recorded."""

    request = Parameter("request", type=str, required=True)

    @step
    def start(self):
        """Metaflow's own name of the run goes with the job: what it logs can be traced back to here."""
        job = json.loads(Path(self.request).read_text(encoding="utf-8"))
        env = {**job["env"], "STACK_RUN_ID": f"{current.flow_name}/{current.run_id}"}
        # Its standard output is this task's, which Metaflow records.
        streams = {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
        self.exit = subprocess.run(job["argv"], env=env, cwd=job["cwd"], check=False, **streams).returncode
        self.next(self.end)

    @step
    def end(self):
        """A task that fails records nothing, therefore it is not the one that ran the command."""
        if self.exit:
            raise RuntimeError(f"the command exited with {self.exit}")


if __name__ == "__main__":
    Job()
