"""Into a pipe the hub writes without rich, and the same."""

import io
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.pen import Plain
from hub.cli.rich_pen import RichPen

NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=10)
WORDS = st.text(string.ascii_letters + string.digits + " -:./[]", max_size=14)
CELLS = st.one_of(WORDS, st.sampled_from(["Zürich", "日本語", "x" * 120]))


@st.composite
def tables(draw):
    width = draw(st.integers(1, 6))
    line = st.lists(CELLS, min_size=width, max_size=width)
    return draw(st.lists(NAMES, min_size=width, max_size=width)), draw(st.lists(line, min_size=1))


def written(kind, way, *words):
    out = io.StringIO()
    getattr(kind(out), way)(*words)
    return out.getvalue()


@given(tables())
def test_a_table_looks_as_rich_would_write_it(table):
    assert written(Plain, "table", *table) == written(RichPen, "table", *table)


@pytest.mark.parametrize("text", ["", "plain", "[bold]no markup[/]", ":smile: 日本語", "x" * 200])
def test_a_line_looks_as_rich_would_write_it(text):
    parts = (("failed  ", "red"), (text, ""))
    assert written(Plain, "line", *parts) == written(RichPen, "line", *parts)
