"""Sandboxes that the hub ships: the intranet on the other side of the reference open API."""
