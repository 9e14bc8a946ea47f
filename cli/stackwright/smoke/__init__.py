"""Runs verbs and pipelines: `check_wires` probes every wire, `run_smoke` runs a pipeline through the layers."""

from stackwright.smoke.probe import check_elsewhere, check_wires
from stackwright.smoke.run import run_smoke

__all__ = ["check_elsewhere", "check_wires", "run_smoke"]
