"""The use cases as functions: what a command does, without its options and its printing. Also the Python API."""
