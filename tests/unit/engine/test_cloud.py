"""Locks of a cloud's state, as Terraform tells of them."""

from __future__ import annotations

from stackwright.engine.cloud import Lock

SAID = """\
Error acquiring the state lock
Error message: operation error S3: PutObject, https response error StatusCode: 412
Lock Info:
  ID:        7d1f0c6e-7b7c-2f5a-93ad-3f1ad9d1c0f5
  Path:      bucket/cluster.tfstate
  Operation: OperationTypeApply
  Who:       ada@workbench
  Version:   1.15.5
  Created:   2026-11-24 17:22:12 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""


def test_lock_is_read() -> None:
    """Which lock, and whose."""
    assert Lock.read(SAID) == Lock("7d1f0c6e-7b7c-2f5a-93ad-3f1ad9d1c0f5", "ada@workbench")


def test_other_errors_are_no_lock() -> None:
    """Nothing is unlocked because of an error about something else."""
    assert Lock.read("Error: creating EKS Cluster: AccessDenied\n  ID: 1\n  Who: me") is None
