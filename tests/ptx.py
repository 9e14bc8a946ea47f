"""As much of PTX as the product's kernel is written in, run one thread after the other: what a device would do."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Any

Registers = dict[str, Any]
Memory = dict[int, float]  # address -> the float that lies there

_STATEMENT = re.compile(r"(?:@(?P<guard>%\w+)\s+)?(?P<op>[a-z][\w.]*)\s*(?P<arguments>[^;]*);|(?P<label>\w+):")


class Kernel:
    """The one entry of a PTX text."""

    def __init__(self, text: str) -> None:
        self.name, head, body = re.findall(r"\.entry\s+(\w+)\s*\(([^)]*)\)\s*\{(.*)\}", text, re.DOTALL)[0]
        self.parameters = re.findall(r"\.param\s+\.\w+\s+(\w+)", head)
        code = re.sub(r"//[^\n]*|\.reg[^;]*;", "", body)
        self.steps: list[tuple[str, str, list[str]]] = []
        self.labels: dict[str, int] = {}
        for found in _STATEMENT.finditer(code):
            if found["label"]:
                self.labels[found["label"]] = len(self.steps)
            else:
                words = [word.strip() for word in found["arguments"].split(",") if word.strip()]
                self.steps.append((found["guard"] or "", found["op"], words))

    def launch(self, grid: Sequence[int], block: Sequence[int], values: Sequence[int], memory: Memory) -> None:
        """Every thread of every block, over this memory."""
        given = dict(zip(self.parameters, values, strict=True))
        for special in _threads(grid, block):
            self._thread({**special, "%ntid.x": block[0], "%ntid.y": block[1]}, given, memory)

    def _thread(self, registers: Registers, given: dict[str, int], memory: Memory) -> None:
        at = 0
        while True:
            guard, op, words = self.steps[at]
            at += 1
            if guard and not registers[guard]:
                continue
            if op == "ret":
                return
            if op == "bra":
                at = self.labels[words[0]]
            elif op == "st.global.f32":
                memory[registers[words[0].strip("[]")]] = registers[words[1]]
            elif op.startswith("ld."):
                place = words[1].strip("[]")
                registers[words[0]] = given[place] if op.startswith("ld.param") else memory[registers[place]]
            else:
                registers[words[0]] = _result(op, [_value(word, registers) for word in words[1:]])


def _threads(grid: Sequence[int], block: Sequence[int]) -> Iterator[Registers]:
    for by in range(grid[1]):
        for bx in range(grid[0]):
            for ty in range(block[1]):
                for tx in range(block[0]):
                    yield {"%ctaid.x": bx, "%ctaid.y": by, "%tid.x": tx, "%tid.y": ty}


def _value(word: str, registers: Registers) -> Any:
    if word.startswith("%"):
        return registers[word]
    return struct.unpack(">f", bytes.fromhex(word[2:]))[0] if word.startswith("0f") else int(word)


def _result(op: str, x: list[Any]) -> Any:
    match op:
        case "mov.u32" | "mov.f32" | "cvta.to.global.u64":
            return x[0]
        case "mad.lo.u32":
            return (x[0] * x[1] + x[2]) % 2**32
        case "mul.lo.u32":
            return x[0] * x[1] % 2**32
        case "mul.wide.u32":
            return x[0] * x[1]
        case "add.u32":
            return (x[0] + x[1]) % 2**32
        case "add.u64":
            return (x[0] + x[1]) % 2**64
        case "fma.rn.f32":
            return x[0] * x[1] + x[2]
        case "setp.lt.u32":
            return x[0] < x[1]
    raise NotImplementedError(op)
