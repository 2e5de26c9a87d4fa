"""The hub's own pages as a target without a network."""

from hub.targets.web.target import WebSettings, WebTarget

__all__ = ["WebSettings", "WebTarget"]
