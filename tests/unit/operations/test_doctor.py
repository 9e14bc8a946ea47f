"""The doctor tells what the demo lacks from what only some tools would want."""

from __future__ import annotations

import pytest

from stackwright.operations import doctor, programs


def test_what_the_demo_calls_is_missing_and_the_rest_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any program the demo's are missing, those of other tools are warnings, and each says how to get it."""
    monkeypatch.setattr(programs, "find", lambda program: None)
    checks = {check.name: check for check in doctor.doctor()}
    assert checks["git"].state == "missing"
    assert "dvc" in checks["git"].detail
    assert checks["java"].state == "warning"
    assert "install it with" in checks["java"].hint


def test_a_range_that_no_interpreter_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every range of the catalog is looked for; one that nothing fits names tools and what to do."""
    from stackwright.runtime import interpreters

    monkeypatch.setattr(interpreters, "discover", lambda specifier="": iter(()))
    found = [check for check in doctor.doctor() if check.name.startswith("Python >=")]
    assert found
    assert {check.state for check in found} == {"missing", "warning"}
    assert all(check.hint and "wanted by" in check.detail for check in found)
