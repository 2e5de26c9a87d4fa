"""Any intranet that serves the reference open API."""

from hub.targets.openintranet.models import OpenIntranetSettings
from hub.targets.openintranet.target import OpenIntranetTarget

__all__ = ["OpenIntranetSettings", "OpenIntranetTarget"]
