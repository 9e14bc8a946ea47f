"""Images on their way to elsewhere: as a stream of bytes, or to a registry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from stackwright.errors import Diagnostic, StackError
from stackwright.places.docker.engine import asking
from stackwright.runtime.cancel import check

_PIECE = 1 << 20


def saved(image: str) -> Iterator[bytes]:
    """The image as `docker save` writes it."""
    with asking(image) as engine:
        yield from engine.get_image(image, chunk_size=_PIECE)


def push(image: str, reference: str, tell: Callable[[str], None], cancel: threading.Event) -> None:
    """Put the image into a registry, under this name, with the credentials of the user's own `docker login`."""
    name, _, tag = reference.rpartition(":")
    tell(f"pushing {reference}")
    with asking(image) as engine:
        engine.tag(image, name, tag, force=True)
        for line in engine.push(name, tag, stream=True, decode=True):
            check(cancel)
            if line.get("error"):
                raise StackError(_not_pushed(reference, line["error"]))


def pushed(reference: str) -> bool:
    """Whether its registry has it."""
    from docker.errors import APIError

    with asking(reference) as engine:
        try:
            engine.inspect_distribution(reference)
        except APIError:
            return False
    return True


def _not_pushed(reference: str, said: str) -> Diagnostic:
    host = reference.partition("/")[0]
    return Diagnostic(
        code="P186",
        summary="registry did not take an image",
        detail=f"`{reference}` could not be pushed: {said.strip().rstrip('.')}.",
        hint=f"log in there, and see whether you may push\n    docker login {host}",
    )
