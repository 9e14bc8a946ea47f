"""Java libraries and archives from Maven repositories: `group:artifact:version[:type[:classifier]]`.

A plain one brings all it needs; of one with a type only the archive itself comes, unpacked where it is one.
`!group:artifact` leaves a dependency out everywhere.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

from stackwright.runtime.flock import locked
from stackwright.runtime.program import ProgramError
from stackwright.runtime.sources.unpack import unpack
from stackwright.runtime.sources.work import Work

PROGRAMS = ("mvn",)
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_UNPACKED = (".zip", ".tar.gz")


def install(work: Work) -> dict[str, str]:
    """Put the libraries into `maven/lib` and unpack the archives into `maven`; the answer is their hashes."""
    files = _fetch(work)
    got = _hashes(files)
    if work.lock and work.lock.read_text(encoding="utf-8") != _text(got):
        differing = sorted({*_text(got).splitlines()} ^ {*work.lock.read_text(encoding="utf-8").splitlines()})
        hint = "look what has changed; if that is wanted\n    stack catalog lock TOOL"
        raise work.refuse(f"what `{work.lock}` says, and something else came: `{differing[0]}`.", hint)
    library = work.part / "maven" / "lib"
    library.mkdir(parents=True)
    for file in files:
        if file.name.endswith(_UNPACKED):
            unpack(file, work.part / "maven")
        else:
            file.rename(library / file.name)
    return got


def lock(work: Work) -> str:
    """The hashes of everything that comes."""
    return _text(_hashes(_fetch(work)))


def _fetch(work: Work) -> list[Path]:
    (work.scratch / "pom.xml").write_text(_pom(work), encoding="utf-8")
    place = work.scratch / "got"
    work.tell(f"fetching {', '.join(word for word in work.wanted if not word.startswith('!'))}")
    words = ["--batch-mode", f"-Dmaven.repo.local={work.cache}", "-DincludeScope=runtime", f"-DoutputDirectory={place}"]

    def said(line: str) -> None:
        if match := re.match(r"Downloaded from \S+: \S+/(\S+\.(?:jar|zip|tar\.gz)) \((.+?) at", line):
            work.tell(f"downloaded {match[1]}, {match[2]}")

    with locked(work.cache / "lock", work.cancel):  # Maven's own store is for one at a time
        # Else Java leaves a folder in the machine's /tmp.
        options = f"{os.environ.get('MAVEN_OPTS', '')} -XX:-UsePerfData -Djava.io.tmpdir={work.scratch}".strip()
        try:
            work.run("mvn", *words, _PLUGIN, env={**os.environ, "MAVEN_OPTS": options}, said=said)
        except ProgramError as error:
            errors = [line for line in error.tail.splitlines() if line.startswith("[ERROR]")][:3] or [error.tail[-500:]]
            hint = "see what Maven can reach with\n    mvn dependency:get -Dartifact=GROUP:ARTIFACT:VERSION"
            raise work.refuse(f"{', '.join(work.wanted)} from Maven.", hint, "\n".join(errors)) from error
    return sorted(place.iterdir())


def _pom(work: Work) -> str:
    left_out = [word[1:].split(":") for word in work.wanted if word.startswith("!")]
    items = [_dependency(word.split(":"), left_out) for word in work.wanted if not word.startswith("!")]
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>stackwright</groupId><artifactId>environment</artifactId><version>1</version>"
        f"<packaging>pom</packaging><dependencies>{''.join(items)}</dependencies></project>"
    )


def _dependency(parts: list[str], left_out: list[list[str]]) -> str:
    names = ("groupId", "artifactId", "version", "type", "classifier")
    # With a type it is an archive that holds what it needs.
    excluded = left_out if len(parts) == 3 else [["*", "*"]]
    exclusions = "".join(
        f"<exclusion><groupId>{group}</groupId><artifactId>{artifact}</artifactId></exclusion>"
        for group, artifact in excluded
    )
    own = "".join(f"<{name}>{part}</{name}>" for name, part in zip(names, parts, strict=False))
    return f"<dependency>{own}<exclusions>{exclusions}</exclusions></dependency>"


def _hashes(files: list[Path]) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _text(hashes: dict[str, str]) -> str:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
