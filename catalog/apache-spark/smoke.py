"""Spark's verbs, spoken with its Connect client."""

import pickle
from functools import cache
from pathlib import Path

from pyspark import cloudpickle
from pyspark.sql import SparkSession
from pyspark.sql.functions import udf

from stackwright_job import http
from stackwright_job.entry import load_module


def map(ctx, module, function, items):
    """`function` of the file `module` applied to every item on the executors; `workers` says which one did which."""
    loaded = load_module(Path(module), Path(module).stem)
    cloudpickle.register_pickle_by_value(loaded)  # the executors have no such module
    work = getattr(loaded, function)

    def on_executor(item):
        import os
        from urllib.parse import parse_qs, urlsplit

        # Spark tells every executor where its log is shown, and there its id.
        log = parse_qs(urlsplit(os.environ["SPARK_LOG_URL_STDERR"]).query)
        return pickle.dumps((work(pickle.loads(item)), log["executorId"][0]))

    spark = _connected(ctx.endpoints["connect"]["url"])
    rows = spark.createDataFrame([(n, pickle.dumps(item)) for n, item in enumerate(items)], "n int, item binary")
    # A partition an item, as far as the hash of its number allows.
    done = rows.repartition(len(items), "n").select("n", udf(on_executor, "binary")("item").alias("done")).collect()
    answers = [pickle.loads(row.done) for row in sorted(done, key=lambda row: row.n)]
    return {"results": [result for result, _ in answers], "workers": [executor for _, executor in answers]}


def workers(ctx):
    """The ids of the executors that are there, as the driver knows them."""
    api = f"{ctx.endpoints['connect']['ui']}/api/v1/applications"
    (application,) = http.call("GET", api)
    executors = http.call("GET", f"{api}/{application['id']}/executors")
    return {"ids": sorted(one["id"] for one in executors if one["id"] != "driver")}


@cache
def _connected(url):
    # Without TLS its client shows a token only to a host of this name.
    return SparkSession.builder.remote(url.replace("//127.0.0.1:", "//localhost:")).create()
