"""Login: ask for the server's version, which it tells nobody else."""

from stackwright_job import http


def probe(fields):
    """Ask for the server's version, which it tells nobody else."""
    url = f"{fields['DATAROBOT_ENDPOINT'].rstrip('/')}/version/"
    found = http.call("GET", url, headers={"Authorization": f"Token {fields['DATAROBOT_API_TOKEN']}"})
    return f"the server speaks API {found['versionString']}"
