"""Trackio's server as an ASGI application."""

from trackio.server import build_starlette_app_only

app, _ = build_starlette_app_only()
