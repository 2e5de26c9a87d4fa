"""Node-RED's flow: nodes and wires around the functions in `programs/nodered`."""

import json
from pathlib import Path
from typing import Any

TAB = "sync"


def flow(functions: Path) -> str:
    """The flow as Node-RED keeps it in a file."""
    nodes = [
        {"id": TAB, "type": "tab", "label": TAB},
        _comes("sync", "post", "start", "sync-taken"),
        _node("sync-taken", "http response", statusCode="202"),
        _does(functions, "start", "get"),
        _asks("get", "GET", "fan"),
        _does(functions, "fan", "send"),
        _asks("send", "POST", "done"),
        _does(functions, "done", "get"),
        _comes("status", "get", "status"),
        _does(functions, "status", "status-told"),
        _node("status-told", "http response", statusCode=""),
        _comes("hook", "post", "hook"),
        _does(functions, "hook", "hook-send", "hook-taken"),
        _asks("hook-send", "POST"),
        _node("hook-taken", "http response", statusCode="202"),
    ]
    return json.dumps(nodes, indent=1)


def _node(name: str, kind: str, *wires: list[str], **given: Any) -> dict[str, Any]:
    place = {"z": TAB, "x": 100, "y": 100, "name": ""}
    return {"id": name, "type": kind, "wires": [*wires], **place, **given}


def _comes(path: str, method: str, *to: str) -> dict[str, Any]:
    return _node(f"in-{path}", "http in", [*to], url=f"/{path}", method=method, upload=False)


def _does(functions: Path, name: str, *to: str) -> dict[str, Any]:
    code = (functions / f"{name}.js").read_text("utf-8")
    wires = [[one] for one in to]
    return _node(name, "function", *wires, func=code, outputs=len(to))


def _asks(name: str, method: str, *to: str) -> dict[str, Any]:
    return _node(name, "http request", [*to], method=method, ret="obj", url="", persist=True)
