"""Exit 0 when the driver has that many executors, and its server listens. `ready.py UI EXECUTORS HOST PORT`."""

import json
import socket
import sys
import urllib.request

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def main(ui, wanted, host, port):
    applications = _get(f"{ui}/api/v1/applications")
    if not applications:
        sys.exit("the driver has not started its application yet")
    executors = _get(f"{ui}/api/v1/applications/{applications[0]['id']}/executors")
    there = [executor for executor in executors if executor["id"] != "driver" and executor["isActive"]]
    if len(there) < wanted:
        sys.exit(f"the driver has {len(there)} executors, not {wanted}")
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        sys.exit(f"the server does not listen yet: {error}")


def _get(url):
    try:
        with _OPENER.open(url, timeout=5) as answer:
            return json.load(answer)
    except OSError as error:
        sys.exit(f"{url}: {error}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
