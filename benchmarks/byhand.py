"""Start a stack's own commands by hand, one component after the other: what no tool of ours can be faster than."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Start:
    """One component started by hand: seconds until ready, CPU seconds spent until then, seconds to stop."""

    wall: float = 0.0
    cpu: float = 0.0
    stop: float = 0.0
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)


class ByHand:
    """The components of a plan, started and stopped with nothing but subprocess."""

    def __init__(self, plan: dict[str, Any], secrets: dict[str, str]) -> None:
        self.plan, self.secrets, self.starts = plan, secrets, dict[str, Start]()

    def text(self, value: str | list[Any]) -> str:
        """A text with its secrets."""
        if isinstance(value, str):
            return value
        return "".join(part if isinstance(part, str) else self.secrets[part["secret"]] for part in value)

    def up(self) -> None:
        """Every component in plan order, each ready before the next: so none slows another down."""
        for component in self.plan["components"]:
            if component["spec"]:
                self.starts[component["id"]] = self.start(component["spec"])
            for wire in self.plan["wires"]:
                if wire["server"] == component["id"] and wire["grant"]:
                    began = time.monotonic()
                    cpu = self.run(wire["grant"], wire["grant"]["command"], wire["grant"]["env"])
                    self.starts[f"grant:{wire['consumer']}.{wire['need']}"] = Start(time.monotonic() - began, cpu)

    def together(self) -> float:
        """Everything as soon as what it waits for is there; the wall seconds until the last one answers."""
        began, futures = time.monotonic(), dict[str, Future[None]]()
        with ThreadPoolExecutor(max_workers=64) as pool:
            for component in self.plan["components"]:
                first = [futures[name] for name in component["after"] if name in futures]
                futures[component["id"]] = pool.submit(self.after, first, component)
                for wire in self.plan["wires"]:
                    if wire["server"] == component["id"] and wire["grant"]:
                        name = f"grant:{wire['consumer']}.{wire['need']}"
                        futures[name] = pool.submit(self.after, [futures[component["id"]]], wire)
            for future in futures.values():
                future.result()
        return time.monotonic() - began

    def after(self, first: list[Future[None]], what: dict[str, Any]) -> None:
        """Start a component, or run a wire's grant, when those are there."""
        for future in first:
            future.result()
        if what.get("grant"):
            self.run(what["grant"], what["grant"]["command"], what["grant"]["env"])
        elif what.get("spec"):
            self.starts[what["id"]] = self.start(what["spec"])

    def start(self, spec: dict[str, Any]) -> Start:
        """One component: folders, files, prepare, processes, ready."""
        began, start = time.monotonic(), Start()
        folder = Path(spec["folder"])
        for name in ("data", "run", "home", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        if spec["entry"]:
            shutil.copytree(spec["entry"]["from"], spec["entry"]["to"], dirs_exist_ok=True)
        for file in spec["files"]:
            Path(file["path"]).parent.mkdir(parents=True, exist_ok=True)
            Path(file["path"]).write_text(self.text(file["content"]))
            Path(file["path"]).chmod(0o600)
        if spec["unprivileged"] and os.geteuid() == 0:
            subprocess.run(["chown", "-R", "65534:65534", folder], check=True)
        for step in spec["prepare"]:
            start.cpu += self.run(spec, step["command"], spec["env"])
        for process in spec["processes"]:
            start.processes.append(self.spawn(spec, process))
            if process["ready"]:
                self.wait(spec, process["ready"])
        if spec["ready"]:
            self.wait(spec, spec["ready"])
        start.wall = time.monotonic() - began
        start.cpu += sum(tree_cpu(p.pid) for p in start.processes)
        return start

    def environment(self, spec: dict[str, Any], *more: dict[str, Any]) -> dict[str, str]:
        """What the process sees."""
        folder, prefix = spec["folder"], spec["environment"]["prefix"]
        path = ":".join([*spec["path"], f"{prefix}/bin", "/usr/bin", "/bin"])
        base = {"PATH": path, "HOME": f"{folder}/home", "TMPDIR": f"{folder}/tmp", "LANG": "C.UTF-8"}
        return base | {k: self.text(v) for env in more for k, v in env.items()}

    def popen(self, spec: dict[str, Any], command: list[Any], env: dict[str, str]) -> subprocess.Popen[bytes]:
        """A process of the component's user, in its run folder, with its output in the log."""
        who = {"user": 65534, "group": 65534, "extra_groups": []} if spec["unprivileged"] and os.geteuid() == 0 else {}
        with (Path(spec["folder"]) / "byhand.log").open("ab") as log:
            return subprocess.Popen(
                [self.text(word) for word in command],
                env=env,
                cwd=f"{spec['folder']}/run",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **who,  # type: ignore[call-overload]
            )

    def spawn(self, spec: dict[str, Any], process: dict[str, Any]) -> subprocess.Popen[bytes]:
        """A process that stays."""
        return self.popen(spec, process["command"], self.environment(spec, spec["env"], process["env"]))

    def run(self, spec: dict[str, Any], command: list[Any], env: dict[str, Any]) -> float:
        """A command to its end; its CPU seconds."""
        process = self.popen(spec, command, self.environment(spec, env))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        if status:
            raise SystemExit(f"{command[0]} failed: {(Path(spec['folder']) / 'byhand.log').read_text()[-800:]}")
        return usage.ru_utime + usage.ru_stime

    def wait(self, spec: dict[str, Any], ready: dict[str, Any]) -> None:
        """Until the component answers."""
        deadline = time.monotonic() + ready["timeout"]
        while not self.answers(spec, ready):
            if time.monotonic() > deadline:
                raise SystemExit(f"{spec['component']} did not get ready")
            time.sleep(0.02)

    def answers(self, spec: dict[str, Any], ready: dict[str, Any]) -> bool:
        """One look."""
        if ready.get("command"):
            process = self.popen(spec, ready["command"], self.environment(spec, spec["env"]))
            return process.wait() == 0
        try:
            with urllib.request.urlopen(ready["http"], timeout=5) as answer:
                said = json.loads(answer.read()) if ready.get("json") else {}
        except (OSError, ValueError):
            return False
        return all(str(dig(said, path)) == str(want) for path, want in (ready.get("json") or {}).items())

    def down(self) -> None:
        """Stop each in reverse order, in its own way, and time it."""
        for component in reversed(self.plan["components"]):
            start = self.starts.get(component["id"])
            if start is None:
                continue
            began = time.monotonic()
            for process in reversed(start.processes):
                process.send_signal(getattr(signal, "SIG" + component["spec"]["stop"]["signal"]))
                process.wait()
            start.stop = time.monotonic() - began

    def critical_path(self) -> float:
        """Seconds of the longest chain of starts that wait for each other."""
        ends: dict[str, float] = {}
        for component in self.plan["components"]:
            ready = max((self.end(name, ends) for name in component["after"]), default=0.0)
            start = self.starts.get(component["id"])
            ends[component["id"]] = ready + (start.wall if start else 0.0)
            for wire in self.plan["wires"]:
                name = f"grant:{wire['consumer']}.{wire['need']}"
                if wire["server"] == component["id"] and name in self.starts:
                    ends[name] = ends[component["id"]] + self.starts[name].wall
        return max(ends.values())

    @staticmethod
    def end(name: str, ends: dict[str, float]) -> float:
        """When that was there; wires without a grant are there with their server."""
        return ends.get(name, 0.0)

    def cpu(self) -> float:
        """CPU seconds of all starts and grants."""
        return sum(start.cpu for start in self.starts.values())


def dig(data: Any, path: str) -> Any:
    """A field by dotted path."""
    for key in path.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return data


def tree_cpu(pid: int) -> float:
    """CPU seconds of a process, its live descendants and its ended children so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS + sum(tree_cpu(int(child)) for child in children)
