"""Exit 0 when the scheduler knows an assistant: then somebody runs what it is given. `ready.py URL`."""

import json
import sys
import urllib.request


def main(url):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{url}/api/worker_list", timeout=5) as answer:
        workers = json.load(answer)["response"]
    if not any(worker.get("assistant") for worker in workers):
        sys.exit("the scheduler has no assistant yet")


if __name__ == "__main__":
    main(sys.argv[1])
