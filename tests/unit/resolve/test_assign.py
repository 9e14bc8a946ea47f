"""Ports and names: stable, unique, and kept."""

from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from stackwright.resolve.assign import LONGEST_GRANT, PORTS, assign_ports, grant_names, reassign, slots

PARTS = st.text("az09", min_size=1, max_size=20).map(lambda text: f"n{text}")
IDS = st.lists(PARTS, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from("-.:_").map(lambda between: between.join(parts))
)
STACKS = st.lists(st.tuples(IDS, st.lists(IDS, unique=True, max_size=4)), unique_by=lambda d: d[0], max_size=8)


def drafts(stack: list[tuple[str, list[str]]]) -> list[SimpleNamespace]:
    """Components with endpoints."""
    return [SimpleNamespace(id=i, given=None, recipe=SimpleNamespace(endpoints=dict.fromkeys(e))) for i, e in stack]


@settings(max_examples=50, deadline=None)
@given(st.text(), STACKS, st.dictionaries(IDS, st.integers(-5, 70000)))
def test_ports(name: str, stack: list[tuple[str, list[str]]], before: dict[str, int]) -> None:
    """Every endpoint has a port of its own in the range, the same each time, whatever stood in a damaged file."""
    keys = [f"{i}.{e}" for i, endpoints in stack for e in endpoints]
    before |= {key: PORTS.start + len(key) % 3 for key in keys[::2]}
    ports = assign_ports(name, drafts(stack), before)
    assert list(ports) == list(dict.fromkeys(keys))
    assert len(set(ports.values())) == len(ports)
    assert all(port in PORTS for port in ports.values())
    assert assign_ports(name, drafts(stack), before) == ports
    assert assign_ports(name, drafts(stack), ports) == ports


def test_ports_are_kept_when_a_component_comes_before() -> None:
    """A stack that was up keeps its ports when its manifest grows."""
    first = assign_ports("a", drafts([("serving", ["web"])]), {})
    both = assign_ports("a", drafts([("database", ["sql"]), ("serving", ["web"])]), first)
    assert both["serving.web"] == first["serving.web"]
    assert both["database.sql"] != first["serving.web"]


def test_stacks_have_ports_of_their_own() -> None:
    """Another name leads elsewhere, and the name alone decides."""
    one, other = (assign_ports(name, drafts([("database", ["sql"])]), {}) for name in ("a", "b"))
    assert one == {"database.sql": 26610} != other


def test_at_the_end_of_the_range() -> None:
    """After the last port comes the first."""
    moved = reassign({"a.x": PORTS.stop - 1, "b.x": PORTS.start}, {PORTS.stop - 1})
    assert moved == {"a.x": PORTS.start + 1, "b.x": PORTS.start}


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(IDS, st.integers(20000, 20020), max_size=10), st.sets(st.integers(20000, 20030)))
def test_reassign(ports: dict[str, int], taken: set[int]) -> None:
    """Only ports that are taken move, to ports that are neither taken nor used."""
    moved = reassign(ports, taken)
    assert list(moved) == list(ports)
    for key, port in ports.items():
        assert moved[key] == port or port in taken
        assert moved[key] not in taken
    fresh = [moved[key] for key in ports if moved[key] != ports[key]]
    assert len(set(fresh)) == len(fresh)


WIRES = st.lists(st.tuples(IDS, IDS), unique=True, max_size=12)


@settings(max_examples=50, deadline=None)
@given(WIRES)
def test_grant_names(wires: list[tuple[str, str]]) -> None:
    """Every wire's share has its own name, short and of letters that databases and buckets take."""
    names = grant_names(wires)
    assert set(names) == set(wires)
    assert len(set(names.values())) == len(wires)
    for name in names.values():
        assert len(name) <= LONGEST_GRANT
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
        assert name[0] != "-" != name[-1]


def test_grant_names_read_like_their_wires() -> None:
    """Only what is too long or would read the same gets a hash."""
    assert grant_names([("experiment-tracking", "backend_store")]) == {
        ("experiment-tracking", "backend_store"): "experiment-tracking-backend-store"
    }
    same = grant_names([("a", "b_c"), ("a-b", "c"), ("x", "y" * 60)])
    assert same["a", "b_c"] != same["a-b", "c"]
    assert all(name.startswith("a-b-c-") for wire, name in same.items() if wire[0] != "x")
    assert len(same["x", "y" * 60]) == LONGEST_GRANT


@settings(max_examples=50, deadline=None)
@given(WIRES)
def test_slots(ways: list[tuple[str, str]]) -> None:
    """Each endpoint gives a need's name of its own, in the letters of needs."""
    names = slots(ways)
    assert len(set(names.values())) == len(ways)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_") for name in names.values())
