"""The nouns: frozen, strict about unknown keys, and without any I/O."""
