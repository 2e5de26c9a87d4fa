"""What each connector and target promises is complete, and what is done can be shown."""

import re

from docs import generate
from docs.quality import page
from hub.testing.quality import Done, Exempt, Todo, load, quality_faults


def test_every_promise_is_done_to_do_or_exempt(plugin, kind, root):
    path = plugin / "quality.yaml"
    assert quality_faults(path, root) == []
    assert load(path).kind == kind


def test_limits_say_what_was_never_tried(plugin):
    """Whoever was never on a real server says so to who reads the README."""
    promise = load(plugin / "quality.yaml").rules["real-server"]
    limits = (plugin / "README.md").read_text("utf-8").split("## Known limits")[1]
    said = re.search(r"tried on a real|[Nn]o real \w+ is known", limits)
    assert bool(said) == isinstance(promise, Todo)


def test_the_page_shows_every_promise(root):
    text = (root / "docs/reference/quality.md").read_text("utf-8")
    assert text == page(generate.bundled()).rstrip() + "\n"
    section = text.split("## `topdesk`")[1].split("\n## ")[0]
    promises = load(root / "connectors/topdesk/quality.yaml").rules
    for name, promise in promises.items():
        [row] = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"| {promise.status} |" in row
        if isinstance(promise, Done):
            assert promise.shown_by[0].rpartition("::")[2] in row
        elif isinstance(promise, Exempt):
            assert promise.reason in row
