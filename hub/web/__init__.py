"""The hub's own pages: tiles for everyone who knows their address, health for this machine."""
