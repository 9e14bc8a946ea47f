"""Rules of what comes from elsewhere than PyPI: every word names one thing, and locks are of this recipe."""

from __future__ import annotations

import re

from stackwright.catalog.rules.entry import Entry
from stackwright.model.catalog import SOURCES

_RANGE = r"(?:(?:==|!=|<=|>=|~=|<|>)\d+(?:\.\d+){0,2}(?:\.\*)?(?:,(?!$)|$))*"
_SHAPES = {
    "debian": (re.compile(rf"[a-z0-9][a-z0-9.+-]+{_RANGE}"), "name>=7.0,<8"),
    "npm": (re.compile(r"((?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*)@(\d[\w.+-]*)"), "name@1.2.3"),
    "maven": (re.compile(r"![\w.-]+:[\w.-]+|[\w.-]+:([\w.-]+):(\d[\w.+-]*)(?::[\w.-]+){0,2}"), "group:name:1.2.3"),
    "go": (re.compile(r"[\w.~/-]+@v\d[\w.+-]*(?:/[\w./-]+)?"), "host/module@v1.2.3"),
    "archive": (re.compile(r"https?://[^\s#]+#sha256=[0-9a-f]{64}"), "https://host/file.tar.gz#sha256=…"),
}


def check_install(entry: Entry) -> None:
    """Every rule about the sources beside PyPI."""
    for source, wanted in entry.recipe.install.sources.items():
        shape, example = _SHAPES[source]
        found = [shape.fullmatch(word.replace("{{ version }}", entry.tool.version or "")) for word in wanted]
        for index, match in enumerate(found):
            if match is None:
                where = entry.in_recipe("install", source, index)
                detail = f"`{wanted[index]}` does not say what comes from `{source}`."
                entry.wrong("C088", "software is not named", detail, where, f'write it as\n    "{example}"')
        if SOURCES[source] and entry.recipe.install.with_ != "jobs":
            _lock(entry, source, [(match[1], match[2]) for match in found if match and match[1]])


def _lock(entry: Entry, source: str, pins: list[tuple[str, str]]) -> None:
    """A lock that is there and holds what the recipe names."""
    file = entry.catalog.lock(entry.tool.id, SOURCES[source])
    text = file.read_text(encoding="utf-8") if file else ""
    if missing := [f"`{name}` {version}" for name, version in pins if not _holds(text, name, version)]:
        detail = f"{SOURCES[source]} does not hold {', '.join(missing)}."
        hint = f"write it with\n    stack catalog lock {entry.tool.id}{entry.catalog.options}"
        where = entry.in_recipe("install", source, key=True)
        entry.wrong("C089", "lock of a source is not of this recipe", detail, where, hint)


def _holds(text: str, name: str, version: str) -> bool:
    npm = rf'"{re.escape(name)}": "{re.escape(version)}"'
    return bool(re.search(rf"{npm}|  {re.escape(f'{name}-{version}')}\b", text))
