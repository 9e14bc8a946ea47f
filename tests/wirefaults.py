"""What can be broken of a wire, by its interface; docs/wires.md says of everything else why it cannot be."""

PORT, PASSWORD, REVOKED, BUCKET, DATABASE = (
    "wrong port", "wrong password", "revoked grant", "bucket dropped", "database dropped",
)  # fmt: skip
FAULTS = {
    # Of the demo, broken by test_broken_wires.py.
    "postgres": (PORT, PASSWORD, REVOKED, DATABASE),
    "s3": (PORT, PASSWORD, REVOKED, BUCKET),
    "mlflow": (PORT, PASSWORD),
    "prefect": (PORT, PASSWORD),
    "evidently": (PORT, PASSWORD),
    "dask": (PORT,),
    "inference-v2": (PORT,),
    "metrics": (PORT,),
    "web": (PORT,),
    # Of other tools, broken by test_other_wires.py.
    "aim": (PORT,),
    "alerta": (PORT, PASSWORD),
    "alertmanager": (PORT, PASSWORD),
    "alerts": (PORT, PASSWORD),
    "bentoml": (PORT, PASSWORD),
    "chroma": (PORT,),
    "dagster": (PORT,),
    "doccano": (PORT, PASSWORD),
    "feast": (PORT,),
    "ipyparallel": (PORT, PASSWORD),
    "jupyter": (PORT, PASSWORD),
    "keycloak": (PORT, PASSWORD),
    "label-studio": (PORT, PASSWORD),
    "litserve": (PORT, PASSWORD),
    "luigi": (PORT,),
    "mysql": (PORT, PASSWORD, REVOKED, DATABASE),
    "mysql-audit": (PORT, PASSWORD),
    "opa": (PORT, PASSWORD),
    "prometheus": (PORT, PASSWORD),
    "pushgateway": (PORT, PASSWORD),
    "redis": (PORT, PASSWORD),
    "spark": (PORT, PASSWORD),
    "tensorboard": (PORT,),
    "trackio": (PORT, PASSWORD),
}
