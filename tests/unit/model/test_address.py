"""Names in Terraform: each thing has its own, and leads back to the thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackwright.model.address import module_name, subject_of

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,3}([-_][a-z0-9]{1,3}){0,2}", fullmatch=True)
SUBJECTS = st.builds(
    lambda kind, parts: kind + parts[0] + "".join(parts[1:]),
    st.sampled_from(["", "grant:", "environment:"]),
    st.tuples(NAMES, st.builds(str.__add__, st.sampled_from([".", ":"]), NAMES) | st.just("")),
)


@given(SUBJECTS, SUBJECTS)
def test_injective(one: str, other: str) -> None:
    """Two things never share a module, and a module's name leads back to its thing."""
    assert subject_of(module_name(one)) == one
    assert (module_name(one) == module_name(other)) == (one == other)


@pytest.mark.parametrize("name", ["a__b", "a--b", "a_.b", "a.-b:c--d", "1a", "", "a b", 'a"b', "ä"])
def test_names_that_would_not_lead_back(name: str) -> None:
    """A name that would not be one to one, or is no identifier, is refused."""
    with pytest.raises(ValueError, match="module's name"):
        module_name(name)
