"""Catalogs of other people run code here, so each is trusted by name and digest, once, by whoever owns this account."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright import folders
from stackwright.errors import Diagnostic, Exit, StackError
from stackwright.model.report import Trusted
from stackwright.runtime import index
from stackwright.runtime.files import write_atomic

if TYPE_CHECKING:
    from stackwright.catalog.load import Catalog
    from stackwright.errors import Where
    from stackwright.model.plan import Plan


def opened(names: Mapping[str, Where | None], *, to_run: bool = True) -> Catalog:
    """The shipped catalog and these; StackError for one that is to run and was not trusted as it is now."""
    from stackwright.catalog.load import Catalog

    shipped = Catalog.shipped()
    if not names:
        return shipped
    from stackwright.catalog.sources import folder_of

    if to_run and (wrong := [d for name, where in names.items() if (d := _distrust(name, where))]):
        raise StackError(wrong, Exit.USAGE)
    return Catalog((*shipped.folders, *(folder_of(name, where) for name, where in names.items())), tuple(names))


def other_folders(plan: Plan) -> tuple[Path, ...]:
    """Where the catalogs of a plan are that are not shipped, each still as it was trusted."""
    return opened(dict.fromkeys(plan.catalogs)).folders[1:]


def trust(name: str, *, always: bool = False) -> Trusted:
    """From now on this catalog may run as it is; with `always`, whatever it comes to hold."""
    from stackwright.catalog.sources import digest, folder_of

    place = folder_of(name)
    told = {"digest": "" if always else digest(place), "date": time.strftime("%Y-%m-%d", time.gmtime())}
    with _changed() as catalogs:
        catalogs[name] = told
    return Trusted(name, **told)


def forget(name: str) -> None:
    """From now on it may not."""
    if name not in _read():
        detail = f"`{name}` is not trusted."
        hint = "those that are, are listed by\n    stack catalog trust"
        raise StackError(Diagnostic("U032", "catalog was not trusted", detail, hint=hint), Exit.USAGE)
    with _changed() as catalogs:
        catalogs.pop(name, None)


def trusted() -> list[Trusted]:
    """Every catalog that may run."""
    return [Trusted(name, told["digest"], told["date"]) for name, told in sorted(_read().items())]


def _distrust(name: str, where: Where | None) -> Diagnostic | None:
    """Why it may not run; nothing is fetched that was never trusted."""
    from stackwright.catalog.sources import digest, folder_of

    told, hint = _read().get(name), f"look at what is in it; if it may, say so with\n    stack catalog trust {name}"
    if told is None:
        detail = f"What the catalog `{name}` holds would run on this machine, as you, and nobody said that it may."
        return Diagnostic("U030", "catalog is not trusted", detail, where, hint)
    if told["digest"] and told["digest"] != digest(folder_of(name, where)):
        detail = f"What the catalog `{name}` holds is not what you trusted on {told['date']}."
        return Diagnostic("U031", "catalog has changed since it was trusted", detail, where, hint)
    return None


def _file() -> Path:
    return folders.state_dir() / "trust.json"


def _read() -> dict[str, dict[str, Any]]:
    try:
        found: dict[str, dict[str, Any]] = json.loads(_file().read_bytes())["catalogs"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError) as error:
        detail = f"`{_file()}`: {error}. Nothing is trusted until it is repaired or removed."
        raise StackError(Diagnostic("U033", "list of trusted catalogs cannot be read", detail)) from error
    return found


@contextmanager
def _changed() -> Iterator[dict[str, dict[str, Any]]]:
    """What may run, to be changed; two commands at once do not lose each other's changes."""
    with index.lock():  # which makes the folder, too
        catalogs = _read()
        yield catalogs
        write_atomic(_file(), json.dumps({"v": 1, "catalogs": catalogs}, indent=1).encode() + b"\n")
