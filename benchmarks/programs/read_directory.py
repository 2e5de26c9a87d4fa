"""Read a whole directory once, by one of the readers, and say what it cost.

python read_directory.py READER URL BIND PASSWORD BASE FILTER
"""

import gc
import json
import sys
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # of ldap3's imports

import ldap3  # noqa: E402  warnings are silenced before it

from connectors.ldap.access import Access, addresses  # noqa: E402  warnings are silenced before it
from connectors.ldap.client import DirectoryClient  # noqa: E402  warnings are silenced before it
from connectors.ldap.dial import dial  # noqa: E402  warnings are silenced before it
from hub.cli import COLLECT  # noqa: E402  warnings are silenced before it

ATTRIBUTES = ("*",)


def ours(access, base, condition):
    client = DirectoryClient(access)
    for page in client.entries(base, condition, ATTRIBUTES):
        yield len(page), sum(map(len, (entry.values for entry in page)))
    client.close()


def theirs(access, base, condition):
    """ldap3's own paged search, in the form that costs it least."""
    connection = dial(access, addresses(access)[0])
    found = connection.extend.standard.paged_search(
        base, condition, ldap3.SUBTREE, ldap3.DEREF_NEVER, list(ATTRIBUTES),
        paged_size=access.page_size, generator=True,
    )  # fmt: skip
    for each in found:
        if each["type"] == "searchResEntry":
            yield 1, len(each["raw_attributes"])
    connection.unbind()


def poll(access, base, condition):
    """What changed since a moment ago: nothing."""
    client = DirectoryClient(access)
    cookie = client.mark(base, condition, ("mail",))
    start()
    found = client.changes(base, condition, ("mail",), cookie)
    yield len(found.changed | found.deleted | found.left), 0
    client.close()


READERS = {"ours": ours, "ldap3": theirs, "poll": poll}
BEGAN = {}


def start():
    """From here on it counts; garbage is looked for as seldom as in the command `hub`."""
    gc.freeze()
    gc.set_threshold(*COLLECT)
    BEGAN.update(wall=time.perf_counter(), cpu=time.process_time(), memory=memory("VmRSS"))


def memory(name):
    """Memory of this process, in KiB; the most that it ever had is VmHWM."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def main(arguments):
    reader, url, bind, password, base, condition = arguments
    access = Access(urls=(url,), bind=bind, password=password, clear_text=True)
    start()
    entries = attributes = 0
    for some, many in READERS[reader](access, base, condition):
        entries += some
        attributes += many
    said = {
        "entries": entries,
        "attributes": attributes,
        "wall": time.perf_counter() - BEGAN["wall"],
        "cpu": time.process_time() - BEGAN["cpu"],
        "growth": (memory("VmHWM") - BEGAN["memory"]) / 1024,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1:])
