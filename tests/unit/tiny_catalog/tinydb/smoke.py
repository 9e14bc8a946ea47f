"""tinydb's verbs."""

from stackwright_job import http


def write_rows(ctx, table, rows):
    """Put the rows into a table of that name made anew."""
    return _call(ctx, "PUT", table, {"rows": rows})


def read_rows(ctx, table):
    """All rows of that table."""
    return _call(ctx, "GET", table)


def _call(ctx, method, table, body=None):
    fields = ctx.endpoints["sql"]
    url = f"http://{fields['host']}:{fields['port']}/tables/{table}"
    return http.call(method, url, body, user=(fields["username"], fields["password"]), timeout=ctx.left)
