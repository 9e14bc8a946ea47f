"""Makes a SPARK_HOME out of links to the package's: executors have their folders in it. `home.py PACKAGE HOME`."""

import sys
from pathlib import Path


def main(package, home):
    home.mkdir(parents=True, exist_ok=True)
    for entry in package.iterdir():
        link = home / entry.name
        if link.is_symlink():
            link.unlink()
        if entry.name != "work":
            link.symlink_to(entry)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
