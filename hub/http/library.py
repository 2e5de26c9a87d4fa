"""httpx without its command line, which would bring click, rich and pygments into every start."""

import sys
from typing import Any

_COMMAND_LINE = "httpx._main"


def _without(modules: dict[str, Any], name: str) -> bool:
    """Whether from now on this module counts as not installed; one that is loaded stays."""
    return modules.setdefault(name, None) is None


_left_out = _without(sys.modules, _COMMAND_LINE)
try:
    import httpx  # what can't be imported there it does without, as where the parts are missing
finally:
    if _left_out:
        del sys.modules[_COMMAND_LINE]

__all__ = ["httpx"]
