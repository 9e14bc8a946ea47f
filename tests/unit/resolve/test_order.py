"""Start order: servers before consumers, the given order where nothing else is said, cycles named."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from stackwright.resolve.order import order

NODES = [f"n{i}" for i in range(8)]
EDGES = st.dictionaries(st.sampled_from(NODES), st.lists(st.sampled_from(NODES), max_size=3), max_size=8)


def test_the_given_order_is_kept() -> None:
    """Nothing moves that need not."""
    assert order(["c", "a", "b"], {}) == (["c", "a", "b"], [])
    assert order(["c", "a", "b"], {"c": ["b"]}) == (["a", "b", "c"], [])


def test_a_node_that_names_itself_waits_for_nobody() -> None:
    """A component that reaches itself starts like any other."""
    assert order(["a"], {"a": ["a"]}) == (["a"], [])


def test_a_cycle_is_a_path() -> None:
    """The path of a cycle goes once round, without what only leads to it."""
    done, cycle = order(["x", "a", "b", "c", "y"], {"y": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]})
    assert (done, cycle) == (["x"], ["a", "b", "c", "a"])


@given(EDGES)
def test_any_graph(before: dict[str, list[str]]) -> None:
    """Every node comes once and after what it names, or there is a real cycle."""
    done, cycle = order(NODES, before)
    assert len(set(done)) == len(done)
    for index, node in enumerate(done):
        assert set(before.get(node, ())) - {node} <= set(done[:index])
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(cycle) > 2
        assert all(following in before[node] for node, following in pairwise(cycle))
    else:
        assert sorted(done) == NODES
