"""The pipelines about GPUs and several workers, on real stacks: with whatever devices this machine has, mostly none."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

import livestack
from stackwright.runtime import gpus

pytestmark = pytest.mark.live


def _torch_for_us() -> bool:
    """Whether Debian has a PyTorch for the Python 3.11 that it brings itself."""
    if not shutil.which("apt-cache"):
        return False
    ask = ["apt-cache", "show", "python3-torch"]
    return "python3.11" in subprocess.run(ask, capture_output=True, text=True, check=False).stdout


def _steps(live: livestack.Live, pipeline: str) -> list[dict[str, Any]]:
    return list(live.answer("smoke", "--pipeline", pipeline, codes=(0, 1))["steps"])


def test_every_place_is_looked_into() -> None:
    """Workers, trainer, server and job: passed where a device is, skipped with the reason where none is."""
    layers = {"compute-engine": "dask", "training": "scikit-learn", "serving": "fastapi", "orchestration": "luigi"}
    with livestack.place() as place:
        live = livestack.Live(place / "gpus").write(layers)
        live.stack("up")
        try:
            steps = _steps(live, "gpu")
            assert len(steps) == 4
            wanted = "passed" if gpus.found()["devices"] else "skipped"
            assert {step["state"] for step in steps} == {wanted}, steps
            assert wanted == "passed" or all(step["detail"].startswith("no GPU: ") for step in steps)
            (several,) = _steps(live, "distributed")
            assert several["state"] == "skipped"
            assert "the jobs have no `torch`" in several["detail"]
        finally:
            live.down()


@pytest.mark.skipif(not _torch_for_us(), reason="PyTorch without CUDA comes from Debian 12 only")
def test_several_workers_train_one_model() -> None:
    """torchrun's workers, started by the orchestrator's job, end with one model that none would have made alone."""
    with livestack.place() as place:
        live = livestack.Live(place / "several").write({"orchestration": "luigi"})
        manifest = live.folder / "stack.yaml"  # a JSON document is a YAML document
        manifest.write_text(
            manifest.read_text()[:-1] + ', "jobs": {"python": "==3.11.*", "debian": ["python3-torch"]}}'
        )
        live.stack("up")
        try:
            (step,) = _steps(live, "distributed")
            assert step["state"] == "passed", step["detail"]
            assert len({rank["weights"] for rank in step["evidence"]["ranks"]}) == 1
        finally:
            live.down()
