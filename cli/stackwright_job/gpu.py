"""A matrix product on every GPU that this process sees, through the driver itself: no package, no toolkit.

`python gpu.py` says what it found as one line of JSON, `python gpu.py list` only what devices there are. This file is
carried as it stands to workers and into containers: it imports the standard library, and nothing else of ours.
NVIDIA's driver only: AMD's compiles no kernel without its toolkit.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

Matrix = list[list[int]]
Found = dict[str, Any]

# Three lengths, so that none can be taken for another; multiples of a block's side, so that no thread has no element.
ROWS, INNER, COLUMNS, SIDE = 64, 96, 48, 16
NO_DEVICE, STUB = 100, 34  # CUDA_ERROR_NO_DEVICE; CUDA_ERROR_STUB_LIBRARY: a toolkit's library without a driver
MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_…
_MOMENT = 0.1  # seconds: enough that one worker does not answer for all

# What each entry point takes: p a pointer or handle, i an int, u an unsigned, s a size, a an address on the device.
ENTRY_POINTS = {
    "cuInit": "u",
    "cuDriverGetVersion": "p",
    "cuGetErrorName": "ip",
    "cuDeviceGetCount": "p",
    "cuDeviceGet": "pi",
    "cuDeviceGetName": "pii",
    "cuDeviceTotalMem_v2": "pi",
    "cuDeviceGetAttribute": "pii",
    "cuCtxCreate_v2": "pui",
    "cuCtxSynchronize": "",
    "cuCtxDestroy_v2": "p",
    "cuModuleLoadData": "pp",
    "cuModuleGetFunction": "ppp",
    "cuModuleUnload": "p",
    "cuMemAlloc_v2": "ps",
    "cuMemcpyHtoD_v2": "aps",
    "cuMemcpyDtoH_v2": "pas",
    "cuMemFree_v2": "a",
    "cuLaunchKernel": "puuuuuuuppp",
}

# One thread an element: c[row, column] = sum over k of a[row, k] * b[k, column], all in rows of floats.
# The driver compiles it for the device it meets: any since Maxwell (sm_50), any driver since CUDA 9 (PTX 6.0).
KERNEL = """
.version 6.0
.target sm_50
.address_size 64

.visible .entry product(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 inner, .param .u32 columns)
{
    .reg .pred %more;
    .reg .f32 %x, %y, %sum;
    .reg .u32 %block, %size, %thread, %row, %column, %inner, %columns, %k, %element;
    .reg .u64 %a, %b, %c, %bytes, %stride;

    ld.param.u64 %a, [a];
    ld.param.u64 %b, [b];
    ld.param.u64 %c, [c];
    ld.param.u32 %inner, [inner];
    ld.param.u32 %columns, [columns];
    cvta.to.global.u64 %a, %a;
    cvta.to.global.u64 %b, %b;
    cvta.to.global.u64 %c, %c;

    mov.u32 %block, %ctaid.y;
    mov.u32 %size, %ntid.y;
    mov.u32 %thread, %tid.y;
    mad.lo.u32 %row, %block, %size, %thread;
    mov.u32 %block, %ctaid.x;
    mov.u32 %size, %ntid.x;
    mov.u32 %thread, %tid.x;
    mad.lo.u32 %column, %block, %size, %thread;

    mul.lo.u32 %element, %row, %inner;
    mul.wide.u32 %bytes, %element, 4;
    add.u64 %a, %a, %bytes;
    mul.wide.u32 %bytes, %column, 4;
    add.u64 %b, %b, %bytes;
    mul.wide.u32 %stride, %columns, 4;
    mov.f32 %sum, 0f00000000;
    mov.u32 %k, 0;

AGAIN:
    ld.global.f32 %x, [%a];
    ld.global.f32 %y, [%b];
    fma.rn.f32 %sum, %x, %y, %sum;
    add.u64 %a, %a, 4;
    add.u64 %b, %b, %stride;
    add.u32 %k, %k, 1;
    setp.lt.u32 %more, %k, %inner;
    @%more bra AGAIN;

    mad.lo.u32 %element, %row, %columns, %column;
    mul.wide.u32 %bytes, %element, 4;
    add.u64 %c, %c, %bytes;
    st.global.f32 [%c], %sum;
    ret;
}
"""


class NoDevice(Exception):  # noqa: N818 (nothing is wrong: there is nothing to check)
    """This process sees no GPU; the message says why."""


class DeviceError(Exception):
    """A GPU, or its driver, does not do what it should."""


class Driver:
    """NVIDIA's driver, started; NoDevice where there is none, or none for this process."""

    def __init__(self) -> None:
        self._library = _library()
        kinds = {"p": ctypes.c_void_p, "i": ctypes.c_int, "u": ctypes.c_uint, "s": ctypes.c_size_t}
        kinds["a"] = ctypes.c_uint64
        for name, takes in ENTRY_POINTS.items():
            function = getattr(self._library, name, None)
            if function is None:
                raise DeviceError(f"the driver is too old: it has no {name}")
            function.argtypes, function.restype = [kinds[kind] for kind in takes], ctypes.c_int
        status = self._library.cuInit(0)
        if status in (NO_DEVICE, STUB):
            raise NoDevice("NVIDIA's driver is here and sees no device" + _hidden())
        self._expect(status, "cuInit")

    def call(self, name: str, *arguments: Any) -> None:
        """One entry point; DeviceError with the driver's own word for what is wrong."""
        self._expect(getattr(self._library, name)(*arguments), name)

    def integer(self, name: str, *arguments: Any) -> int:
        """What an entry point puts into the integer that is its first argument."""
        value = ctypes.c_int()
        self.call(name, ctypes.byref(value), *arguments)
        return value.value

    def handle(self, name: str, *arguments: Any) -> ctypes.c_void_p:
        """The handle that an entry point makes."""
        made = ctypes.c_void_p()
        self.call(name, ctypes.byref(made), *arguments)
        return made

    def _expect(self, status: int, name: str) -> None:
        if status:
            word = ctypes.c_char_p()
            known = self._library.cuGetErrorName(status, ctypes.byref(word)) == 0 and word.value
            raise DeviceError(f"{name} says {known.decode() if known else status}")


def devices(driver: Driver) -> list[Found]:
    """Every device that this process sees: number, name, memory, capability, driver."""
    count = driver.integer("cuDeviceGetCount")
    if not count:
        raise NoDevice("NVIDIA's driver is here and sees no device" + _hidden())
    version = driver.integer("cuDriverGetVersion")
    told = " ".join([f"CUDA {version // 1000}.{version % 1000 // 10}", *_driver_release()])
    return [{"number": number, **_described(driver, number), "driver": told} for number in range(count)]


def check() -> list[Found]:
    """Every device that this process sees, each after a right product; NoDevice, or DeviceError for the first wrong."""
    driver = Driver()
    return [device | {"seconds": multiply(driver, device)} for device in devices(driver)]


def multiply(driver: Driver, device: Found) -> float:
    """The seconds that a product took on the device, compiling and carrying included; DeviceError if it is wrong."""
    a = [[(row * 31 + k * 17 + row * k) % 7 - 3 for k in range(INNER)] for row in range(ROWS)]
    b = [[(k * 13 + column * 29 + column * k) % 7 - 3 for column in range(COLUMNS)] for k in range(INNER)]
    began = time.monotonic()
    context = driver.handle("cuCtxCreate_v2", 0, driver.integer("cuDeviceGet", device["number"]))
    try:
        found = _on_device(driver, a, b)
    finally:
        driver.call("cuCtxDestroy_v2", context)  # with it goes whatever it holds
    took = time.monotonic() - began
    # Whole numbers this small are exact as floats, in whatever order they are added.
    across = list(zip(*b, strict=True))
    wanted = [float(sum(map(int.__mul__, row, column))) for row in a for column in across]
    wrong = sum(mine != theirs for mine, theirs in zip(wanted, found, strict=True))
    if wrong:
        raise DeviceError(f"{device['name']}: {wrong} of {len(wanted)} elements of a matrix product are wrong")
    return round(took, 3)


def report() -> Found:
    """`devices` that multiplied right; or why there are `none`; or what is `wrong`. And `where` that was."""
    where = {"where": f"{socket.gethostname()}:{os.getpid()}"}
    try:
        return where | {"devices": check()}
    except NoDevice as none:
        return where | {"devices": [], "none": str(none)}
    except DeviceError as wrong:
        return where | {"devices": [], "wrong": str(wrong)}


def on_worker(_item: object) -> Found:
    """The report of the worker that happens to take this item."""
    time.sleep(_MOMENT)
    return report()


def listed() -> Found:
    """The same without a product: what there is, not whether it works."""
    try:
        return {"devices": devices(Driver())}
    except NoDevice as none:
        return {"devices": [], "none": str(none)}
    except DeviceError as wrong:
        return {"devices": [], "wrong": str(wrong)}


def _on_device(driver: Driver, a: Matrix, b: Matrix) -> list[float]:
    """The product by the device of the current context, row after row; what it holds is freed with the context."""
    module = driver.handle("cuModuleLoadData", ctypes.c_char_p(KERNEL.encode()))
    kernel = driver.handle("cuModuleGetFunction", module, ctypes.c_char_p(b"product"))
    size = ROWS * COLUMNS
    # Nothing that lay there before may pass for a result.
    flat = [[float(v) for row in a for v in row], [float(v) for row in b for v in row], [float("nan")] * size]
    places = [_carried(driver, values) for values in flat]
    arguments = [*places, ctypes.c_uint(INNER), ctypes.c_uint(COLUMNS)]
    pointers = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))
    grid, block = (COLUMNS // SIDE, ROWS // SIDE, 1), (SIDE, SIDE, 1)
    driver.call("cuLaunchKernel", kernel, *grid, *block, 0, None, pointers, None)
    driver.call("cuCtxSynchronize")
    result = (ctypes.c_float * size)()
    driver.call("cuMemcpyDtoH_v2", ctypes.byref(result), places[2], ctypes.sizeof(result))
    for place in places:
        driver.call("cuMemFree_v2", place)
    driver.call("cuModuleUnload", module)
    return list(result)


def _carried(driver: Driver, values: list[float]) -> ctypes.c_uint64:
    """Where on the device these values are now."""
    here, there = (ctypes.c_float * len(values))(*values), ctypes.c_uint64()
    driver.call("cuMemAlloc_v2", ctypes.byref(there), ctypes.sizeof(here))
    driver.call("cuMemcpyHtoD_v2", there, ctypes.byref(here), ctypes.sizeof(here))
    return there


def _described(driver: Driver, number: int) -> Found:
    device = driver.integer("cuDeviceGet", number)
    name, memory = ctypes.create_string_buffer(256), ctypes.c_size_t()
    driver.call("cuDeviceGetName", name, len(name), device)
    driver.call("cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    major, minor = (driver.integer("cuDeviceGetAttribute", which, device) for which in (MAJOR, MINOR))
    return {"name": name.value.decode(), "memory_mb": memory.value // 2**20, "capability": f"{major}.{minor}"}


def _library() -> Any:
    """The driver's library; in WSL it lies where the loader does not look."""
    names = ["nvcuda.dll"] if sys.platform == "win32" else ["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"]
    for name in names:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise NoDevice(f"no NVIDIA driver here ({names[0]}){_on_bus()}")


def _on_bus() -> str:
    """What is there all the same, for people who expected a GPU."""
    if Path("/dev/kfd").exists():
        return "; an AMD driver is (/dev/kfd), and this check does not know it"
    for device in Path("/sys/bus/pci/devices").glob("*"):
        with suppress(OSError):
            vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
            if vendor == "0x10de" and kind.startswith("0x03"):
                return "; a device of NVIDIA is in this machine: its driver is not installed, or not passed in"
    return ""


def _hidden() -> str:
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    return "" if value is None else f" (CUDA_VISIBLE_DEVICES is `{value}`)"


def _driver_release() -> list[str]:
    """`550.54.14`, where Linux says so."""
    with suppress(OSError):
        told = Path("/proc/driver/nvidia/version").read_text().partition("\n")[0]
        return [f"({found[1]})" for found in re.finditer(r"\s(\d+\.\d+(?:\.\d+)?)\s", told)][:1]
    return []


if __name__ == "__main__":
    found = listed() if sys.argv[1:] == ["list"] else report()
    sys.stdout.write(json.dumps(found) + "\n")
