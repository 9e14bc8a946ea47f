"""GPUs that components on this machine ask for: looked for before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackwright.errors import Diagnostic, StackError, listed
from stackwright.operations import places
from stackwright.runtime import gpus

if TYPE_CHECKING:
    from stackwright.model.plan import Component, Plan


def require(plan: Plan) -> None:
    """StackError where fewer are here than the stack wants on this machine, or its containers cannot have them."""
    contained = [c for c in plan.components if c.target == "docker" and _wanted(c)]
    here = [c for c in plan.components if c.target == "process" and _wanted(c)] + contained
    if not here:
        return
    found = gpus.found()
    if sum(map(_wanted, here)) > len(found["devices"]):
        raise StackError(_too_few(here, found))
    if contained and not places.engine_has_gpus():
        raise StackError(_not_passed(contained))


def told(found: dict[str, Any]) -> str:
    """What there is, in a line: `2 of NVIDIA L4, CUDA 12.4 (550.54)`."""
    names = [device["name"] for device in found["devices"]]
    each = [f"{names.count(name)} of {name}" for name in dict.fromkeys(names)]
    return ", ".join([*each, *dict.fromkeys(device["driver"] for device in found["devices"])])


def _wanted(component: Component) -> int:
    processes = component.spec["processes"] if component.spec else ()
    return sum(process.get("limits", {}).get("gpu", 0) for process in processes)


def _too_few(wanting: list[Component], found: dict[str, Any]) -> Diagnostic:
    who = listed(f"{component.id}" for component in wanting)
    there = told(found) if found["devices"] else found.get("none") or found["wrong"]
    total = sum(map(_wanted, wanting))
    number = f"{total} GPU{'s' * (total > 1)}"
    detail = f"{who} {'wants' if len(wanting) == 1 else 'want'} {number} on this machine. There: {there}."
    hint = "ask for fewer (`gpu:` of a layer in the manifest), or see what is found here with\n    stack doctor"
    return Diagnostic("P190", "not enough GPUs", detail, where=wanting[0].where, hint=hint)


def _not_passed(wanting: list[Component]) -> Diagnostic:
    who = listed(component.id for component in wanting)
    detail = f"{who} should have GPUs in containers, and the Docker engine has no NVIDIA runtime to pass them on with."
    hint = "install NVIDIA's container toolkit, then\n    sudo nvidia-ctk runtime configure --runtime=docker\n"
    hint += "    sudo systemctl restart docker"
    return Diagnostic("P191", "Docker engine passes no GPUs on", detail, where=wanting[0].where, hint=hint)
