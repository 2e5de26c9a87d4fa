"""Planned work on the tile: a word and an icon, when in full, after what is broken."""

from datetime import timedelta

import pytest

from hub.events.objects import TileItem
from hub.render.document import tile_json
from hub.render.tile import MAX_BYTES, tile_html

TIMES = {"since": "2026-11-28T21:00:00Z", "until": "2026-11-29T01:00:00Z"}


@pytest.fixture
def work(item):
    def make(**changes) -> TileItem:
        title = {"nl": "Onderhoud DigiD-koppeling", "en": "Work on the DigiD link"}
        return item(**({"title": title, "state": "planned"} | TIMES | changes))

    return make


@pytest.fixture
def shown(view, read, now):
    def render(*items, language="nl"):
        return read(tile_html(view(items=items), language=language, now=now).html)

    return render


@pytest.mark.parametrize(
    ("state", "icon", "words"),
    [
        ("planned", "planned", ("Gepland onderhoud", "Planned maintenance")),
        ("open", "busy", ("Onderhoud bezig", "Maintenance in progress")),
        ("solved", "done", ("Onderhoud klaar", "Maintenance finished")),
    ],
)
def test_each_state_has_its_word_and_icon(shown, work, state, icon, words):
    dutch, english = words
    page = shown(work(state=state))
    assert f"{dutch} Onderhoud DigiD-koppeling" in page.text
    assert {"href": f"#i-{icon}"} in page.all("use")
    assert {"id": f"i-{icon}", "viewbox": "0 0 20 20"} in page.all("symbol")
    assert f"{english} Work on the DigiD link" in shown(work(state=state), language="en").text


def test_it_says_on_which_days_from_when_until_when(shown, work):
    said = "za 28 november 22:00 tot zo 29 november 02:00"
    assert said in shown(work()).text
    english = "Sat 28 November 22:00 to Sun 29 November 02:00"
    assert english in shown(work(), language="en").text
    assert "herstel" not in shown(work(state="open")).text


def test_even_today_it_says_the_day(shown, work):
    page = shown(work(since="2026-11-05T20:00:00Z", until="2026-11-05T22:30:00Z"))
    assert "do 5 november 21:00 tot do 5 november 23:30" in page.text


def test_across_the_autumn_change_both_hours_are_told_apart(shown, work):
    page = shown(work(since="2026-10-25T00:30:00Z", until="2026-10-25T01:30:00Z"))
    assert "zo 25 oktober 02:30 zomertijd tot zo 25 oktober 02:30 wintertijd" in page.text


def test_work_is_no_disturbance(shown, work, view, now):
    page = shown(work(), work(state="open"))
    assert "Geen gemelde storingen" in page.text
    document = tile_json(view(items=[work(), work(state="open")]), now=now)
    assert document["open"] == 0


def test_broken_things_stand_first_then_work_by_when_it_begins_then_what_is_over(
    view, work, item, now
):
    names = ["solved", "later", "soon", "busy", "broken"]
    items = [
        item(title={"nl": "solved"}, state="solved"),
        work(title={"nl": "later"}, since="2026-11-30T21:00:00Z", until="2026-11-30T22:00:00Z"),
        work(title={"nl": "soon"}),
        work(title={"nl": "busy"}, state="open"),
        item(title={"nl": "broken"}),
    ]
    found = tile_json(view(items=items), now=now)["items"]
    assert [one["title"]["nl"] for one in found] == names[::-1]
    assert [one["until"] is None for one in found] == [True, False, False, False, True]


def test_planned_work_without_an_end_is_refused(item):
    with pytest.raises(ValueError, match="needs `until`"):
        item(state="planned")


def test_a_row_about_a_disturbance_has_no_new_key(item):
    assert "until" not in item().model_dump(mode="json", exclude_none=True)


def test_many_rows_of_work_stay_within_the_size(view, work, now):
    rows = [work(title={"nl": f"Werk {n} " + "w" * 100}) for n in range(60)]
    page = tile_html(view(items=rows), language="nl", now=now).html
    assert len(page.encode()) <= MAX_BYTES
    assert "Die staan niet op deze tegel." in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "nl",
            (
                "Geen onderhoud gepland",
                "Toen was er geen onderhoud gepland.",
                "We weten nog niet of er onderhoud gepland is.",
            ),
        ),
        (
            "en",
            (
                "No maintenance planned",
                "At that time no maintenance was planned.",
                "We do not know yet whether maintenance is planned.",
            ),
        ),
    ],
)
def test_a_tile_of_work_alone_says_nothing_about_disturbances(view, read, now, language, words):
    said, then, unknown = words
    busy = TileItem.model_validate(
        {
            "tile": "maintenance",
            "audience": {"everyone": True},
            "title": {"nl": "Werk"},
            "state": "open",
            **TIMES,
        }
    )

    def text(at=now, **changes):
        alone = view(disturbances=False, **changes)
        return read(tile_html(alone, language=language, now=at).html).text

    assert said in text()
    assert then in text(at=now + timedelta(hours=1))
    assert unknown in text(freshness=())
    with_work = text(items=[busy])
    for one in (text(), text(at=now + timedelta(hours=1)), text(freshness=()), with_work):
        assert "storingen" not in one.replace("Storingen", "")
        assert "disturbances" not in one
    assert said not in with_work
