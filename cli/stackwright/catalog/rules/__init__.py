"""The rules of a catalog entry, proven from its files alone: nothing is run, installed or asked."""
