"""Pins: what is one exact version of one package, and nothing else."""

import pytest

from stackwright.model.requirement import Requirement


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("pandas==3.1.1", "pandas", "3.1.1"),
        ("Scikit_Learn == 1.9.1", "scikit-learn", "1.9.1"),
        ("psycopg[binary,pool]==3.3.2", "psycopg", "3.3.2"),
        ("torch==2.9.0+cpu", "torch", "2.9.0+cpu"),
        ("a==1.0rc1", "a", "1.0rc1"),
        ("a==1.0.post1", "a", "1.0.post1"),
        ('tomli==2.0; python_version < "3.11"', "tomli", "2.0"),
        ("a==1; sys_platform == 'linux' and python_version >= '3.12'", "a", "1"),
    ],
)
def test_pins(text: str, name: str, version: str) -> None:
    """A pin is read with its normalised name, and kept as it was written."""
    requirement = Requirement.parse(text)
    assert requirement is not None
    assert (requirement.name, requirement.version, requirement.text) == (name, version, text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "pandas", "pandas>=2", "pandas==3.*", "pandas===3", "pandas==3,<4", "pandas==3 numpy==2", "pandas~=2.1"),
        *(
            "-r other.txt",
            "--index-url=https://x",
            "-e .",
            "./pandas",
            "../pandas==1",
            "/tmp/pandas==1",
            "pandas @ file:///x",
        ),
        *(
            "git+https://x/y",
            "https://x/y.whl",
            "pandas==1\n-r x",
            "pandas==1\n",
            "pandas==1 --hash=sha256:0",
            "pandas==1 # x",
        ),
        *(
            "pandas==1;",
            "pandas==1; import os",
            "a" * 400 + "==1",
            "pandas==1; python_version < '3' --pre",
            "pänd==1",
            "a==1\0",
        ),
    ],
)
def test_everything_else(text: str) -> None:
    """Ranges, wildcards, URLs, paths, options, second lines and comments are not pins."""
    assert Requirement.parse(text) is None
