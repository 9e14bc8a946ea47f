"""Every benchmark, one after the other; each prints ratios of one run, with the load they were taken under."""

import subprocess
import sys
from pathlib import Path

for name in ("startup.py", "planning.py", "demo.py"):
    print(f"== {name}", flush=True)
    subprocess.run([sys.executable, Path(__file__).parent / name], check=True)
