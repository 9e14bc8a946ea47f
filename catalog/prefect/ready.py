"""Exit 0 when the worker polls its pool: the server then says that the pool is READY. `ready.py POOL`."""

import base64
import json
import os
import sys
import urllib.request


def main(pool):
    login = base64.b64encode(os.environ["PREFECT_API_AUTH_STRING"].encode()).decode()
    url = f"{os.environ['PREFECT_API_URL']}/work_pools/{pool}"
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {login}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            status = json.load(answer)["status"]
    except OSError as error:
        sys.exit(f"{url}: {error}")
    if status != "READY":
        sys.exit(f"the pool is {status}")


if __name__ == "__main__":
    main(sys.argv[1])
