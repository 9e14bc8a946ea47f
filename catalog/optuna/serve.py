"""Optuna's dashboard of the trials that TRIALS holds."""

import os

from optuna.storages import RDBStorage
from optuna_dashboard import run_server

if __name__ == "__main__":
    # Made here: given an address alone, the dashboard makes no tables.
    run_server(RDBStorage(os.environ["TRIALS"]), host=os.environ["HOST"], port=int(os.environ["PORT"]))
