"""`python -m benchmarks.plan`: the plan of a whole organisation's people, from the store.

A made-up file of people is read by `hub sync` in a folder of its own; then the plan of all of them is
made and written as JSON, each time in a process of its own that does nothing else.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.works import MANY

ASKED_SECONDS = 1.0
ASKED_MB = 100.0
HUB = """store: sqlite:///hub.db
organisation: Bench
targets:
  intranet:
    target: openintranet
    settings: {url: "https://intranet.example.org", token: "${env:BENCH_TOKEN}"}
people:
  accounts: {intranet: manage}
"""
INSTANCE = "connector: csv\nname: HR\nmode: watch\nsettings: {folder: %s}\n"
HEADINGS = ("Personeelsnummer", "Roepnaam", "Tussenvoegsel", "Achternaam", "E-mail werk")
MORE = ("Afdeling", "Functie", "Gebruikersnaam")
MEASURE = """
import asyncio, gc, io, json, resource, sys, time
from contextlib import redirect_stdout
from datetime import UTC, datetime
from hub.cli import COLLECT
from hub.cli.output import Output
from hub.engine import reconcile
from hub.store.store import Store

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def measure(tx):
    before, wall, cpu = peak(), time.perf_counter(), time.process_time()
    found = reconcile.plan(tx, datetime.now(UTC))
    with redirect_stdout(io.StringIO()):
        Output(json=True).document(reconcile.as_json(found))
    taken = time.perf_counter() - wall, time.process_time() - cpu
    return {"steps": len(found.steps), "wall": taken[0], "cpu": taken[1], "mb": peak() - before}

async def main():
    gc.set_threshold(*COLLECT)
    store = await Store(sys.argv[1]).open()
    print(json.dumps(await store.read(measure)))
    await store.close()

asyncio.run(main())
"""


def fill(folder: Path, count: int) -> None:
    """An organisation of so many people, read once."""
    (folder / "connectors").mkdir()
    (folder / "files").mkdir()
    (folder / "hub.yaml").write_text(HUB)
    (folder / "connectors" / "hr.yaml").write_text(INSTANCE % (folder / "files"))
    with (folder / "files" / "people.csv").open("w", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow([*HEADINGS, *MORE])
        for one in range(count):
            name, mail = f"Achternaam{one}", f"user.{one}@example.org"
            team = f"Team {one % 200}"
            rows.writerow([100_000 + one, "Anna", "van der", name, mail, team, "Kassa", f"u{one}"])
    command = [str(Path(sys.executable).with_name("hub")), "sync", "--json"]
    environment = os.environ | {"BENCH_TOKEN": "made-up"}
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, env=environment)  # nosec B603


def measure(folder: Path) -> dict[str, float]:
    """One plan: steps, wall and cpu in seconds, mb of growth."""
    command = [sys.executable, "-c", MEASURE, f"sqlite:///{folder / 'hub.db'}"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # nosec B603
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.plan", description=__doc__)
    parser.add_argument("--count", type=int, default=MANY)
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as text:
        fill(Path(text), given.count)
        found = [measure(Path(text)) for _ in range(given.times)]
    for one in found:
        print(
            "{steps:.0f} lines: wall {wall:.2f} s, CPU {cpu:.2f} s, {mb:.0f} MB more".format(**one)
        )
    best = min(found, key=lambda one: one["wall"])
    print(
        f"best: {best['wall']:.2f} s (asked {ASKED_SECONDS:.0f}), "
        f"{best['mb']:.0f} MB (asked {ASKED_MB:.0f})"
    )


if __name__ == "__main__":
    main()
