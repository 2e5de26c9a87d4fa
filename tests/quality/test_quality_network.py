"""Connectors and targets have one way out: the client that the context makes."""

import ast

import pytest

OTHER_WAYS = {
    "aiohttp", "ftplib", "http", "httpcore", "httpx", "ldap3", "paramiko", "pyreqwest", "requests",
    "smtplib", "socket", "ssl", "subprocess", "urllib3", "websockets",
}  # fmt: skip
LDAP = "a directory speaks no HTTP: ldap3, with the same trust (hub.http.tls_context)"
TALKING = ("asking.py", "dial.py", "faults.py", "kerberos.py", "reader.py", "session.py")
EXEMPT = {"ldap": dict.fromkeys(TALKING, LDAP)}
INSIDE_URLLIB = "urllib.request"


def modules(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{one.name}" for one in node.names)


def ways(path):
    return {
        name
        for name in modules(path)
        if name.partition(".")[0] in OTHER_WAYS or name.startswith(INSIDE_URLLIB)
    }


def files(folder):
    for path in sorted(folder.rglob("*.py")):
        if "sandbox" not in path.parts and path.name != "sandbox.py":
            yield path


def test_the_only_way_out_is_the_context(plugin):
    found = {path.name: ways(path) for path in files(plugin)}
    assert found, "no file was looked at"
    others = {name for name, said in found.items() if said}
    assert others == EXEMPT.get(plugin.name, {}).keys()


@pytest.mark.parametrize(
    "line", ["import httpx", "from urllib import request", "import urllib.request", "import socket"]
)
def test_another_way_out_would_be_found(tmp_path, line):
    path = tmp_path / "client.py"
    path.write_text(f"def ask():\n    {line}\n")
    assert ways(path)
