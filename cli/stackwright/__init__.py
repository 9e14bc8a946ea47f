"""Stackwright: compose, deploy, prove and tear down AI/ML stacks."""

__version__ = "0.1.0"
