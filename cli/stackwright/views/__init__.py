"""What people and programs see: pages of text, JSON envelopes, live progress. The only room that prints.

Everything but the live progress is standard library only, so that a command prints as soon as it knows.
"""
