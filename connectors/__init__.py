"""Connectors: a folder per kind of source, each reachable only through its entry point."""
