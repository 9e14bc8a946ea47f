"""Exit 0 when the controller answers and knows that many engines. `ready.py CONNECTION_FILE ENGINES`."""

import sys
from pathlib import Path

import ipyparallel


def main(file, engines):
    if not Path(file).exists():
        sys.exit("the controller has not written its connection file yet")
    client = ipyparallel.Client(file, timeout=5)
    if len(client.ids) < engines:
        sys.exit(f"the controller knows {len(client.ids)} engines, not {engines}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
