"""Run a command in namespaces of its own and prove that it left nothing: a census of everything before and after.

    python tests/isolated.py [--offline] [--user NAME] [--hide PATH]… [--allow PATH]… [--watch DIR]… -- COMMAND …

Its own processes, mounts with a private /tmp and /dev/shm, IPC and, with --offline, a network that is only loopback:
so the machine's other work disturbs neither the command nor the count. --hide takes a program or folder away. As an
ordinary user, which the command then runs as, it needs unprivileged user namespaces. Exits with the command's status,
or 4 when the census differs; what is at or below --allow (the declared caches) is not compared. Linux, with `unshare`
and `mount` from util-linux.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pwd
import resource
import socket
import struct
import subprocess
import sys
from pathlib import Path

import census

LEFTOVERS = 4
PRIVATE = ("/tmp", "/dev/shm")


def outside(options: argparse.Namespace) -> int:
    """Enter the namespaces and go on there as process 1."""
    unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--ipc"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    if options.offline:
        unshare.append("--net")
    again = [sys.executable, __file__, f"--inside={os.geteuid()}:{os.getegid()}", *sys.argv[1:]]
    return subprocess.run([*unshare, *again], check=False).returncode


def inside(options: argparse.Namespace) -> int:
    """Process 1: private folders, census, the command, census."""
    private_folders([Path.cwd(), Path(sys.prefix), Path(__file__).parent, *options.allow, *options.watch])
    for path in options.hide:
        hide(path)
    if options.offline:
        loopback_up()
    home = Path("/tmp/home")
    home.mkdir(mode=0o755)
    if options.user:
        account = pwd.getpwnam(options.user)
        os.chown(home, account.pw_uid, account.pw_gid)
    before = census.snapshot(options.watch, options.allow)
    status = run(options, home)
    left = census.diff(before, census.snapshot(options.watch, options.allow))
    for line in left:
        sys.stdout.write(f"census: {line}\n")
    if not left:
        counts = ", ".join(f"{len(there)} {kind}" for kind, there in before.items())
        sys.stdout.write(f"census: equal ({counts})\n")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)  # of everything: orphans come to process 1
    load = os.getloadavg()[0]
    sys.stdout.write(f"cpu: {spent.ru_utime + spent.ru_stime:.1f} s (load {load:.1f}, {os.cpu_count()} cores)\n")
    return status or (LEFTOVERS if left else 0)


def private_folders(visible: list[Path]) -> None:
    """Empty /tmp and /dev/shm, with what the command works in bound back to where it was."""
    handles = {p.resolve(): os.open(p, os.O_PATH) for p in visible if p.resolve().is_relative_to("/tmp") and p.exists()}
    for folder in PRIVATE:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", folder], check=True)
    for path in sorted(handles):
        if not path.exists():
            path.mkdir(parents=True)
            # Not canonical: by its own path it is the new, empty folder.
            bind = ["mount", "--no-canonicalize", "--bind", f"/proc/self/fd/{handles[path]}", str(path)]
            subprocess.run(bind, check=True, pass_fds=[handles[path]])
    for handle in handles.values():
        os.close(handle)


def hide(path: Path) -> None:
    """A folder becomes empty, a program nothing that can be run."""
    if path.is_dir():
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(path)], check=True)
    elif path.exists():
        subprocess.run(["mount", "--bind", "/dev/null", str(path)], check=True)


def loopback_up() -> None:
    """The one interface a new network namespace has is down at first."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14s", b"lo", 1, b"")  # IFF_UP
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


def run(options: argparse.Namespace, home: Path) -> int:
    """The command's exit status; as process 1 we collect every orphan, or they would look like leftovers."""
    env = {**os.environ, "HOME": str(home)}
    user: dict[str, object] = {}
    command = options.command
    uid, gid = options.inside.split(":")
    if options.user:
        account = pwd.getpwnam(options.user)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    elif uid != "0":  # we seem to be root here, and who started us is not
        command = ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--", *command]
    child = subprocess.Popen(command, env=env, **user)  # type: ignore[call-overload]
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child.pid:
            break
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    return os.waitstatus_to_exitcode(status)


def main() -> int:
    """Parse the words before `--`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offline", action="store_true", help="no network but loopback")
    parser.add_argument("--user", help="run the command as this user (needs root)")
    parser.add_argument("--allow", action="append", default=[], type=Path, metavar="PATH", help="not compared")
    parser.add_argument("--watch", action="append", default=[], type=Path, metavar="DIR", help="compared as well")
    parser.add_argument("--hide", action="append", default=[], type=Path, metavar="PATH", help="taken away")
    parser.add_argument("--inside", metavar="UID:GID", help=argparse.SUPPRESS)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    return inside(options) if options.inside else outside(options)


if __name__ == "__main__":
    sys.exit(main())
