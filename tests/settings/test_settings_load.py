"""What good files become: defaults, precedence, references, fingerprints, routes."""

import subprocess
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub.events.objects import Audience
from hub.settings import ConfigProblems, HubSettings, Mode

ROUTES = """\
routes:
  - {audience: uithoorn, when: {branch: [Uithoorn]}, keep_solved: 2h, targets: [intranet]}
  - {audience: uithoorn}
  - {}
"""


def only(settings):
    assert [str(problem) for problem in settings.problems] == []
    assert len(settings.instances) == 1
    return settings.instances[0]


def test_good_sample_loads_with_defaults(site, desk_yaml):
    site.write("connectors/servicedesk.yaml", desk_yaml)
    settings = site.load()
    desk = only(settings)
    assert (desk.id, desk.name, desk.settings.mode) == ("servicedesk", "servicedesk", Mode.WATCH)
    assert desk.config.password.get_secret_value() == "desk-secret"
    assert desk.settings.reopen_within == timedelta(hours=72)
    assert [target.id for target in settings.targets] == ["web", "intranet"]
    assert settings.store == f"sqlite:///{site.folder}/hub.db"
    (route,) = desk.routes
    assert (route.name, route.tile, route.members) == (
        "disturbances/everyone",
        "disturbances",
        Audience(everyone=True),
    )
    assert (route.keep_solved, route.targets) == (timedelta(hours=4), ("intranet", "web"))


def test_defaults_of_the_hub_exist_beside_what_is_written(site):
    hub = site.load().hub
    assert set(hub.audiences) == {"everyone", "uithoorn"}
    assert hub.tiles["disturbances"].title["nl"] == "Storingen"
    assert (hub.language, hub.time_zone, hub.web.port) == ("nl", "Europe/Amsterdam", 8090)
    assert hub.web.host == "127.0.0.1"


def test_settings_are_frozen_and_read_no_environment_of_their_own(monkeypatch):
    monkeypatch.setenv("HUB_ORGANISATION", "from the process")
    hub = HubSettings(store="sqlite:///hub.db", organisation="Duo+")
    assert hub.organisation == "Duo+"
    with pytest.raises(ValueError, match="frozen"):
        hub.organisation = "other"


@pytest.mark.parametrize("password", ["plain", "p@ss:w/rd?x=1&y#", "100%", "a@db/hub"])
def test_the_password_of_a_database_may_hold_any_character_and_never_shows(site, password):
    site.write(
        "hub.yaml",
        "organisation: Duo+\nstore: postgresql://hub:${env:PASSWORD}@db.example.org:5432/hub\n",
    )
    settings = site.load(PASSWORD=password)
    url = sa.make_url(settings.store)
    assert (url.username, url.password) == ("hub", password)
    assert (url.host, url.port, url.database) == ("db.example.org", 5432, "hub")
    assert password not in repr(settings)


def test_environment_comes_before_the_file(site):
    settings = site.load(
        HUB_STORE="sqlite:///other.db",
        HUB_WEB__PORT="9000",
        HUB_WEB__FRAME_ANCESTORS='["https://a.example.org"]',
        HUB_TARGETS__INTRANET__SETTINGS__TOKEN="12345678",
        HUB_SPECS="not ours",
        HUB_ORGANISATION="",
    )
    assert settings.store.endswith("/other.db")
    assert settings.hub.organisation == "Duo+"
    assert settings.hub.web.port == 9000
    assert settings.hub.web.frame_ancestors == ("https://a.example.org",)
    assert settings.targets[1].config.token.get_secret_value() == "12345678"


def test_environment_that_overrides_a_reference_makes_it_needless(site):
    site.env.pop("PAPER_TOKEN")
    settings = site.load(HUB_TARGETS__INTRANET__SETTINGS__TOKEN="12345678")
    assert settings.targets[1].config.token.get_secret_value() == "12345678"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HUB_WEB__PORT", "high", "environment: HUB_WEB__PORT: must be a whole number"),
        ("HUB_WEB__PROT", "1", "environment: HUB_WEB__PROT: is not known here; did you mean"),
        ("HUB_WEB", "port", "environment: HUB_WEB: is not JSON"),
        ("HUB_WEB", "9000", "environment: HUB_WEB: must be keys with values"),
        ("HUB_AUDIENCES", "[", "environment: HUB_AUDIENCES: is not JSON"),
    ],
)
def test_wrong_environment_is_named_by_variable(site, name, value, said):
    with pytest.raises(ConfigProblems) as caught:
        site.load(**{name: value})
    assert said in str(caught.value)


def test_secret_file_is_seen_from_the_file_that_names_it(site, desk_yaml):
    (site.folder / "connectors" / "secrets").mkdir()
    site.write("connectors/secrets/desk", "from-file\n")
    text = desk_yaml.replace("${env:DESK_PASSWORD}", "${file:secrets/desk}")
    site.write("connectors/desk.yaml", text)
    assert only(site.load()).config.password.get_secret_value() == "from-file"


def test_references_inside_text_and_a_literal_one(site, desk_yaml):
    text = desk_yaml.replace("desk.example.org", "${env:HOST}.example.org")
    site.write("connectors/desk.yaml", text + '  tags: ["$${env:HOST}"]\n')
    config = only(site.load(HOST="balie")).config
    assert str(config.url) == "https://balie.example.org/"
    assert config.tags == {"${env:HOST}"}


def test_network_options_of_an_instance(site, desk_yaml):
    site.write("connectors/ca.pem", "PEM")
    proxy = "proxy: http://name:${env:PROXY}@proxy.example.org:3128\n"
    site.write("connectors/desk.yaml", desk_yaml + "ca_file: ca.pem\n" + proxy)
    http = only(site.load(PROXY="proxy-secret")).http
    assert http.ca_file == site.folder / "connectors" / "ca.pem"
    assert http.proxy == "http://name:proxy-secret@proxy.example.org:3128"


@pytest.mark.parametrize(("written", "pace"), [("5", 5), ("0.5", 0.5)])
def test_pace_is_no_part_of_the_configuration_fingerprint(site, desk_yaml, written, pace):
    site.write("connectors/desk.yaml", desk_yaml)
    plain = only(site.load())
    site.write("connectors/desk.yaml", desk_yaml + f"pace: {written}\n")
    paced = only(site.load())
    assert (plain.http.pace, paced.http.pace) == (None, pace)
    assert paced.reading_fingerprint == plain.reading_fingerprint


def test_nothing_that_is_printed_holds_a_secret(site, desk_yaml):
    proxy = "proxy: http://name:${env:PROXY}@proxy.example.org:3128\n"
    site.write("connectors/desk.yaml", desk_yaml + proxy)
    settings = site.load(PROXY="proxy-secret")
    only(settings)
    for secret in ("desk-secret", "paper-secret", "proxy-secret"):
        assert secret not in repr(settings)


def test_routes_are_resolved_and_named_apart(site, desk_yaml):
    site.write("connectors/desk.yaml", desk_yaml + ROUTES)
    routes = only(site.load()).routes
    assert [route.name for route in routes] == [
        "disturbances/uithoorn",
        "disturbances/uithoorn#2",
        "disturbances/everyone",
    ]
    assert routes[0].members == Audience(groups=("uithoorn",))
    assert routes[0].when == {"branch": ("Uithoorn",)}
    assert (routes[0].keep_solved, routes[0].targets) == (timedelta(hours=2), ("intranet",))
    assert routes[1].targets == ("intranet", "web")


def test_audience_and_targets_of_the_instance_are_the_routes_defaults(site, desk_yaml):
    text = desk_yaml + "audience: uithoorn\ntargets: [web]\nroutes: [{}, {targets: [intranet]}]\n"
    site.write("connectors/desk.yaml", text)
    routes = only(site.load()).routes
    assert [(route.audience, route.targets) for route in routes] == [
        ("uithoorn", ("web",)),
        ("uithoorn", ("intranet",)),
    ]


@pytest.mark.parametrize(
    ("change", "env", "differs"),
    [
        ("mode: live\n", {}, set()),
        ("every: 1m\nname: Balie\n", {}, set()),
        ("", {"DESK_PASSWORD": "rotated"}, set()),
        ("  colour: green\n", {}, {"reading_fingerprint"}),
        ("audience: uithoorn\n", {}, {"routes"}),
        ("routes: [{keep_solved: 1h}]\n", {}, {"routes"}),
        ("targets: [web]\n", {}, {"routes"}),
    ],
)
def test_fingerprints_change_with_what_matters(site, desk_yaml, change, env, differs):
    site.write("connectors/desk.yaml", desk_yaml)
    before = only(site.load())
    site.write("connectors/desk.yaml", desk_yaml + change)
    after = only(site.load(**env))
    found = {
        name
        for name in ("reading_fingerprint", "routes")
        if getattr(before, name) != getattr(after, name)
    }
    assert found == differs


def test_fingerprints_follow_the_members_of_an_audience(site, desk_yaml, hub_yaml):
    site.write("connectors/desk.yaml", desk_yaml + "audience: uithoorn\n")
    before = only(site.load())
    site.hub(hub_yaml.replace("groups: [uithoorn]", "groups: [uithoorn, diemen]"))
    assert only(site.load()).routes != before.routes


STABLE = """\
from hub.settings.routing import stable
print(stable({"tags": frozenset("abcdefgh")}))
"""


def test_fingerprints_do_not_depend_on_the_process():
    seen = {
        subprocess.run(
            [sys.executable, "-c", STABLE],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


def test_a_pilot_withholds_what_is_for_other_audiences(site, desk_yaml):
    site.write(
        "connectors/servicedesk.yaml", desk_yaml + "mode: pilot\npilot: [uithoorn]\n" + ROUTES
    )
    desk = only(site.load())
    assert [(one.audience, one.withheld) for one in desk.routes] == [
        ("uithoorn", False),
        ("uithoorn", False),
        ("everyone", True),
    ]


def test_outside_mode_pilot_its_audiences_change_nothing(site, desk_yaml):
    site.write("connectors/servicedesk.yaml", desk_yaml + "mode: live\npilot: [uithoorn]\n")
    assert [one.withheld for one in only(site.load()).routes] == [False]


def test_a_pilot_names_audiences_that_exist(site, desk_yaml):
    site.write("connectors/servicedesk.yaml", desk_yaml + "mode: pilot\npilot: [uithorn]\n")
    (problem,) = site.load().problems
    assert "pilot[0]: names the audience `uithorn`, which does not exist" in str(problem)
    assert "did you mean `uithoorn`?" in str(problem)


def test_retention_has_defaults_and_a_least(site):
    assert site.load().hub.retention.events.days == 400
    assert site.load().hub.retention.people.days == 90
    text = (site.folder / "hub.yaml").read_text()
    site.hub(text + "retention: {events: 30d, runs: 48h}\n")
    kept = site.load().hub.retention
    assert (kept.events.days, kept.runs.days) == (30, 2)
    site.hub(text + "retention: {events: 30d, runs: 23h}\n")
    with pytest.raises(ConfigProblems, match=r"retention\.runs: must be at least `1d`"):
        site.load()
