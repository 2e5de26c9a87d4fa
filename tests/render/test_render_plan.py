"""The plan for a change board: complete, escaped, in both languages, without a script."""

import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from hub.render.plan import Hold, Line, PlanView, Source, Why, plan_html
from hub.render.plan_words import PLAN_WORDS
from hub.render.policy import digest

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
WHY = Why("desk.majors", "0d1b2c3a", "disturbances/everyone", NOW - timedelta(hours=1))


def body(nl: str, en: str, state: str = "open", **more):
    return {
        "title": {"nl": nl, "en": en},
        "state": state,
        "since": "2026-11-22T08:12:00Z",
        "audience": {"everyone": True},
        **more,
    }


def line(action, key, **more) -> Line:
    return Line(action, "intranet", "disturbances", "everyone", key, **more)


LINES = (
    line("create", "k1", after=body("E-mail", "Mail"), blocked="watch", whys=(WHY,)),
    line(
        "update",
        "k2",
        before=body("Telefonie", "Phones"),
        after=body("Telefonie", "Phones", "solved", solved_at="2026-11-22T09:30:00Z"),
        whys=(WHY,),
    ),
    line("remove", "k3", before=body("Zaken", "Cases"), whys=(replace(WHY, removed="demoted"),)),
    line("withheld", "k4", after=body("Wifi", "Wi-Fi")),
    line("stay", "k5", after=body("Printers", "Printing")),
)
VIEW = PlanView(
    organisation="Gemeente Voorbeeld",
    made_at=NOW,
    version="0.1.0",
    time_zone="Europe/Amsterdam",
    fingerprint="a1b2c3d4e5f6",
    sources=[Source("desk", "Servicedesk", "topdesk", "pilot", "0123456789ab")],
    readings={"desk.majors": "", "other.majors": "It does not answer."},
    lines=LINES,
    holds=[Hold("9f8e7d", "desk", "configuration", 1, NOW, [body("Balie", "Counter")], True)],
    titles={"disturbances": {"nl": "Storingen", "en": "Disturbances"}},
)


class Reader(HTMLParser):
    """The words of a page, its tags, and whether they close."""

    VOID = frozenset({"meta", "br"})

    def __init__(self):
        super().__init__()
        self.tags, self.open, self.said = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.said.append(data)


def read(view=VIEW, language="nl") -> tuple[str, Reader]:
    reader = Reader()
    reader.feed(plan_html(view, language=language))
    assert reader.open == []
    return " ".join(" ".join(reader.said).split()), reader


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "nl",
            [
                "Plan voor Gemeente Voorbeeld",
                "Gemaakt 22 november 11:00 (Europe/Amsterdam) door intranet-hub 0.1.0.",
                "Storingen, voor iedereen",
                "+ Nieuw E-mail (open)",
                "Gaat nu niet door: de modus is `watch`.",
                "~ Gewijzigd Telefonie (opgelost)",
                "stand was open wordt opgelost",
                "opgelost was leeg wordt 22 november 10:30",
                "\N{MINUS SIGN} Weg Zaken",
                "in de bron verdwenen (demoted)",
                "Oorzaak: 0d1b2c3a uit desk.majors, via route disturbances/everyone",
                "Achtergehouden Wifi",
                "9f8e7d configuratie van desk, 1 object(en)",
                "ontstaat zodra de hub met deze configuratie start",
                "Balie (iedereen)",
                "Printers (open)",
                "a1b2c3d4e5f6",
                "topdesk, modus pilot",
                "0123456789ab",
                "niet gelezen: It does not answer.",
            ],
        ),
        (
            "en",
            [
                "Plan for Gemeente Voorbeeld",
                "Disturbances, for everyone",
                "+ New Mail (open)",
                "Not now: the mode is `watch`.",
                "state was open becomes solved",
                "Withheld Wi-Fi",
                "Counter (everyone)",
                "Printing (open)",
            ],
        ),
    ],
)
def test_the_page_says_all_of_it(language, said):
    text, reader = read(language=language)
    assert [one for one in said if one not in text] == []
    assert dict(reader.tags)["html"]["lang"] == language


def test_the_counts_stand_in_words():
    text, _ = read()
    counts = "2 Nieuw 1 Gewijzigd 1 Weg 1 Wacht op besluit 1 Achtergehouden 1 Blijft gelijk"
    more = replace(VIEW, lines=(*LINES, line("create", "k6", after=body("X", "X"))))
    assert counts in read(more)[0]
    assert counts not in text


def test_it_has_no_script_and_asks_for_nothing():
    page = plan_html(VIEW, language="nl")
    _, reader = read()
    names = {name for name, _ in reader.tags}
    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "form", "a"})
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert "url(" not in style
    (policy,) = (
        attrs["content"]
        for name, attrs in reader.tags
        if name == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith(f"default-src 'none'; style-src {digest(style)};")


@pytest.mark.parametrize("place", ["title", "reason", "subject", "name", "organisation"])
def test_what_comes_from_outside_is_text_only(place):
    evil = '"><script>alert(1)</script>{since}{0}'
    bad = {
        "title": {"lines": (line("create", "k", after=body(evil, evil)),)},
        "reason": {"readings": {"desk.majors": evil}},
        "subject": {"lines": (replace(LINES[0], whys=(replace(WHY, subject=evil),)),)},
        "name": {"sources": [Source("desk", evil, "topdesk", "live", "f")]},
        "organisation": {"organisation": evil},
    }[place]
    text, reader = read(replace(VIEW, **bad))
    assert evil in text
    assert "script" not in {name for name, _ in reader.tags}


def test_an_empty_plan_says_so():
    empty = replace(VIEW, lines=(), holds=(), readings={}, sources=())
    text, _ = read(empty)
    assert "Er verandert niets." in text
    assert "Er staat nog niets op het intranet." in text
    assert "Er is geen bron gevraagd" in text
    assert "Wacht op een besluit" not in text


def test_a_long_hold_is_cut_and_counted():
    many = [body(f"Regel {number}", "x") for number in range(25)]
    text, _ = read(replace(VIEW, holds=[replace(VIEW.holds[0], size=25, bodies=many)]))
    assert "en nog 5" in text
    assert "Regel 19" in text
    assert "Regel 20" not in text


def test_both_languages_have_the_same_words_and_short_sentences():
    for language, words in PLAN_WORDS.items():
        other = PLAN_WORDS["en" if language == "nl" else "nl"]
        for field in fields(words):
            value = getattr(words, field.name)
            if isinstance(value, str):
                assert value, (language, field.name)
                assert all(len(part.split()) <= 15 for part in value.split(". ")), value
            else:
                assert value.keys() == getattr(other, field.name).keys()


def test_an_account_has_no_tile_and_says_why():
    told = [{"account": "hr/7", "stands": "ended", "at": "2026-11-30T23:00:00+00:00"}]
    why = {"code": "suspended", "accounts": told}
    before = {"display_name": "Noor van den Berg", "active": True}
    after = before | {"active": False}
    one = Line("update", "accounts", "", "", "p-1", before, after, person=why)
    page = plan_html(replace(VIEW, lines=[one], holds=[]), language="en")
    assert "<h4>People and groups</h4>" in page
    assert "No account is in force any more: hr/7 ended on 2026-11-30." in page
    assert "Noor van den Berg" in page
