"""Any SCIM 2.0 server (RFC 7643, RFC 7644)."""

from hub.targets.scim.settings import ScimSettings
from hub.targets.scim.target import ScimTarget

__all__ = ["ScimSettings", "ScimTarget"]
