"""Real directories to practise with: OpenLDAP and Active Directory (Samba), each in its own folder.

They are what others wrote, from packages of the operating system; here they are only configured
and started. They listen on loopback and on sockets in their folder, never touch the system's own
services, and stop with whoever started them.
"""

from connectors.ldap.sandbox.ldif import ldif
from connectors.ldap.sandbox.process import MissingError, Pem
from connectors.ldap.sandbox.samba import Samba
from connectors.ldap.sandbox.slapd import Slapd

__all__ = ["MissingError", "Pem", "Samba", "Slapd", "ldif"]
