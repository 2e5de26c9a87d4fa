"""The demo: TOPdesk, intranet and hub on this machine, one Dutch morning, live or in numbers."""

from hub.sandbox.demo.live import live
from hub.sandbox.demo.report import DemoReport
from hub.sandbox.demo.running import run
from hub.sandbox.demo.scene import Scene
from hub.sandbox.demo.telling import once

__all__ = ["DemoReport", "Scene", "live", "once", "run"]
