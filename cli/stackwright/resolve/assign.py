"""Ports and names: the same for the same stack on every run, and never twice in one stack."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from itertools import chain

from stackwright.resolve.draft import Draft

PORTS = range(20_000, 30_000)
LONGEST_HOST = 50  # Helm's releases end at 53, and a pod of one has a hash behind that name in its labels
LONGEST_GRANT = 50  # names of databases and of buckets end at 63 characters, and tools put words of their own before


def assign_ports(stack: str, drafts: Iterable[Draft], before: Mapping[str, int]) -> dict[str, int]:
    """A port for every endpoint, by `<component>.<endpoint>`: the one it had, else the next from the name's hash."""
    keys = [f"{draft.id}.{endpoint}" for draft in drafts if draft.given is None for endpoint in draft.recipe.endpoints]
    ports: dict[str, int] = {}
    for key in keys:
        kept = before.get(key)
        if kept is not None and kept in PORTS and kept not in ports.values():
            ports[key] = kept
    used = set(ports.values())
    free = (port for port in _from(_number(stack)) if port not in used)
    return {key: ports[key] if key in ports else next(free) for key in keys}


def reassign(ports: Mapping[str, int], taken: Collection[int]) -> dict[str, int]:
    """The ports with every one that somebody else has taken moved to the next that is free."""
    moved = dict(ports)
    for key, port in ports.items():
        if port in taken:
            used = {*moved.values(), *taken}
            moved[key] = next(other for other in _from(port - PORTS.start) if other not in used)
    return moved


def grant_names(wires: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The name of each consumer's share, by (consumer, need); a hash tells apart what would read the same."""
    plain = {wire: _plain(f"{wire[0]}-{wire[1]}", "-") for wire in wires}
    count = Counter(plain.values())
    return {
        wire: name if count[name] == 1 and len(name) <= LONGEST_GRANT else f"{name[: LONGEST_GRANT - 9]}-{_hash(wire)}"
        for wire, name in plain.items()
    }


def share_name(stack: str, grant: str) -> str:
    """The name of a share on a server that somebody else runs, where other stacks may have theirs too."""
    name = f"{stack}-{grant}"
    return name if len(name) <= LONGEST_GRANT else f"{name[: LONGEST_GRANT - 9]}-{_hash((stack, grant))}"


def hosts(components: Iterable[str]) -> dict[str, str]:
    """A host's name for each: `labeling.backend_store` is `labeling-backend-store`; hosts have no `_`."""
    plain = {one: one.replace(":", "--").replace(".", "-").replace("_", "-") for one in components}
    count = Counter(plain.values())
    return {
        one: shortened(name, LONGEST_HOST) if count[name] == 1 else f"{name[: LONGEST_HOST - 9]}-{_hash((one,))}"
        for one, name in plain.items()
    }


def shortened(name: str, longest: int) -> str:
    """The name, where it is too long with a hash for its end."""
    return name if len(name) <= longest else f"{name[: longest - 9]}-{_hash((name,))}"


def slots(ways: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A need's name for each (component, endpoint), in the letters that needs are written in."""
    plain = {way: _plain(f"{way[0]}.{way[1]}", "_") for way in ways}
    count = Counter(plain.values())
    return {way: name if count[name] == 1 else f"{name}_{_hash(way)}" for way, name in plain.items()}


def _plain(text: str, filler: str) -> str:
    return re.sub(r"[^a-z0-9]+", filler, text.lower()).strip(filler)


def _hash(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % len(PORTS)


def _from(offset: int) -> Iterable[int]:
    """Every port once, beginning at an offset."""
    start = PORTS.start + offset % len(PORTS)
    return chain(range(start, PORTS.stop), range(PORTS.start, start))
