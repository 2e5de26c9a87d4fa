"""A day without any other system: post, plan, sync, explain, hold, withdraw, pause."""

import pytest

from hub.cli import sync

POST = ("disturbance", "post", "--title", "Telefonie ligt eruit", "--title-en", "Phones are down")


@pytest.fixture
def live(either):
    """One disturbance on the hub's own tile."""
    either.manual()
    assert either(*POST).code == 0
    return either


def objects(hub) -> dict[str, tuple]:
    found = hub("status", "--json").json["objects"]
    return {row["kind"]: (row["published"], row["ahead"]) for row in found}


def test_a_posted_disturbance_is_published_at_once(either):
    either.manual()
    posted = either(*POST, "--expected", "14:30", "--workaround", "Bel mobiel", "--json")
    assert posted.code == 0
    assert posted.json["id"] == "telefonie-ligt-eruit"
    assert posted.json["delivered"] == {"web": {"done": 1}}
    (row,) = either("disturbance", "list", "--json").json
    assert row["title"] == {"nl": "Telefonie ligt eruit", "en": "Phones are down"}
    assert row["expected_at"].endswith("Z") or "+" in row["expected_at"]


def test_update_keeps_what_is_not_named_and_end_solves(live):
    live("disturbance", "update", "telefonie-ligt-eruit", "--workaround", "Bel mobiel")
    (row,) = live("disturbance", "list", "--json").json
    assert row["workaround"] == {"nl": "Bel mobiel"}
    assert row["title"]["en"] == "Phones are down"
    ended = live("disturbance", "end", "telefonie-ligt-eruit")
    assert ended.code == 0
    (row,) = live("disturbance", "list", "--json").json
    assert row["state"] == "solved"
    assert "telefonie-ligt-eruit" in live("disturbance", "list").out


def test_what_does_not_fit_is_refused_in_words(live):
    again = live("disturbance", "post", "--title", "Iets anders", "--id", "telefonie-ligt-eruit")
    assert again.code == 1
    assert "already there" in again.err
    unknown = live("disturbance", "end", "nonsense")
    assert unknown.code == 1
    assert "There is no disturbance nonsense" in unknown.err
    assert live(*POST, "--expected", "soon").code == 2


def test_without_or_with_several_takers_it_says_what_to_do(hub):
    hub.instance("empty", "connector: nonsense\n")
    hub.manual()
    hub.instance("manual2", "connector: manual\n")
    several = hub(*POST)
    assert several.code == 2
    assert "--instance manual|manual2" in several.err
    assert hub(*POST, "--instance", "manual2").code == 0
    for name in ("manual", "manual2", "empty"):
        (hub.folder / "connectors" / f"{name}.yaml").unlink()
    nobody = hub(*POST)
    assert nobody.code == 78
    assert "connector: manual" in nobody.err


def test_in_watch_the_plan_shows_it_and_nothing_is_sent(either):
    either.manual(mode="watch")
    posted = either(*POST)
    assert "hub plan --stored" in posted.last
    found = either("plan", "--stored", "--json").json
    assert found["counts"] == {"create": 1, "update": 0, "remove": 0}
    assert found["steps"][0]["blocked"] == "watch"
    shown = either("plan", "--stored")
    assert (
        '+ create tile-item "Telefonie ligt eruit" (open) for everyone, not now: watch' in shown.out
    )
    assert "mode: live" in shown.last
    assert objects(either)["tile-item"] == (0, 1)
    assert "status    not sent: mode watch" in either("explain", "telefonie").out


def test_explain_leads_back_to_subject_route_and_run(live):
    (row,) = live("explain", "telefonie", "--json").json
    (cause,) = row["causes"]
    assert cause["subject"] == "telefonie-ligt-eruit"
    assert cause["route"] == "disturbances/everyone"
    assert cause["events"][0]["run"] == 1
    shown = live("explain", "telefonie").out
    assert "because   incident telefonie-ligt-eruit of manual.disturbances" in shown
    nothing = live("explain", "nonsense")
    assert nothing.code == 1
    assert nothing.last == "Next: `hub explain INSTANCE` shows all that one instance made."
    assert live("explain", "manual").code == 0


def test_explain_finds_a_row_by_words_of_its_title_in_either_language(live):
    live("disturbance", "post", "--title", "Printer", "--title-en", "Printer", "--id", "p1")
    for words in ("LIGT eruit", "phones are"):
        (row,) = live("explain", words, "--json").json
        assert row["causes"][0]["subject"] == "telefonie-ligt-eruit"
    assert "hub explain TEXT" in live("withdraw", "ligt eruit").last


def test_who_posts_hears_that_an_intranet_did_not_take_it_yet(either, monkeypatch):
    monkeypatch.setenv("INTRANET_TOKEN", "sandbox-token")
    settings = "{url: 'http://127.0.0.1:9', token: '${env:INTRANET_TOKEN}'}"
    either.hub_yaml(more=f"targets: {{intranet: {{target: openintranet, settings: {settings}}}}}\n")
    either.instance("manual", "connector: manual\nmode: live\n")
    for words in (POST, ("disturbance", "end", "telefonie-ligt-eruit")):
        posted = either(*words)
        assert posted.code == 0
        assert "warning: intranet did not take it yet" in posted.err
        assert "web" not in posted.err


def test_a_plan_names_who_would_see_it_and_a_hold_that_is_only_foreseen(live):
    live.manual(more="routes: [{audience: balie}]\n")
    foreseen = live("plan", "--stored")
    assert "Would wait for you" in foreseen.out
    assert "hub hold show" not in foreseen.last
    assert live("hold", "list").out.startswith("Nothing waits.")
    live("sync")
    (row,) = live("hold", "list", "--json").json
    waiting = live("plan", "--stored")
    assert "Would wait" not in waiting.out
    assert waiting.last.startswith(f"Next: `hub hold show {row['hash']}`")
    assert "put the old YAML back" in waiting.last
    live("pause", "--all")
    live("disturbance", "post", "--title", "Loket")
    assert '"Loket" (open) for balie' in live("plan", "--stored").out


def test_withdraw_shows_first_takes_away_with_yes_and_undoes(live):
    shown = live("withdraw", "telefonie")
    assert "Telefonie ligt eruit (tile-item on web, published)" in shown.out
    assert "--yes" in shown.last
    assert objects(live)["tile-item"] == (1, 0)
    taken = live("withdraw", "telefonie", "--yes", "--json").json
    assert taken["done"]
    assert objects(live)["tile-item"] == (0, 0)
    assert live("sync").code == 0
    assert objects(live)["tile-item"] == (0, 0)
    assert live("withdraw", "telefonie", "--undo").code == 0
    assert objects(live)["tile-item"] == (0, 0)
    assert live("withdraw", "telefonie", "--undo", "--yes").code == 0
    assert objects(live)["tile-item"] == (1, 0)


def test_what_comes_later_stays_away_from_a_withdrawn_instance(live):
    assert live("withdraw", "--all", "--yes").code == 0
    live("disturbance", "post", "--title", "Nog een")
    assert objects(live)["tile-item"] == (0, 0)
    live("withdraw", "--all", "--undo", "--yes")
    live("sync")
    assert objects(live)["tile-item"] == (2, 0)
    unknown = live("withdraw", "--instance", "nonsense")
    assert unknown.code == 2
    assert "manual" in unknown.err


async def test_who_did_what_stands_in_the_audit_trail(either):
    import getpass

    from hub.store import trail
    from hub.store.store import Store

    either.manual()
    for words in (POST, ("withdraw", "telefonie", "--yes"), ("pause", "--all")):
        # each command makes its own event loop, so it runs in a thread beside this one
        import asyncio

        assert (await asyncio.to_thread(either, *words)).code == 0
    store = await Store(either.database).open()
    rows = await store.read(trail.rows)
    assert [(row.action, row.actor) for row in rows] == [
        ("receive", getpass.getuser()),
        ("withdraw", getpass.getuser()),
        ("pause", getpass.getuser()),
    ]
    assert await store.read(trail.is_whole)
    await store.close()


def test_pause_and_resume(live):
    assert live("pause", "manual").last.startswith("Next: `hub resume manual`")
    assert "was paused already" in live("pause", "--all").out
    assert live("status", "--json").json["instances"][0]["paused"]
    assert live("plan", "--stored").code == 0
    assert live("resume", "--all", "--json").json["changed"] == ["manual"]
    unknown = live("pause", "nonsense")
    assert unknown.code == 2
    assert "there are: manual" in unknown.err


def test_a_changed_route_waits_until_it_is_released(live):
    live.manual(more="audience: balie\n")
    assert live("sync").code == 0
    (row,) = live("hold", "list", "--json").json
    assert row["action"] == "configuration"
    assert live("hold", "list").last == f"Next: `hub hold show {row['hash']}` lists what is in it."
    shown = live("hold", "show", row["hash"][:4])
    assert "- Telefonie ligt eruit leaves web" in shown.out
    assert "Waiting for you" in live("plan", "--stored").out
    status = live("status")
    assert status.code == 1
    assert row["hash"] in status.out
    refused = live("hold", "drop", row["hash"])
    assert refused.code == 78
    assert "old one back" in refused.err
    released = live("hold", "release", row["hash"])
    assert released.code == 0
    assert live("hold", "list").out.startswith("Nothing waits.")
    (tile,) = [t for t in live("status", "--json").json["objects"] if t["published"]]
    assert tile["published"] == 1
    gone = live("hold", "release", row["hash"])
    assert gone.code == 78
    assert "hub hold list" in gone.err


def test_status_lists_addresses_and_is_calm_when_all_is_well(live):
    status = live("status")
    assert status.code == 0
    assert status.out.count("http://127.0.0.1:8090/t/") == 2
    assert "hub run" in status.last
    live.hub_yaml(more="language: en\n")
    live.config.write_text(
        live.config.read_text().replace(
            "web: {port: 8090}", "web: {port: 8090, public_url: https://hub.example.org}"
        )
    )
    found = live("status", "--json").json
    assert {row["url"].split("/t/")[0] for row in found["tiles"]} == {"https://hub.example.org"}
    assert found["wrong"] == []


def test_nothing_is_made_by_looking(hub):
    hub.manual()
    for words in (("status",), ("explain", "x"), ("hold", "list"), ("pause", "--all")):
        shown = hub(*words)
        assert shown.code == 1
        assert "hub plan" in shown.err
    for words in (("check", "--offline"), ("check",), ("plan",), ("plan", "--stored")):
        assert hub(*words).code == 0
    assert sorted(path.name for path in hub.folder.iterdir()) == ["connectors", "hub.yaml"]


def test_status_says_that_watch_sends_nothing_and_what_a_route_should_have_asked(either):
    either.manual(
        "watch", more="routes: [{when: {category: [Telefoon]}}, {when: {category: [Kas]}}]\n"
    )
    assert either(*POST, "--category", "Telefonie").code == 0
    shown = either("status").out
    assert "manual: no route takes 1 of its open subjects" in shown
    assert "a route asks category `Telefoon`; the source uses: `Telefonie`" in shown
    either.manual("watch")
    assert either("sync").code == 0
    waiting = either("status")
    assert "not sent: mode watch" in waiting.out
    assert " waiting\n" not in waiting.out
    either.manual("live")
    assert either("sync").code == 0
    assert "not sent" not in either("status").out


@pytest.mark.parametrize(
    ("counts", "code", "dead"),
    [
        ({"done": 5}, 0, 0),
        ({"done": 5, "rejected": 2, "uncertain": 1}, 0, 3),
        ({"done": 5, "retry": 1, "rejected": 1}, 75, 1),
    ],
)
def test_a_sync_with_dead_letters_ends_well(counts, code, dead):
    result = {"runs": [], "delivered": {"intranet": counts}}
    assert (sync.code_of(result), sync.dead(result)) == (code, dead)
