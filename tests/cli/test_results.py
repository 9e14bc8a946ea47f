"""What people see of every result, in 80 columns and in 60, and what programs get."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stackwright.errors import Diagnostic, Where
from stackwright.model.catalog import Credential, Hosted, Install, Need, Recipe, Setting, Status, Tool
from stackwright.model.plan import Component, Endpoint, JobsPlan, Note, Plan, Wire
from stackwright.model.report import (
    CatalogList,
    CatalogTool,
    Change,
    ComponentStatus,
    DoctorCheck,
    DownResult,
    Leftover,
    ProcessStatus,
    ProveResult,
    Rendered,
    SmokeReport,
    StackEntry,
    StackStatus,
    Step,
    Trusted,
    UpResult,
    Verdict,
    WebPage,
    WireCheck,
)
from stackwright.operations.plan import Planned

WORKSPACE = "/home/ann/churn/.stack/churn"


def process(name: str = "main", state: Any = "up", since: float = 754.0, restarts: int = 0, reason: str = "") -> Any:
    return ProcessStatus(name, state, 4711 if state == "up" else None, since, restarts, reason)


def healthy() -> StackStatus:
    return StackStatus(
        "churn",
        "churn-3fa1bc",
        WORKSPACE,
        (
            ComponentStatus("database", "sequel", "16.9", ("database",), "up", "127.0.0.1:20001", (process(),)),
            ComponentStatus(
                "experiment-tracking",
                "trackery",
                "3.17.2",
                ("experiment-tracking", "model-registry"),
                "up",
                "http://127.0.0.1:20002",
                (process("server"), process("worker", since=42.0)),
            ),
            ComponentStatus("data-versioning", "versio", "3.61.0", ("data-versioning",), "ready", "", ()),
        ),
    )


def broken() -> StackStatus:
    dead = process(
        state="failed",
        since=3.0,
        restarts=5,
        reason="exited with status 1 five times within a minute; its last lines:\n"
        "Traceback (most recent call last):\nOSError: \x1b[31m[Errno 98]\x1b[0m Address already in use",
    )
    again = process("worker", "restarting", 1.2, 2, "killed by signal 9")
    served = ComponentStatus("serving", "servo", "1.0", ("serving",), "failed", "http://127.0.0.1:20003", (dead,))
    orchestrated = ComponentStatus(
        "orchestration", "conductor", "3.8.8", ("data-pipelines",), "restarting", "", (process("server"), again)
    )
    return StackStatus("churn", "churn-3fa1bc", WORKSPACE, (*healthy().components, orchestrated, served))


def risen() -> UpResult:
    changes = (Change("database", "process", "add"), Change("serving", "process", "none"))
    return UpResult("churn", "churn-3fa1bc", WORKSPACE, 31.94, changes, healthy())


def report(*, passed: bool = True) -> SmokeReport:
    wires = (
        WireCheck("experiment-tracking.backend_store", "database", "sql", True),
        WireCheck(
            "jobs.storage", "storage", "s3", passed, "" if passed else "403 Forbidden: the bucket is not the job's"
        ),
    )
    steps = (
        Step("version the data", "data-versioning", "data-versioning", "passed", 2.31, evidence={"version": "a" * 40}),
        Step("validate the data", "data-quality", "", "skipped", 0.0, "no tool of the stack does data-quality"),
        Step(
            "train",
            "data-pipelines",
            "orchestration",
            "passed" if passed else "failed",
            18.7,
            "" if passed else "the run in tracking does not carry the orchestrator's run id `7f31`",
            {"run_id": "7f31", "worker_ids": ["w-1", "w-2"], "rows": 569, "sha256": "b" * 64},
        ),
    )
    return SmokeReport("churn", "churn-3fa1bc", "lifecycle", 24.6, wires, steps)


def gone(*, clean: bool = True) -> DownResult:
    swept = (Leftover("process", "pid 4242", "worker of orchestration, started by none of ours"),)
    left = (Leftover("mount", f"{WORKSPACE}/mnt", "busy", f"umount {WORKSPACE}/mnt"),)
    looked = {"processes": 1121, "sockets": 48, "shared memory": 3, "mounts": 31, "folders": 4}
    destroyed = ("experiment-tracking", "database")
    return DownResult("churn", "churn-3fa1bc", 3.4, destroyed, () if clean else swept, () if clean else left, looked)


def tool(id: str, about: str, layers: dict[str, Any], **more: Any) -> Tool:
    ordinary = {"home": f"https://{id}.example", "license": "Apache-2.0", "kind": "service"}
    return Tool(id=id, about=about, layers=layers, **{**ordinary, **more})


def trackery() -> CatalogTool:
    made = tool(
        "trackery",
        "Experiment tracking and model registry server.",
        {"experiment-tracking": "full", "model-registry": "partial"},
        version="3.17.2",
        provides={"tracking": "tracking-api"},
        needs={"backend_store": Need(interface=("sql",), optional=True, about="Runs; a file when absent.")},
        settings={"workers": Setting(type="integer", default=1, minimum=1, maximum=64, about="Server processes.")},
    )
    return CatalogTool(made, {"process": Verdict("proven", "2026-11-24")})


def proven() -> ProveResult:
    steps = [
        {"pipeline": "layers", "layer": "experiment-tracking", "step": "run logged", "state": "passed", "seconds": 1.2},
        {"pipeline": "layers", "layer": "model-registry", "step": "version fetched", "state": "skipped"},
    ]
    proof = {"version": "3.17.2", "steps": steps}
    proof |= {"ready_seconds": 4.1, "cpu_seconds": 2.6, "memory_mb": 181, "install_mb": 402}
    return ProveResult("trackery", "process", True, 31.2, proof)


def unproven() -> ProveResult:
    reason = Diagnostic("S031", "step of the proof failed", "`run logged` of `layers`, by `x`: it is gone.", hint="x")
    return ProveResult("servo", "process", False, 12.9, reasons=(reason,))


def cloudy() -> CatalogTool:
    status = Status(
        state="acquired",
        as_of="2025-08",
        note="by Stratus, 2025-08; closed to new customers",
        source="stratus.example, press of 2025-08-01",
    )
    sources = ("contract (existing customers only)", "pypi:cloudy", "docker:cloudy/agent (unverified)")
    return CatalogTool(
        tool(
            "cloudy",
            "Tracked experiments as a service.",
            {"experiment-tracking": "full", "monitoring": "partial"},
            license="proprietary",
            kind="vendor",
            status=status,
            successor=("trackery", "Stratus Insights"),
            get=sources,
        ),
        {},
    )


def foggy() -> CatalogTool:
    status = Status(state="shut-down", as_of="2026-11", note="presumed", source="nothing found", unverified=True)
    return CatalogTool(tool("foggy", "Watched something.", {}, kind="vendor", status=status), {})


def also_trackery() -> CatalogTool:
    status = Status(state="active", as_of="2026-11", source="its page")
    layers = {"experiment-tracking": "partial"}
    return CatalogTool(tool("track-server", "Experiment tracking.", layers, same_as="trackery", status=status), {})


LAYERS = ("experiment-tracking", "model-registry", "monitoring")
HOSTED = cloudy()._replace(targets={"hosted": Verdict("never run")})
SERVICE = Hosted(
    credentials={
        "CLOUDY_API_KEY": Credential(about="A key of your account."),
        "CLOUDY_URL": Credential(about="The server.", secret=False, default="https://api.cloudy.example"),
        "CLOUDY_TEAM": Credential(about="The team that runs belong to.", secret=False, optional=True),
    },
    client="cloudy==1.2.3",
    source="cloudy 1.2.3",
    keys="https://cloudy.example/keys",
)
LISTED = CatalogList(LAYERS, (HOSTED, trackery()), 3)
LISTED_ALL = CatalogList(LAYERS, (cloudy(), also_trackery(), trackery()), 3)
LISTED_LAYER = CatalogList(LAYERS[:1], LISTED_ALL.tools, 3)


def planned() -> Plan:
    database = Component(
        id="database",
        tool="sequel",
        version="16.9",
        target="process",
        kind="service",
        layers=("database",),
        because="the layer `database` names it",
        where=Where("/home/ann/churn/stack.yaml", 7, 3),
        environment="sequel-0123456789abcdef",
        ports={"sql": 20001},
        endpoints={"sql": Endpoint(interface="sql", fields={"host": "127.0.0.1", "port": 20001})},
    )
    tracking = Component(
        id="experiment-tracking",
        tool="trackery",
        version="3.17.2",
        target="process",
        kind="service",
        layers=("experiment-tracking", "model-registry"),
        because="the layer `experiment-tracking` names it",
        where=Where("/home/ann/churn/stack.yaml", 5, 3),
        environment="trackery-0123456789abcdef",
        endpoints={"tracking": Endpoint(interface="tracking-api", fields={"url": "http://127.0.0.1:20002"})},
    )
    wire = {"consumer": "experiment-tracking", "need": "backend_store", "server": "database", "endpoint": "sql"}
    return Plan(
        name="churn",
        id="churn-3fa1bc",
        blueprint="mlops",
        workspace=WORKSPACE,
        components=(database, tracking),
        wires=(
            Wire(**wire, interface="sql", origin="stack", grant={"v": 1}),
            Wire(consumer="jobs", need="tracking", server="experiment-tracking", endpoint="tracking",
                 interface="tracking-api", origin="stack"),
        ),
        environments=(),
        secrets=(),
        jobs=JobsPlan(environment="jobs-0123456789abcdef", env={}),
        uncovered=("labeling", "feature-store"),
        notes=(Note(component="experiment-tracking", text="`artifact_store` stays empty: nothing offers `s3`."),),
    )  # fmt: skip


CHANGES = (
    Change("trackery-0123456789abcdef", "environment", "add"),
    Change("database", "process", "change", "settings.memory"),
    Change("experiment-tracking", "process", "replace", "it died"),
    Change("serving", "process", "destroy"),
    Change("database", "grant", "none"),
)
OUTPUTS = {
    "database.sql": {"host": "127.0.0.1", "port": 20001, "password": "***"},
    "experiment-tracking.tracking": {"url": "http://127.0.0.1:20002"},
}
ENTRIES = (
    StackEntry("churn", "churn-3fa1bc", WORKSPACE, "/home/ann/churn/stack.yaml", "2026-11-24T06:01:02+00:00", "up"),
    StackEntry("lost", "lost-0a0b0c", "/srv/lost/.stack/lost", "", "2026-11-23T22:40:00+00:00", "partly up"),
)
CHECKS = (
    DoctorCheck("Python", "fine", "3.11.7"),
    DoctorCheck("Terraform", "warning", "none on PATH; the embedded one is used", "nothing to do"),
    DoctorCheck("git", "missing", "data-versioning needs it", "install it with\n    apt install git"),
)
PLANNED = (planned(), CHANGES)
RENDERED = Rendered("churn", "/home/ann/churn/infra", ("README.md", "main.tf"))
RECIPE = Recipe(install=Install(packages=("trackery=={{ version }}", "sql-client==3.3.2")))

# name of the snapshot: command line, operation, its result, exit code
CASES: dict[str, tuple[tuple[str, ...], str, Any, int]] = {
    "plan": (("plan",), "plan.plan", Planned(*PLANNED, None), 0),
    "plan-nothing": (("plan",), "plan.plan", Planned(planned(), (), None), 0),
    "validate": (("validate",), "plan.validate", planned(), 0),
    "status": (("status",), "status.status", healthy(), 0),
    "status-broken": (("status",), "status.status", broken(), 1),
    "up": (("up",), "up.up", risen(), 0),
    "smoke": (("smoke",), "smoke.smoke", report(), 0),
    "smoke-failed": (("smoke",), "smoke.smoke", report(passed=False), 1),
    "down": (("down",), "down.down", gone(), 0),
    "down-left": (("down",), "down.down", gone(clean=False), 4),
    "down-nothing": (("down",), "down.down", DownResult("churn", "", 0.0, (), (), (), {}), 0),
    "render": (("render", "--out", "infra"), "render.render", RENDERED, 0),
    "list": (("list",), "status.stacks", ENTRIES, 0),
    "list-none": (("list",), "status.stacks", (), 0),
    "outputs": (("outputs",), "status.outputs", OUTPUTS, 0),
    "doctor": (("doctor",), "doctor.doctor", CHECKS, 1),
    "catalog-list": (("catalog", "list"), "catalog.tools", LISTED, 0),
    "catalog-list-all": (("catalog", "list", "--all"), "catalog.tools", LISTED_ALL, 0),
    "catalog-list-layer": (("catalog", "list", "--layer", LAYERS[0]), "catalog.tools", LISTED_LAYER, 0),
    "catalog-list-none": (("catalog", "list", "--layer", "audit"), "catalog.tools", CatalogList(("audit",), (), 3), 0),
    "catalog-show": (("catalog", "show", "trackery"), "catalog.show", (trackery(), RECIPE, None), 0),
    "catalog-show-gone": (("catalog", "show", "cloudy"), "catalog.show", (cloudy(), None, None), 0),
    "catalog-show-unknown": (("catalog", "show", "foggy"), "catalog.show", (foggy(), None, None), 0),
    "catalog-show-elsewhere": (("catalog", "show", "track-server"), "catalog.show", (also_trackery(), None, None), 0),
    "catalog-show-hosted": (("catalog", "show", "cloudy"), "catalog.show", (HOSTED, None, SERVICE), 0),
    "catalog-check": (("catalog", "check"), "catalog.check", [], 0),
    "catalog-new": (
        ("catalog", "new", "servo", "--layer", "serving", "--catalog", "mine"),
        "catalog.new",
        Path("/home/ann/mine/servo"),
        0,
    ),
    "catalog-prove": (("catalog", "prove", "trackery"), "catalog.prove", [proven()], 0),
    "catalog-prove-many": (("catalog", "prove", "--all"), "catalog.prove", [proven(), proven()], 0),
    "catalog-prove-none": (("catalog", "prove", "--changed"), "catalog.prove", [], 0),
    "catalog-trust": (
        ("catalog", "trust"),
        "catalog.trust",
        [Trusted("/home/ann/mine", "", "2026-11-24"), Trusted(f"git+https://x.example/y@{'0' * 40}", "ab" * 32, "")],
        0,
    ),
    "catalog-trust-none": (("catalog", "trust"), "catalog.trust", [], 0),
    "catalog-lock": (("catalog", "lock", "trackery"), "catalog.lock", {}, 0),
    "demo": (("demo",), "demo.demo", (risen(), report(), gone()), 0),
    "demo-kept": (("demo", "--keep"), "demo.demo", (risen(), report(), None), 0),
}
QUIET = ("up", "smoke", "down", "demo", "validate")


@pytest.fixture
def result_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Makes an operation answer with a result, and the stack `churn` the one that is meant."""

    def answer(operation: str, result: Any) -> None:
        def operate(*args: Any, **named: Any) -> Any:
            if operation == "demo.demo":
                for stage, part in zip(("up", "smoke", "down"), result, strict=True):
                    if part is not None:
                        args[3](stage, part)
            return result

        target = SimpleNamespace(manifest=Path("stack.yaml"), workspace=None, name="churn")
        page = WebPage("tracking", "trackery", ("experiment-tracking",), "http://127.0.0.1:20002", "ann", True)
        monkeypatch.setattr("stackwright.operations.demo.pages", lambda target: (page,))
        written = SimpleNamespace(write_text=lambda *_, **__: None, as_uri=lambda: f"file://{WORKSPACE}/index.html")
        monkeypatch.setattr("stackwright.operations.demo.place", lambda target: written)
        monkeypatch.setattr("stackwright.operations.find.find", lambda file, name: target)
        monkeypatch.setattr(f"stackwright.operations.{operation}", operate)

    return answer


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("name", CASES)
def test_people_read(name: str, width: int, stack: Any, snapshot: Any, result_of: Any) -> None:
    """A person sees the whole result, and no line is wider than the terminal."""
    words, operation, result, code = CASES[name]
    result_of(operation, result)
    answer = stack(*words, width=width)
    assert answer.code == code
    assert max(map(len, (answer.out + answer.err).splitlines())) <= width
    assert answer.err == ""
    snapshot(f"{name}-{width}", answer.out)


@pytest.mark.parametrize("name", CASES)
def test_pipes_read(name: str, stack: Any, result_of: Any) -> None:
    """In a pipe nothing has colours or blanks at its end, and escape sequences of others do not get through."""
    words, operation, result, _ = CASES[name]
    result_of(operation, result)
    out = stack(*words).out
    assert "\x1b" not in out
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


KEYS = {
    "plan": {"plan", "changes", "cluster"},
    "validate": {name for name, info in Plan.model_fields.items() if not info.exclude},
    "status": {"name", "id", "workspace", "components"},
    "up": {"name", "id", "workspace", "seconds", "changes", "status", "warnings"},
    "smoke": {"name", "id", "pipeline", "seconds", "wires", "steps", "cpu"},
    "down": {"name", "id", "seconds", "destroyed", "swept", "left", "looked_at", "kept_data", "cluster"},
    "list": {"stacks"},
    "outputs": set(OUTPUTS),
    "render": {"name", "folder", "files"},
    "doctor": {"checks"},
    "catalog list": {"tools"},
    "catalog show": {"tool", "targets", "recipe", "hosted"},
    "catalog check": {"checked"},
    "catalog lock": {"locked"},
    "catalog new": {"tool", "folder"},
    "catalog prove": {"proven"},
    "catalog trust": {"trusted"},
    "demo": {"up", "smoke", "down"},
}


@pytest.mark.parametrize("name", CASES)
def test_programs_read(name: str, stack: Any, result_of: Any) -> None:
    """With --json stdout is one envelope whose keys stay, and ok says what the exit code says."""
    words, operation, result, code = CASES[name]
    result_of(operation, result)
    answer = stack(*words, "--json")
    envelope = json.loads(answer.out)
    assert list(envelope) == ["v", "command", "ok", "result", "diagnostics"]
    assert (envelope["v"], envelope["ok"], answer.code) == (1, code == 0, code)
    assert set(envelope["result"]) == KEYS[envelope["command"]]
    assert envelope["command"] == " ".join(words[: 2 if words[0] == "catalog" else 1])


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name][0][0] in QUIET])
def test_quiet_says_nothing(name: str, stack: Any, result_of: Any) -> None:
    """With --quiet only the exit code tells, except of what is left."""
    words, operation, result, code = CASES[name]
    result_of(operation, result)
    answer = stack(*words, "--quiet")
    assert answer.code == code
    assert (answer.out + answer.err == "") is (name != "down-left")


def test_up_warns(stack: Any, result_of: Any) -> None:
    """What `up` has to warn of comes after the result on stderr, and among the diagnostics of the envelope."""
    warning = Diagnostic("X003", "stack may end at logout", "The system ends what you leave.", severity="warning")
    result_of("up.up", risen()._replace(warnings=(warning,)))
    answer = stack("up", width=80)
    assert (answer.code, answer.err) == (
        0,
        "warning[X003]: stack may end at logout\n  The system ends what you leave.\n",
    )
    envelope = json.loads(stack("up", "--json").out)
    assert envelope["ok"] is True
    assert envelope["diagnostics"][0]["code"] == "X003"


def test_status_is_enough_for_programs(stack: Any, result_of: Any) -> None:
    """A component's processes, states and reasons are in the envelope as they were found."""
    result_of("status.status", broken())
    components = json.loads(stack("status", "--json").out)["result"]["components"]
    assert [one["state"] for one in components] == ["up", "up", "ready", "restarting", "failed"]
    assert components[-1]["processes"][0]["restarts"] == 5


@pytest.mark.parametrize("results", [[unproven()], [proven(), unproven()]])
def test_a_failing_proof(results: list[Any], stack: Any, result_of: Any, snapshot: Any) -> None:
    """The verdict on stdout, each reason as an error on stderr, exit code 1."""
    result_of("catalog.prove", results)
    answer = stack("catalog", "prove", "--all", width=80)
    assert answer.code == 1
    snapshot(f"catalog-prove-failed-{len(results)}", str(answer))


def test_catalog_mistakes(stack: Any, result_of: Any, snapshot: Any) -> None:
    """Every mistake of an entry is shown, warnings too; the exit code is 2 for a mistake, 0 for a warning."""
    warning = Diagnostic("X001", "version is old", "There is a newer one.", severity="warning")
    mistake = Diagnostic("X002", "reference leads nowhere", "`{{ needs.x.url }}`: there is no need `x`.")
    result_of("catalog.check", [warning, mistake])
    both = stack("catalog", "check", width=80)
    assert both.code == 2
    result_of("catalog.check", [warning])
    one = stack("catalog", "check", width=80)
    assert one.code == 0
    snapshot("catalog-mistakes", f"{both}\n{one}")
    assert json.loads(stack("catalog", "check", "--json").out)["diagnostics"][0]["code"] == "X001"


def test_down_again(here: Path, stack: Any, user_folders: Path) -> None:
    """A stack that is known and down is how `down` leaves it; a name that nobody knows is a mistake."""
    (here / "stack.yaml").write_text("name: churn\nlayers: {}\n")
    for words in ((), ("churn",), ("-f", "stack.yaml"), ("churn", "-f", str(here))):
        answer = stack("down", *words)
        assert (answer.code, answer.out, answer.err) == (0, "churn is not up: there is nothing to remove.\n", "")
        envelope = json.loads(stack("down", *words, "--json").out)
        assert envelope["ok"] and envelope["result"]["left"] == [] and envelope["diagnostics"] == []
        assert stack("down", *words, "--quiet") == type(answer)(0, "", "")
    for words in (("chrun",), ("chrun", "-f", "stack.yaml"), ("-f", "missing.yaml")):
        assert stack("down", *words).code == 2
    assert not (user_folders / "state").exists()
