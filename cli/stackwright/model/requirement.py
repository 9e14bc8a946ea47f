"""A pinned package, as manifests and catalog entries write it: `name[extra]==version; marker`."""

from __future__ import annotations

import re

from stackwright.model.base import Model

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
_VERSION = r"[0-9]+(?:\.[0-9]+)*(?:[-_.]?[A-Za-z]+[-_.]?[0-9]*)*(?:\+[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*)?"
_MARKER = r"[A-Za-z_]+ *(?:==|!=|<=|>=|<|>|in|not in) *(?:\"[A-Za-z0-9._ -]*\"|'[A-Za-z0-9._ -]*')"
_PINNED = re.compile(
    rf"(?P<name>{_NAME}) ?(?P<extras>\[{_NAME}(?:, ?{_NAME})*\])? ?== ?(?P<version>{_VERSION})"
    rf"(?: ?; ?(?P<marker>{_MARKER}(?: (?:and|or) {_MARKER})*))?"
)


class Requirement(Model):
    """One exact pin; nothing else is installed, because nothing else is the same tomorrow."""

    name: str  # normalised as PyPI does: `Typing_Extensions` is `typing-extensions`
    version: str
    marker: str = ""
    text: str  # as written

    @classmethod
    def parse(cls, text: str) -> Requirement | None:
        """The pin, or None where the text is anything else: a range, a URL, a path, an option."""
        found = _PINNED.fullmatch(text) if len(text) <= 300 else None
        if found is None:
            return None
        name = re.sub(r"[-_.]+", "-", found["name"]).lower()
        return cls(name=name, version=found["version"].lower(), marker=found["marker"] or "", text=text)
