"""The hub: everything between a source and an intranet."""
