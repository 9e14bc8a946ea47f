"""What starts before what: servers before their consumers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def order(nodes: Sequence[str], before: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str]]:
    """The nodes, each after those it names in `before`, else in the order given; and a cycle's path if there is one.

    The path begins and ends with the same node; the nodes of a cycle and those behind it are not in the order.
    """
    waiting = {node: {other for other in before.get(node, ()) if other != node} for node in nodes}
    done: list[str] = []
    while waiting:
        ready = next((node for node, others in waiting.items() if not others & waiting.keys()), None)
        if ready is None:
            return done, _cycle(waiting)
        done.append(ready)
        del waiting[ready]
    return done, []


def _cycle(waiting: Mapping[str, set[str]]) -> list[str]:
    """Every node here waits for another one here, so walking from one to the next must come back."""
    path = [next(iter(waiting))]
    while True:
        following = min(waiting[path[-1]] & waiting.keys())
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
