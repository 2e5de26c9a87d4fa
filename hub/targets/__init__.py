"""Targets: one folder per kind of intranet, all with the same shape as connectors."""
