"""Luigi's assistant: a worker without tasks of its own that runs whatever the scheduler has. `worker.py JOBS`."""

import sys

import luigi

if __name__ == "__main__":
    luigi.build([], assistant=True, workers=int(sys.argv[1]))
