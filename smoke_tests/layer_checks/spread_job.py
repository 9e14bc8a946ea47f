"""The job that speaks to the compute engine: spread_job.py MODULE ITEMS; it says what came back."""

import json
import sys

from stackwright_job import layer

if __name__ == "__main__":
    items = json.loads(sys.argv[2])
    print(json.dumps(layer("compute-engine").map(module=sys.argv[1], function="square_slowly", items=items)))
