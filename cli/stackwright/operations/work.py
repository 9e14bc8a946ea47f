"""What Terraform does for a use case, and what is installed without it, with their progress turned into ours."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.model.report import Event, Progress

if TYPE_CHECKING:
    from stackwright.engine.run import Engine
    from stackwright.model.plan import Environment
    from stackwright.runtime.workspace import Workspace


def engine_of(workspace: Workspace, progress: Progress) -> Engine:
    """An engine whose provider reports what it installs, starts and waits for."""
    from stackwright.engine.run import Engine

    return Engine(workspace.root, workspace.terraform, teller(progress))


def install(environment: Environment, progress: Progress) -> Path:
    """Where the environment is, installed if it was not; Terraform finds it there."""
    from stackwright.runtime.install import ensure_environment

    return ensure_environment(environment.spec, teller(progress), threading.Event())


def install_job_library(workspace: Workspace) -> None:
    """Copy the package that jobs and workers import into the workspace, where every user's process can read it."""
    import stackwright_job

    source, to = Path(stackwright_job.__file__).parent, workspace.jobs / "lib" / "stackwright_job"
    shutil.copytree(source, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))


def teller(progress: Progress) -> Callable[[str, str, str], None]:
    """Progress as the engine and the provider tell it."""
    return lambda subject, phase, text: progress(Event(subject, phase, text))
