"""Whether a proof is still about the entry it lies beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.catalog import proof
from stackwright.catalog.load import Catalog
from stackwright.errors import StackError


@pytest.fixture
def proven(edited) -> Catalog:
    """The tiny catalog with a proof of `tinydb`."""
    catalog = edited("tinydb/tool.yaml", "about: ", "about: ")
    proof.write(catalog, "tinydb", "process", {"date": "2026-11-24", "digest": proof.digest(catalog, "tinydb")})
    return catalog


def test_what_was_never_run_says_so(tiny: Catalog) -> None:
    """Without a file there is no claim."""
    assert str(proof.verdict(tiny, "tinydb")) == "never run"


def test_a_proof_holds_for_its_entry_and_target(proven: Catalog) -> None:
    """The proof is of one tool on one target, with its day."""
    assert str(proof.verdict(proven, "tinydb")) == "proven 2026-11-24"
    assert str(proof.verdict(proven, "tinydb", "docker")) == "never run"
    assert str(proof.verdict(proven, "tinyapp")) == "never run"


@pytest.mark.parametrize(
    "file",
    ["tinydb/tool.yaml", "tinydb/recipe.yaml", "tinydb/smoke.py", "_interfaces/tinysql.yaml", "_interfaces/tinysql.py"],
)
def test_a_change_of_what_runs_makes_it_stale(proven: Catalog, file: str) -> None:
    """The entry's files and the interfaces it speaks decide how it runs."""
    with (proven.folders[0] / file).open("a") as changed:
        changed.write("\n# changed\n")
    assert proof.verdict(proven, "tinydb").state == "stale"


def test_verbs_of_the_interface_count_as_its_own(edited) -> None:
    """A tool without a smoke.py is proven by the verbs of the interface that its endpoint is called after."""
    catalog = edited("tinydb/tool.yaml", "{sql: ", "{tinysql: ")
    folder = catalog.folders[0]
    before = proof.digest(catalog, "tinydb")
    shared = folder / "_interfaces/tinysql_smoke.py"
    shared.write_text("other verbs")
    assert proof.digest(catalog, "tinydb") == before
    (folder / "tinydb/smoke.py").rename(shared)
    assert proof.digest(catalog, "tinydb") == before
    shared.write_text("other verbs")
    assert proof.digest(catalog, "tinydb") != before


def test_other_files_do_not_matter(proven: Catalog) -> None:
    """Neither other tools, nor interfaces it does not speak, nor what Python and editors leave behind."""
    folder = proven.folders[0]
    for file in ("tinyapp/smoke.py", "_interfaces/other.yaml", "tinydb/__pycache__/smoke.pyc", "tinydb/.swp"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_text("changed")
    assert proof.verdict(proven, "tinydb").state == "proven"


@pytest.mark.parametrize("text", ["", "[]", "no json", '{"digest": 1}'])
def test_a_damaged_proof_proves_nothing(proven: Catalog, text: str) -> None:
    """What cannot be read, or was written by hand, is not believed."""
    (proven.folder("tinydb") / "proof/process.json").write_text(text)
    assert proof.verdict(proven, "tinydb").state != "proven"


def test_a_catalog_that_is_not_ours_to_write_in(proven: Catalog) -> None:
    """A proof that cannot be written is told, with its place."""
    folder = Path(proven.folder("tinyapp"))
    (folder / "proof").write_text("in the way")
    with pytest.raises(StackError, match="C100"):
        proof.write(proven, "tinyapp", "process", {})


def test_work_on_gpus_is_never_run_until_a_proof_says_it(edited) -> None:
    """Only the pipeline of that, passed on a real device, counts; layers whose work no GPU does say nothing."""
    catalog = edited("tinyapp/tool.yaml", "about: ", "about: ")
    targets = {"process": proof.verdict(catalog, "tinyapp")}
    assert str(proof.on_gpus(catalog, "tinyapp", targets)) == "never run"
    assert proof.on_gpus(catalog, "tinydb", targets) is None
    for state, said in (("skipped", "never run"), ("passed", "proven 2026-11-24")):
        steps = [{"pipeline": "gpu", "layer": "serving", "step": "multiplied", "state": state}]
        found = {"date": "2026-11-24", "digest": proof.digest(catalog, "tinyapp"), "steps": steps}
        proof.write(catalog, "tinyapp", "process", found)
        assert str(proof.on_gpus(catalog, "tinyapp", {"process": proof.verdict(catalog, "tinyapp")})) == said
