"""Names of things in Terraform: a component, grant or environment is a module there, and back again."""

from __future__ import annotations

import re

_MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def module_name(subject: str) -> str:
    """`labeling.store` is `labeling__store`, `database:second` is `database--second`; ValueError if it is not 1:1."""
    name = subject.replace(".", "__").replace(":", "--")
    if subject_of(name) != subject or not _MODULE.fullmatch(name):
        raise ValueError(f"{subject!r} cannot be a module's name")
    return name


def subject_of(module: str) -> str:
    """The component, `grant:<wire>` or `environment:<key>` that a module stands for."""
    return module.replace("__", ".").replace("--", ":")
