"""Login: ask whose token it is."""

from stackwright_job import http


def probe(fields):
    """Ask whose token it is."""
    url = f"{fields['ANYSCALE_HOST'].rstrip('/')}/api/v2/userinfo/"
    found = http.call("GET", url, headers={"Cookie": f"cli_token={fields['ANYSCALE_CLI_TOKEN']}"})
    return f"the token is `{found['result']['email']}`'s"
