"""The stack of `webstack` for every test here that asks for it."""

from __future__ import annotations

from webstack import environment, open_folder, stack

__all__ = ["environment", "open_folder", "stack"]
