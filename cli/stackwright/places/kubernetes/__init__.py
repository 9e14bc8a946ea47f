"""Kubernetes: the same recipe in a cluster. What the use cases ask; the client is loaded when one is spoken to."""
