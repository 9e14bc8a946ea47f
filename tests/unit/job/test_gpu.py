"""The product on a GPU: all of it but the device. The driver is one of our own, in C, that multiplies on the CPU."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ptx import Kernel
from stackwright_job import gpu

SOURCE = Path(__file__).parents[2] / "fakecuda.c"
SCRIPT = Path(gpu.__file__)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a libcuda.so.1 of our own."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or not compiler:
        pytest.skip("a shared library is made by a C compiler, on Linux")
    folder = tmp_path_factory.mktemp("driver")
    made = [compiler, "-shared", "-fPIC", "-Wall", "-Werror", str(SOURCE), "-o", str(folder / "libcuda.so.1")]
    subprocess.run(made, check=True)
    return folder


def _run(folder: Path | None, *words: str, log: Path | None = None, **env: str) -> dict[str, Any]:
    """What the script says in a process of its own, as it is carried into a container: by its text."""
    whole = env | ({"LD_LIBRARY_PATH": str(folder)} if folder else {}) | ({"FAKE_CUDA_LOG": str(log)} if log else {})
    command = [sys.executable, "-I", "-S", "-c", SCRIPT.read_text(), *words]
    done = subprocess.run(command, env=whole, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_device_multiplies_and_is_described(driver: Path) -> None:
    """Number, name, memory, capability, driver and seconds of each device whose product was right."""
    found = _run(driver, FAKE_CUDA_DEVICES="2")
    assert [device["name"] for device in found["devices"]] == ["Fake GPU 0", "Fake GPU 1"]
    assert "none" not in found
    assert "wrong" not in found
    first = found["devices"][0]
    assert (first["number"], first["memory_mb"], first["capability"]) == (0, 48 * 1024, "8.9")
    assert first["driver"].startswith("CUDA 12.4")
    assert first["seconds"] >= 0


def test_only_what_is_visible_is_looked_at(driver: Path) -> None:
    """A component that was given devices has those, under numbers of its own."""
    found = _run(driver, FAKE_CUDA_DEVICES="4", CUDA_VISIBLE_DEVICES="2,3")
    assert [(device["number"], device["name"]) for device in found["devices"]] == [(0, "Fake GPU 2"), (1, "Fake GPU 3")]


def test_nothing_stays_on_the_device(driver: Path, tmp_path: Path) -> None:
    """Each device has one context, in which everything is made and freed again; every call is one that succeeds."""
    _run(driver, log=tmp_path / "log", FAKE_CUDA_DEVICES="2")
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert {status for _, status in lines} == {"0"}  # also of `left`: what a context still held at its end
    calls = Counter(name for name, _ in lines)
    assert calls["cuCtxCreate_v2"] == calls["cuCtxDestroy_v2"] == calls["cuLaunchKernel"] == 2
    assert calls["cuMemAlloc_v2"] == calls["cuMemFree_v2"] == 6
    assert calls["cuModuleLoadData"] == calls["cuModuleUnload"] == 2


def test_a_wrong_product_is_told(driver: Path) -> None:
    """One element of thousands is enough."""
    found = _run(driver, FAKE_CUDA="lies")
    assert found["wrong"] == f"Fake GPU 0: 1 of {gpu.ROWS * gpu.COLUMNS} elements of a matrix product are wrong"
    assert found["devices"] == []


def test_a_kernel_that_does_not_run_is_no_product(driver: Path) -> None:
    """What lay in the device's memory before is never taken for a result."""
    size = gpu.ROWS * gpu.COLUMNS
    assert f"{size} of {size} elements" in _run(driver, FAKE_CUDA="idle")["wrong"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuses", "cuLaunchKernel says CUDA_ERROR_LAUNCH_FAILED"),
        ("broken", "cuInit says CUDA_ERROR_UNKNOWN"),
    ],
)
def test_what_the_driver_refuses_is_told_in_its_words(driver: Path, fault: str, said: str) -> None:
    """A driver that is there and does not work is a fault, and no absence."""
    found = _run(driver, FAKE_CUDA=fault)
    assert found["wrong"] == said
    assert "none" not in found


def test_a_context_is_ended_after_a_fault(driver: Path, tmp_path: Path) -> None:
    """A worker that goes on after a failed check does not keep the device's memory."""
    _run(driver, log=tmp_path / "log", FAKE_CUDA="refuses")
    calls = [line.split()[0] for line in (tmp_path / "log").read_text().splitlines()]
    assert calls[-1] == "cuCtxDestroy_v2"


def test_no_device_is_an_absence_with_its_reason(driver: Path) -> None:
    """The driver sees none: because of the variable that hides them, where that is set."""
    assert _run(driver, FAKE_CUDA="none")["none"] == "NVIDIA's driver is here and sees no device"
    hidden = _run(driver, FAKE_CUDA="none", CUDA_VISIBLE_DEVICES="")
    assert hidden["none"].endswith("(CUDA_VISIBLE_DEVICES is ``)")
    assert hidden["devices"] == []


def test_no_driver_is_an_absence_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be loaded: said with the library's name."""

    def nothing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(gpu.ctypes, "CDLL", nothing)
    found = gpu.report()
    assert found["none"].startswith("no NVIDIA driver here (libcuda.so.1)") or sys.platform == "win32"
    assert found["where"].endswith(f":{os.getpid()}")
    assert gpu.listed()["devices"] == []


def test_a_driver_that_lacks_an_entry_point_is_too_old(tmp_path: Path, driver: Path) -> None:
    """Said before anything is called."""
    compiler = shutil.which("cc") or ""
    source = tmp_path / "old.c"
    source.write_text("int cuInit(unsigned flags) { return 0; }\n")
    subprocess.run([compiler, "-shared", "-fPIC", str(source), "-o", str(tmp_path / "libcuda.so.1")], check=True)
    assert _run(tmp_path)["wrong"] == "the driver is too old: it has no cuDriverGetVersion"


def test_listing_makes_no_context(driver: Path, tmp_path: Path) -> None:
    """Who only looks what there is disturbs nobody."""
    found = _run(driver, "list", log=tmp_path / "log")
    assert [device["name"] for device in found["devices"]] == ["Fake GPU 0"]
    assert (tmp_path / "log").read_text() == "cuInit 0\n"


def test_the_kernel_multiplies() -> None:
    """Its instructions, thread by thread, give the product of matrices of three different lengths, and nothing else."""
    kernel = Kernel(gpu.KERNEL)
    rows, inner, columns, side = 4, 5, 6, 2
    a = [[row * 3 - k for k in range(inner)] for row in range(rows)]
    b = [[k - column * 2 for column in range(columns)] for k in range(inner)]
    places = (0x7F0000000000, 0x7F0000010000, 0x7F0000020000)
    memory = {places[0] + 4 * (row * inner + k): float(a[row][k]) for row in range(rows) for k in range(inner)}
    memory |= {places[1] + 4 * (k * columns + c): float(b[k][c]) for k in range(inner) for c in range(columns)}
    before = dict(memory)
    kernel.launch((columns // side, rows // side), (side, side), (*places, inner, columns), memory)
    written = {at: value for at, value in memory.items() if at not in before}
    wanted = [
        float(sum(x * y for x, y in zip(row, column, strict=True))) for row in a for column in zip(*b, strict=True)
    ]
    assert kernel.name == "product"
    assert [written[places[2] + 4 * number] for number in range(rows * columns)] == wanted
    assert len(written) == rows * columns
    assert before.items() <= memory.items()


def test_the_lengths_suit_the_launch() -> None:
    """Blocks cover every element once, fit any device, and no length can be taken for another."""
    assert gpu.ROWS % gpu.SIDE == gpu.COLUMNS % gpu.SIDE == 0
    assert gpu.SIDE**2 <= 1024
    assert len({gpu.ROWS, gpu.INNER, gpu.COLUMNS}) == 3
    assert gpu.INNER * 9 < 2**24  # whole numbers that a float holds exactly
