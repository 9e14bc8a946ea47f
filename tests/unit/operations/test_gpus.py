"""What a stack wants of GPUs against what there is."""

from __future__ import annotations

from typing import Any

import pytest

from stackwright.errors import StackError
from stackwright.model.plan import Component, JobsPlan, Plan
from stackwright.operations import doctor, gpus, places
from stackwright.runtime import gpus as here

L4 = {"name": "NVIDIA L4", "driver": "CUDA 12.4 (550.54.14)"}


def _plan(*wanted: tuple[str, int]) -> Plan:
    """A stack with a component for each target and number."""
    components = tuple(
        Component(
            id=f"c{number}", tool="t", version="1", target=target, kind="service", because="", environment="e",
            spec={"processes": [{"name": "main", "limits": {"gpu": gpu}}, {"name": "other"}]},
        )
        for number, (target, gpu) in enumerate(wanted)
    )  # fmt: skip
    return Plan(
        name="s", id="s-000000", workspace="/w", components=components, wires=(), environments=(), secrets=(),
        jobs=JobsPlan(environment="e", env={}),
    )  # fmt: skip


def _found(monkeypatch: pytest.MonkeyPatch, *devices: dict[str, str], runtime: bool = False, **more: str) -> None:
    monkeypatch.setattr(here, "found", lambda: {"devices": list(devices), **more})
    monkeypatch.setattr(places, "engine_has_gpus", lambda: runtime)


def _refused(plan: Plan) -> Any:
    with pytest.raises(StackError) as caught:
        gpus.require(plan)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_nobody_looks_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver may take seconds to wake up; pods are placed by their cluster."""
    monkeypatch.setattr(here, "found", lambda: pytest.fail("looked"))
    gpus.require(_plan(("process", 0), ("kubernetes", 2)))


def test_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are there can be had, by processes and, with the engine's runtime, by containers."""
    _found(monkeypatch, L4, L4, runtime=True)
    gpus.require(_plan(("process", 1), ("docker", 1)))


def test_too_few_names_who_and_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is made."""
    _found(monkeypatch, L4, L4)
    found = _refused(_plan(("process", 2), ("docker", 1)))
    assert found.code == "P190"
    assert "`c0` and `c1` want 3 GPUs on this machine. There: 2 of NVIDIA L4, CUDA 12.4 (550.54.14)." in found.detail
    _found(monkeypatch, none="no NVIDIA driver here (libcuda.so.1)")
    assert "`c0` wants 1 GPU on this machine. There: no NVIDIA driver" in _refused(_plan(("process", 1))).detail


def test_an_engine_that_passes_none_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only for containers, and said with what to install."""
    _found(monkeypatch, L4)
    gpus.require(_plan(("process", 1)))
    found = _refused(_plan(("docker", 1)))
    assert (found.code, "nvidia-ctk" in found.hint) == ("P191", True)


@pytest.mark.parametrize(
    ("answer", "state", "said"),
    [
        ({"devices": [L4, {**L4, "name": "NVIDIA H100"}]}, "fine", "1 of NVIDIA L4, 1 of NVIDIA H100, CUDA 12.4"),
        ({"devices": [], "none": "no driver"}, "fine", "none: no driver"),
        ({"devices": [], "wrong": "cuInit says CUDA_ERROR_UNKNOWN"}, "warning", "cuInit says CUDA_ERROR_UNKNOWN"),
    ],
)
def test_the_doctor_tells_what_is_there(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], state: str, said: str
) -> None:
    """No GPU is no fault of a machine; a driver that does not work is one."""
    monkeypatch.setattr(here, "found", lambda: answer)
    (check,) = [check for check in doctor.doctor() if check.name == "GPUs"]
    assert check.state == state
    assert said in check.detail
