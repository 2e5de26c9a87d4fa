"""Mode pilot as an administrator sees it."""

POST = ("disturbance", "post", "--title", "Telefonie ligt eruit")
ROUTES = "routes: [{audience: everyone}, {audience: balie}]\n"


def test_status_plan_and_explain_show_what_a_pilot_withholds(hub):
    hub.manual(mode="pilot", more="pilot: [balie]\n" + ROUTES)
    posted = hub(*POST)
    assert posted.code == 0
    found = hub("plan", "--stored", "--json").json
    assert found["steps"] == []
    assert [row["audience"] for row in found["withheld"]] == ["everyone"]
    shown = hub("plan", "--stored").out
    assert "Withheld: 1, for audiences outside the pilot" in shown
    assert 'tile-item "Telefonie ligt eruit" for everyone, not on web' in shown
    objects = hub("status", "--json").json["objects"]
    rows = [row for row in objects if row["kind"] == "tile-item"]
    assert sum(row["published"] for row in rows) == 1
    assert sum(row["withheld"] for row in rows) == 1
    assert "withheld, outside the pilot" in " ".join(hub("explain", "telefonie").out.split())


def test_from_live_the_plan_names_the_hold_before_the_hub_is_started(hub):
    hub.manual(mode="live", more=ROUTES)
    hub(*POST)
    hub.manual(mode="pilot", more="pilot: [balie]\n" + ROUTES)
    planned = hub("plan", "--stored")
    assert "Would wait for you" in planned.out
    (hold,) = hub("plan", "--stored", "--json").json["holds"]
    (line,) = hold["content"]
    assert line["from"]["audience"] == {"everyone": True}
