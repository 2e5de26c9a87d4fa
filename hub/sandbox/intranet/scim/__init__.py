"""SCIM 2.0 (RFC 7643, RFC 7644) over the same persons and groups, below `/scim/v2`."""

from hub.sandbox.intranet.scim.app import scim_app

__all__ = ["scim_app"]
