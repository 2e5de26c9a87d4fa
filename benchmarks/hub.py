"""The hub as a user would run it: a folder of YAML, a plug-in of others, the command `hub`."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from benchmarks.sides import Command, Hook, Setting, Side
from benchmarks.works import Work

PLUGIN = Path(__file__).parent / "hubside"
PACKAGE = "intranet_hub_bench"
PROGRAM = Path(sys.executable).with_name("hub")
SECRET = "no-secret-at-all"  # noqa: S105  both ends are on loopback, for a minute

HUB_YAML = """\
store: sqlite:///hub.db
organisation: Benchmark
web: {{ port: {port} }}
targets:
  sink:
    target: bench-sink
    settings: {{ url: "{sink}", batch: {batch}, at_once: {at_once} }}
"""
INSTANCE_YAML = """\
connector: bench-source
mode: live
targets: [sink]
settings: {{ url: "{url}", deltas: {deltas}, inbox: {inbox} }}
"""
RECEIVES_YAML = """\
receive: { secret: "${env:BENCH_SECRET}" }
"""


class Hub(Side):
    """This project, with its durable store on SQLite as it comes."""

    name = "hub"
    title = "**the hub**"
    peer = False

    def takes(self, work: Work) -> bool:
        """Everything."""
        del work
        return True

    def prepare(self, setting: Setting) -> None:
        """Write the configuration and install the plug-in beside it."""
        install(setting.state / "site")
        config = setting.state / "config"
        (config / "connectors").mkdir(parents=True)
        text = HUB_YAML.format(
            port=setting.port, sink=setting.sink, batch=setting.batch, at_once=setting.at_once
        )
        (config / "hub.yaml").write_text(text, "utf-8")
        for name, body in _instances(setting):
            (config / "connectors" / f"{name}.yaml").write_text(body, "utf-8")

    def sync(self, setting: Setting) -> Command:
        """`hub sync`."""
        return self._hub(setting, "sync", "--timeout", "900")

    def serve(self, setting: Setting) -> Command:
        """`hub run`."""
        return self._hub(setting, "run")

    def profiled_imports(self, setting: Setting) -> Command:
        """`hub sync`, with what each import took."""
        words = (sys.executable, "-X", "importtime", str(PROGRAM), "sync", *_config(setting))
        return Command(words, _env(setting))

    def hook(self, setting: Setting) -> Hook:
        """The receiving end of the instance."""
        path = "/in/records/inbox"
        return Hook(f"http://127.0.0.1:{setting.port}", path, {"x-hub-secret": SECRET})

    def rejected(self, setting: Setting) -> set[str]:
        """The dead letters, as `hub dead-letters list` says them."""
        command = self._hub(setting, "dead-letters", "list", "--json")
        done = subprocess.run(
            command.words, env=command.env, capture_output=True, text=True, check=True
        )
        return {row["key"].rpartition(".")[2] for row in json.loads(done.stdout)}

    def _hub(self, setting: Setting, *words: str) -> Command:
        return Command((str(PROGRAM), *words, *_config(setting)), _env(setting))


def _config(setting: Setting) -> tuple[str, str]:
    return "--config", str(setting.state / "config" / "hub.yaml")


def _env(setting: Setting) -> dict[str, str]:
    return setting.env() | {"PYTHONPATH": str(setting.state / "site"), "BENCH_SECRET": SECRET}


def _instances(setting: Setting) -> list[tuple[str, str]]:
    if setting.parts == 1:
        more = RECEIVES_YAML if setting.receives else ""
        return [("records", _instance(setting, setting.source) + more)]
    urls = [f"{setting.source}/parts/{part}" for part in range(setting.parts)]
    return [(f"part-{number}", _instance(setting, url)) for number, url in enumerate(urls)]


def _instance(setting: Setting, url: str) -> str:
    deltas, inbox = str(setting.deltas).lower(), str(setting.receives).lower()
    return INSTANCE_YAML.format(url=url, deltas=deltas, inbox=inbox)


def install(site: Path) -> None:
    """Put the plug-in into a folder, as an installer does: its code and its entry points."""
    shutil.copytree(PLUGIN / PACKAGE, site / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text("utf-8"))["project"]
    info = site / f"{PACKAGE}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(head, "utf-8")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")
