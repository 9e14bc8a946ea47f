"""Manifest + catalog → Plan: choose → wire → reach → assign → order."""

from stackwright.resolve.draft import Identity
from stackwright.resolve.stages import resolve

__all__ = ["Identity", "resolve"]
