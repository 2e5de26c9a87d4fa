import base64
import hashlib
import re
from datetime import timedelta

import pytest

from hub.errors import BadConfigError
from hub.render.rows import clip
from hub.render.tile import MAX_BYTES, note_html, tile_html
from hub.render.view import ServiceDesk

PORTAL = {"rel": "details", "href": "https://portal.example.org/major/1?a=1&b=2"}
FOLLOW = {"rel": "subscribe", "href": "https://portal.example.org/major/1/follow"}


@pytest.fixture
def shown(view, read, now):
    def render(language="nl", at=now, **changes):
        return read(tile_html(view(**changes), language=language, now=at).html)

    return render


def test_calm_says_that_nothing_was_reported_and_where_to_turn(shown):
    dutch, english = shown().text, shown("en").text
    assert "Geen gemelde storingen" in dutch
    assert "ma-vr 8-17 uur" in dutch
    assert "088 123 45 67" in dutch
    assert "Bijgewerkt 08:30, geldig tot 08:35." in dutch
    assert "No reported disturbances" in english
    assert "Updated 08:30, valid until 08:35." in english


def test_an_open_disturbance_has_word_icon_since_and_what_is_known(shown, item):
    found = shown(
        items=[
            item(
                expected_at="2026-11-05T09:00:00Z",
                workaround={"nl": "Bel mobiel."},
                category={"nl": "Bellen"},
            )
        ]
    )
    assert "Storing Telefonie werkt niet Bellen, sinds 08:12, verwacht herstel 10:00" in found.text
    assert "Intussen: Bel mobiel." in found.text
    assert "1 storing gemeld" in found.text
    assert {"href": "#i-open"} in found.all("use")
    assert "Geen gemelde" not in found.text


def test_what_is_unknown_or_overdue_is_said(shown, item):
    assert "verwacht herstel nog onbekend" in shown(items=[item()]).text
    overdue = shown(items=[item(expected_at="2026-11-05T07:15:00Z")])
    assert "herstel was verwacht 08:15" in overdue.text


def test_a_solved_one_says_from_when_until_when_and_drops_the_workaround(shown, item):
    solved = item(
        state="solved", solved_at="2026-11-05T07:20:00Z", workaround={"nl": "Bel mobiel."}
    )
    found = shown(items=[solved])
    assert "Opgelost Telefonie werkt niet van 08:12 tot 08:20" in found.text
    assert "Geen gemelde storingen" in found.text
    assert "Bel mobiel" not in found.text
    assert {"href": "#i-solved"} in found.all("use")
    unknown = shown(items=[item(state="solved")])
    assert "begon 08:12" in unknown.text


def test_a_reopened_one_says_again_until_it_is_solved(shown, item):
    again = shown("en", items=[item(reopened=2)])
    assert "Disturbance again Telephones do not work" in again.text
    assert {"href": "#i-back"} in again.all("use")
    assert "Disturbance again" not in shown("en", items=[item(reopened=2, state="solved")]).text


def test_stale_says_since_when_keeps_the_rows_and_never_looks_calm(shown, item, now):
    late = now + timedelta(minutes=10)
    rows = shown(at=late, items=[item()])
    assert "Niet bijgewerkt sinds 08:30. De stand kan zijn veranderd." in rows.text
    assert "Telefonie werkt niet" in rows.text
    empty = shown(at=late)
    assert "Niet bijgewerkt sinds 08:30." in empty.text
    assert "Geen gemelde storingen" not in empty.text
    assert "Toen waren er geen gemelde storingen." in empty.text


def test_the_weakest_stream_decides(shown, fresh, now):
    streams = (fresh(), fresh(now - timedelta(minutes=3), "other.majors"))
    assert "Bijgewerkt 08:28, geldig tot 08:33." in shown(freshness=streams).text
    assert (
        "Niet bijgewerkt sinds 08:28"
        in shown(at=now + timedelta(minutes=3), freshness=streams).text
    )


def test_the_last_valid_moment_is_still_valid(shown, now):
    until = now + timedelta(minutes=4)
    assert "Geen gemelde storingen" in shown(at=until).text
    assert "Geen gemelde storingen" not in shown(at=until + timedelta(seconds=1)).text


def test_without_any_reading_there_are_no_data_yet(shown):
    found = shown(freshness=())
    assert "Nog geen gegevens" in found.text
    assert "Geen gemelde" not in found.text
    assert "088 123 45 67" in found.text


def test_rows_that_rest_on_nothing_carry_a_warning(shown, item):
    found = shown(freshness=(), items=[item()])
    assert "Onbekend wanneer dit is bijgewerkt." in found.text
    assert "Telefonie werkt niet" in found.text


def test_a_tile_of_typed_disturbances_lives_by_its_heartbeat(shown, now):
    beat = now + timedelta(minutes=2)
    alive = shown(freshness=(), heartbeat=beat)
    assert "Geen gemelde storingen" in alive.text
    assert "Geldig tot 08:33." in alive.text
    dead = shown(freshness=(), heartbeat=beat, at=now + timedelta(minutes=5))
    assert "Deze stand gold tot 08:33." in dead.text
    assert "Geen gemelde" not in dead.text


def test_three_rows_stand_open_open_ones_first_the_newest_first(shown, item, now):
    items = [
        item(title={"nl": f"rij {minutes}"}, since=now - timedelta(minutes=minutes))
        for minutes in (50, 10, 30, 20)
    ]
    solved = item(title={"nl": "klaar"}, state="solved", solved_at=now)
    found = shown(items=[solved, *items])
    order = [found.text.index(f"rij {minutes}") for minutes in (10, 20, 30)]
    fold = found.text.index("Toon nog 2")
    assert order == sorted(order)
    assert order[-1] < fold < found.text.index("rij 50") < found.text.index("klaar")
    assert "4 storingen gemeld" in found.text
    assert len(found.all("details")) == 1
    assert not shown(items=items[:3]).all("details")


def test_a_preview_says_that_perhaps_nobody_sees_it_yet(shown):
    assert "Voorbeeld: dit staat misschien nog niet op het intranet." in shown(preview=True).text
    assert "Voorbeeld:" not in shown().text


def test_links_leave_the_frame_and_are_there_only_if_known(shown, item):
    portal, follow, *_ = shown(items=[item(links=[PORTAL, FOLLOW])]).all("a")
    assert (portal["target"], portal["rel"]) == ("_top", "noopener")
    assert portal["href"] == "https://portal.example.org/major/1?a=1&b=2"
    assert follow["href"] == "https://portal.example.org/major/1/follow"
    alone = shown(items=[item(links=[PORTAL])])
    assert "Bekijk in het portaal" in alone.text
    assert "Houd me op de hoogte" not in alone.text


def test_titles_are_text_whatever_they_hold(shown, item, view, now, read):
    nasty = '<script>alert(1)</script> & "quotes" 🔥 تعطل \' {{ 7*7 }} </style>'
    found = shown(
        items=[item(title={"nl": nasty}, workaround={"nl": nasty}, category={"nl": "<b>x</b>"})],
        organisation=nasty,
        service_desk=ServiceDesk(hours={"nl": nasty}, phone='"><img src=x>'),
    )
    assert nasty in found.text
    assert "<b>x</b>" in found.text
    assert len(found.all("script")) == 1
    assert not found.all("img")
    assert {heading["dir"] for heading in found.all("h2")} == {"auto"}


def test_an_element_in_the_other_language_says_so(shown, item):
    found = shown("en", items=[item(title={"nl": "Netwerk traag"})])
    assert found.all("html")[0]["lang"] == "en"
    assert found.all("h2")[0]["lang"] == "nl"
    assert "lang" not in shown("nl", items=[item()]).all("h2")[0]


@pytest.mark.parametrize(
    "title",
    [
        "Inloggen werkt niet in het zaaksysteem " * 5,
        "&" * 500,
        "🔥" * 500,
        "kort",
    ],
)
def test_fifty_rows_stay_under_20_kb_and_the_rest_is_counted(view, item, now, read, title):
    items = [item(title={"nl": title}, links=[PORTAL, FOLLOW]) for _ in range(50)]
    for language in ("nl", "en"):
        html = tile_html(view(items=items), language=language, now=now).html
        found = read(html)
        rows = len(found.all("h2"))
        left = int(re.search(r"(?:En nog|And) (\d+)", found.text).group(1))
        assert len(html.encode()) <= MAX_BYTES
        assert rows >= 3
        assert rows + left == 50


def test_even_one_enormous_row_stays_under_20_kb(view, item, now):
    links = [{"rel": "details", "href": "https://x.example/" + "&" * 2000}] * 4
    html = tile_html(view(items=[item(links=links)]), language="nl", now=now).html
    assert len(html.encode()) <= MAX_BYTES
    assert "En nog 1." in html


def test_an_ordinary_page_is_small(view, item, now):
    items = [item(links=[PORTAL])] * 3
    assert len(tile_html(view(items=items), language="nl", now=now).html.encode()) < 12_000


def test_a_long_text_is_cut_after_a_word():
    assert clip("een twee drie", 20) == "een twee drie"
    assert clip("een twee drie vier", 14) == "een twee…"
    assert clip("x" * 30, 10) == "x" * 9 + "…"


def test_the_policy_allows_exactly_its_own_style_and_script(view, now):
    page = tile_html(
        view(), language="nl", now=now, frame_ancestors=("https://intranet.example.org",)
    )
    parts = dict(part.split(" ", 1) for part in page.csp.split("; "))
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inline = re.search(rf"<{tag}>(.*?)</{tag}>", page.html, re.DOTALL).group(1)
        value = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert parts[rule] == f"'sha256-{value}'"
    assert parts["default-src"] == "'none'"
    assert parts["frame-ancestors"] == "https://intranet.example.org"
    assert parts["base-uri"] == parts["form-action"] == "'none'"
    assert not re.search(r"\s(style|on\w+)=", page.html)


def test_nobody_may_frame_it_unless_configured(view, now):
    assert "frame-ancestors 'none'" in tile_html(view(), language="nl", now=now).csp


@pytest.mark.parametrize(
    "origin", ["intranet.example.org", "https://x.example/path", "https://a; script-src *", "*", ""]
)
def test_an_entry_that_is_no_origin_is_refused(view, now, origin):
    with pytest.raises(BadConfigError, match="frame_ancestors"):
        tile_html(view(), language="nl", now=now, frame_ancestors=(origin,))


@pytest.mark.parametrize(
    "origin",
    ["'self'", "https://*.example.org", "http://127.0.0.1:8080", "http://[::1]:8080"],
)
def test_origins_are_taken(view, now, origin):
    assert origin in tile_html(view(), language="nl", now=now, frame_ancestors=(origin,)).csp


def test_a_portal_address_that_would_run_is_refused():
    with pytest.raises(BadConfigError, match="https://"):
        ServiceDesk(url="javascript:alert(1)")


def test_the_same_stand_gives_the_same_page(view, item, now):
    first, second = (
        tile_html(view(items=[item()]), language="nl", now=now + timedelta(seconds=s)).html
        for s in (0, 20)
    )
    assert first == second


def test_a_page_without_a_tile_says_what_to_do(read):
    assert "Vraag de beheerder" in read(note_html("missing", language="nl").html).text
    broken = note_html("broken", language="en")
    assert "Try again in a minute." in read(broken.html).text
    assert "script-src" not in broken.csp
