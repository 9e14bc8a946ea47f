"""One relay through seven runners in six languages, each a job of the orchestrator: bytes go through the stack's S3.

Every step reads what the one before it wrote, adds a line with its language, its version and the sum of all bytes
that it read, and writes that. The two Python steps need versions of NumPy that cannot be in one environment. A
language that this machine does not have is skipped by name; R and others can come from Debian: `jobs.debian`.
"""

import os
import shutil
import subprocess
from pathlib import Path

import s3

from stackwright.smoke.pipeline import Evidence, NothingToCheck, Pipeline, expect
from stackwright.smoke.run import Run

PIPELINE = Pipeline("polyglot")
STEPS = Path(__file__).with_name("steps")
NUMPY = {"python_old": "1.26.4", "python_new": "2.3.5"}


@PIPELINE.step("relay begun", "storage", "data-pipelines")
def begin(run: Run) -> Evidence:
    """The first object holds every byte there is, so that none that is special to a language gets lost."""
    if "S3_BUCKET" not in run.jobs.env():
        raise NothingToCheck("the stack's storage does not speak S3 to its jobs")
    data = run.dir / "relay"
    data.write_bytes(bytes(range(256)) * 4 + b"\n")
    key = f"stack-smoke/relay-{run.word}/0"
    run.layer("storage").put(key=key, data_file=str(data))
    return {"shown": f"{data.stat().st_size:,} bytes", "key": key, "_data": data.read_bytes()}


@PIPELINE.step("bytes through Python with an old NumPy", "data-pipelines", needs=("begin",))
def python_old(run: Run) -> Evidence:
    return _python(run, "python_old")


@PIPELINE.step("bytes through Python with a new NumPy", "data-pipelines", needs=("begin",))
def python_new(run: Run) -> Evidence:
    return _python(run, "python_new")


@PIPELINE.step("bytes through Bash", "data-pipelines", needs=("begin",))
def bash(run: Run) -> Evidence:
    _program(run, "curl")
    return _relayed(run, "bash", [_program(run, "bash"), str(STEPS / "step.sh")])


@PIPELINE.step("bytes through Node", "data-pipelines", needs=("begin",))
def node(run: Run) -> Evidence:
    return _relayed(run, "node", [_program(run, "node"), str(STEPS / "step.js")])


@PIPELINE.step("bytes through Java", "data-pipelines", needs=("begin",))
def java(run: Run) -> Evidence:
    return _relayed(run, "java", [_program(run, "java"), str(STEPS / "Step.java")])


@PIPELINE.step("bytes through Rust", "data-pipelines", needs=("begin",))
def rust(run: Run) -> Evidence:
    """Compiled in the job. What is on the PATH may be a chooser that needs its user's home: the real one does not."""
    found = _program(run, "rustc")
    said = subprocess.run([found, "--print", "sysroot"], capture_output=True, text=True, check=False)
    real = Path(said.stdout.strip()) / "bin" / "rustc" if said.returncode == 0 else Path(found)
    build = '"$1" -O --edition 2021 -o relay-rust "$2" && exec ./relay-rust "$3" "$4"'
    version = subprocess.run([real, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    argv = [_program(run, "sh"), "-c", build, "rust", str(real), str(STEPS / "step.rs")]
    return _relayed(run, "rust", argv, RUSTC_VERSION=version)


@PIPELINE.step("bytes through R", "data-pipelines", needs=("begin",))
def r(run: Run) -> Evidence:
    argv = [_program(run, "R"), "--no-echo", "--no-restore", f"--file={STEPS / 'step.R'}", "--args"]
    return _relayed(run, "r", argv)


@PIPELINE.step("relay whole", "storage", needs=("begin",))
def end(run: Run) -> Evidence:
    """What lies there is what was put there first, and a line of everyone who had it, in order, each by its own run."""
    steps = run.results
    start, *others = steps.values()
    expect(len(others) > 1, "nobody relayed anything")
    lines = b"".join(step["_line"] for step in others)
    whole = Path(run.layer("storage").get(key=others[-1]["key"])["file"]).read_bytes()
    expect(whole == start["_data"] + lines, "what lies there is not the first bytes and everyone's line")
    runs = {step["run_id"] for step in others}
    expect(len(runs) == len(others), f"{len(others)} steps were {len(runs)} runs of the orchestrator")
    versions = {step["said"].split()[1] for name, step in steps.items() if name in NUMPY}
    expect(len(versions) == len(NUMPY), f"the two Python steps had {sorted(versions)}")
    languages = {step["said"].split()[0] for step in others}
    return {"shown": f"{len(others)} runs, {len(languages)} languages", "bytes": len(whole), "runs": sorted(runs)}


def _python(run: Run, name: str) -> Evidence:
    """In an environment of its own, made for this step."""
    python = run.jobs.python(f"numpy=={NUMPY[name]}", range=">=3.11,<3.13")
    done = _relayed(run, "python", [str(python), str(STEPS / "step.py")])
    expect(f"numpy-{NUMPY[name]}" in done["said"], f"NumPy {NUMPY[name]} was asked for: {done['said']}")
    return done


def _program(run: Run, name: str) -> str:
    """Where the jobs' environment has the program, else this machine."""
    found = shutil.which(name, path=run.jobs.env()["PATH"]) or shutil.which(name, path=os.environ.get("PATH"))
    if not found:
        raise NothingToCheck(f"this machine has no `{name}`, and the jobs' environment has none")
    return found


def _relayed(run: Run, language: str, argv: list[str], **more: str) -> Evidence:
    """The orchestrator ran it: it read what the one before it wrote, and wrote that with its line."""
    before = [*run.results.values()][-1]
    key, env = f"{run.results['begin']['key'].rpartition('/')[0]}/{len(run.results)}", run.jobs.env()
    ways = [s3.presigned(method, k, env) for method, k in (("GET", before["key"]), ("PUT", key))]
    # Its environment is the job's without any credentials: the addresses are enough.
    bare = {name: value for name, value in env.items() if name in ("PATH", "HOME", "TMPDIR", "LANG", "STACK_ID")}
    done = run.layer("data-pipelines").run_job(
        name=f"relay-{language}", argv=[*argv, *ways], env=bare | more, cwd=str(run.dir)
    )
    expect(done["exit"] == 0, f"the job ended as {done['state']}; the end of its log: {done['log'][-1500:]}")
    data = Path(run.layer("storage").get(key=key)["file"]).read_bytes()
    line = data.removeprefix(before["_data"])
    said = line.decode(errors="replace").strip()
    expect(data != line, f"the bytes that {language} was given are not those that it passed on")
    wanted = f"{language} {said.split()[1] if len(said.split()) > 1 else '?'} {sum(before['_data'])}"
    expect(said == wanted, f"{language} wrote {said!r}; the sum of what it was given is {sum(before['_data'])}")
    return {"shown": said, "said": said, "key": key, "run_id": done["run_id"], "_data": data, "_line": line}
