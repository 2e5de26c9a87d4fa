"""Text from outside made plain."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.events.text import cut, plain_text, strip_markup, visible


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("E-mail niet bereikbaar", "E-mail niet bereikbaar"),
        ("  veel \t wit\r\n hier\u00a0ook ", "veel wit hier ook"),
        ("Prijs < 5 & meer > 3", "Prijs < 5 & meer > 3"),
        ("R&amp;D ligt plat", "R&D ligt plat"),
        ("<b>Webmail</b> werkt<br>wel", "Webmail werkt wel"),
        ("Documenten <script>alert('x')</script> openen niet", "Documenten openen niet"),
        ("<style>b{}</style>Storing", "Storing"),
        ("<img src=x onerror=alert(1)>Printer", "Printer"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Printer", "Printer"),
        ("&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;Printer", "Printer"),
        ("&lt;&#x200b;script&gt;alert(1)&lt;/script&gt;Printer", "Printer"),
        ("a\u202eb\u2066c\u200ed\ufeffe\x00f\x07", "abcdef"),
        ("half \ud83d teken", "half teken"),
        ("e\u0301", "\u00e9"),
        ("", ""),
    ],
)
def test_text_becomes_plain(source, shown):
    assert plain_text(source, 120) == shown


@pytest.mark.parametrize(
    ("source", "maximum", "shown"),
    [
        ("twaalf tekens", 13, "twaalf tekens"),
        ("twaalf tekens.", 13, "twaalf teken\u2026"),
        ("a \U0001f469\u200d\U0001f469\u200d\U0001f467 b", 5, "a\u2026"),
        ("ab\u26a0\ufe0fcd", 4, "ab\u2026"),
        ("ab\U0001f44d\U0001f3fdcd", 4, "ab\u2026"),
    ],
)
def test_a_cut_never_falls_inside_one_sign(source, maximum, shown):
    assert cut(source, maximum) == shown


@given(st.text(st.characters(), max_size=60), st.integers(2, 40))
def test_whatever_comes_is_one_bounded_printable_line(source, maximum):
    shown = plain_text(source, maximum)
    assert len(shown) <= maximum
    assert shown == shown.strip()
    shown.encode()
    hidden = {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert hidden <= {"\u200c", "\u200d"}


@given(
    st.lists(st.sampled_from(["<", ">", "script", "/", "&lt;", "&gt;", "&amp;", "\u200b", "a "]))
)
def test_no_pieces_make_a_tag(pieces):
    assert "<script" not in plain_text("".join(pieces), 500)


@given(st.text(st.characters(max_codepoint=0x17E), max_size=60))
def test_the_short_way_for_harmless_text_comes_to_the_same(text):
    assert plain_text(text, 50) == cut(" ".join(strip_markup(visible(text)).split()), 50)
