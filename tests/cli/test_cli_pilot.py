"""Mode pilot as an administrator sees it."""

POST = ("disturbance", "post", "--title", "Telefonie ligt eruit")
ROUTES = "routes: [{audience: everyone}, {audience: balie}]\n"


def test_status_plan_and_explain_show_what_a_pilot_withholds(either):
    either.manual(mode="pilot", more="pilot: [balie]\n" + ROUTES)
    posted = either(*POST)
    assert posted.code == 0
    found = either("plan", "--stored", "--json").json
    assert found["steps"] == []
    assert [row["audience"] for row in found["withheld"]] == ["everyone"]
    shown = either("plan", "--stored").out
    assert "Withheld: 1, for audiences outside the pilot" in shown
    assert 'tile-item "Telefonie ligt eruit" for everyone, not on web' in shown
    objects = either("status", "--json").json["objects"]
    rows = [row for row in objects if row["kind"] == "tile-item"]
    assert sum(row["published"] for row in rows) == 1
    assert sum(row["withheld"] for row in rows) == 1
    assert "withheld, outside the pilot" in " ".join(either("explain", "telefonie").out.split())


def test_from_live_the_plan_names_the_hold_before_the_hub_is_started(either):
    either.manual(mode="live", more=ROUTES)
    either(*POST)
    either.manual(mode="pilot", more="pilot: [balie]\n" + ROUTES)
    planned = either("plan", "--stored")
    assert "Would wait for you" in planned.out
    (hold,) = either("plan", "--stored", "--json").json["holds"]
    (line,) = hold["content"]
    assert line["from"]["audience"] == {"everyone": True}


def test_the_page_for_a_change_board_names_what_changes_stays_and_is_withheld(either):
    either.hub_yaml(more="language: nl\n")
    either.manual(mode="live", more=ROUTES)
    either(*POST)
    either.manual(mode="pilot", more="pilot: [balie]\n" + ROUTES)
    either("disturbance", "post", "--title", "Zaaksysteem traag")
    page = either.folder / "plan.html"
    made = either("plan", "--stored", "--html", str(page))
    assert made.code == 0
    assert str(page) in made.out
    text = page.read_text("utf-8")
    for said in ("Gemeente Voorbeeld", "Wat de hub zou veranderen", "Achtergehouden", "balie"):
        assert said in text
    assert "Telefonie ligt eruit" in text, "it stays, and stands in the hold"
    assert "Zaaksysteem traag" in text
    either("plan", "--stored", "--html", str(page), "--language", "en", "--json")
    assert "What the hub would change" in page.read_text("utf-8")


def test_the_page_shows_why_and_keeps_secrets(hub, monkeypatch):
    monkeypatch.setenv("SECRET_PART", "canary-4711")
    hub.hub_yaml(
        more="targets: {intranet: {target: openintranet, settings: "
        "{url: 'https://intranet.example.org', token: '${env:SECRET_PART}'}}}\n"
    )
    hub.manual(mode="watch", more="")
    hub(*POST)
    page = hub.folder / "plan.html"
    hub("plan", "--stored", "--html", str(page))
    before = page.read_text("utf-8")
    assert "telefonie-ligt-eruit uit manual.disturbances, via route disturbances/everyone" in before
    assert "de modus is `watch`" in before
    monkeypatch.setenv("SECRET_PART", "canary-0815")
    hub("plan", "--stored", "--html", str(page))
    after = page.read_text("utf-8")
    marks = [part.split("</code>")[0] for part in before.split("<code>")]
    assert "canary" not in before + after
    assert [part.split("</code>")[0] for part in after.split("<code>")][1:] == marks[1:]


def test_a_page_that_can_not_be_written_is_refused_before_anything_is_read(hub):
    hub.manual()
    refused = hub("plan", "--html", str(hub.folder / "nowhere" / "plan.html"))
    assert refused.code == 78
    assert "name a file in a folder that exists" in refused.err
    assert not hub.store.exists()
