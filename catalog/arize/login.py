"""Login: list spaces."""

from stackwright_job import http


def probe(fields):
    """List spaces."""
    url = f"https://{fields['ARIZE_API_HOST']}/v2/spaces"
    found = http.call("GET", url, headers={"Authorization": f"Bearer {fields['ARIZE_API_KEY']}"})
    return f"the key sees {len(found['spaces'])} spaces"
