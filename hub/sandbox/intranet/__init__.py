"""A sandbox intranet: the reference open API with real pages, for demonstrations and tests."""

from hub.sandbox.intranet.app import IntranetEntry, IntranetSandbox
from hub.sandbox.intranet.faults import Fault
from hub.sandbox.intranet.options import Account, IntranetOptions
from hub.sandbox.intranet.transport import InProcessTransport

__all__ = [
    "Account",
    "Fault",
    "InProcessTransport",
    "IntranetOptions",
    "IntranetSandbox",
    "sandbox",
]

sandbox = IntranetEntry()
