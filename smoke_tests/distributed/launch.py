"""The job: launch.py WORKERS starts them with torchrun, and says what each of them found on its last line."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

DEBIAN = Path(sys.prefix, "debian")  # where `jobs.debian` was unpacked


def main(workers: int) -> dict:
    """What the workers told, in the order of their ranks; `none` where there is no PyTorch to train with."""
    env = dict(os.environ, OMP_NUM_THREADS="1")
    if not importlib.util.find_spec("torch"):
        packages = DEBIAN / "usr" / "lib" / "python3" / "dist-packages"
        if not (packages / "torch").is_dir():
            return {"none": "the jobs have no `torch`: add it to `jobs.packages`, or `python3-torch` to `jobs.debian`"}
        if not list((packages / "torch").glob(f"_C.cpython-3{sys.version_info.minor}-*")):
            return {"none": f"Debian's `python3-torch` is for another Python than the jobs' 3.{sys.version_info.minor}"}
        env |= {"PYTHONPATH": f"{packages}:{env.get('PYTHONPATH', '')}", "LD_LIBRARY_PATH": _libraries()}
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = str(Path(__file__).with_name("worker.py"))
    started = ["--nnodes=1", f"--nproc_per_node={workers}", "--master_addr=127.0.0.1", f"--master_port={port}"]
    # What workers print goes to files, what they complain of to our log too. Said, because Debian's torch cannot read
    # its own defaults with Python 3.11.
    output = ["--redirects=1", "--tee=2", "--log_dir=torchrun"]
    subprocess.run([sys.executable, "-m", "torch.distributed.run", *started, *output, worker], env=env, check=True)
    ranks = [json.loads(Path(f"rank-{rank}.json").read_text(encoding="utf-8")) for rank in range(workers)]
    return {"torch": ranks[0].pop("torch"), "ranks": ranks}


def _libraries() -> str:
    """The folders of the libraries that came with it, alternatives to choose from too."""
    return ":".join(sorted({str(file.parent) for file in DEBIAN.rglob("lib*.so.*")}))


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
