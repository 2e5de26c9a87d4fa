"""Wrong files: refused by the JSON Schema and by the hub alike, with line and advice."""

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from hub.settings import ConfigProblems, schema

START = "store: sqlite:///hub.db\norganisation: Duo+\n"
PLUGIN = "settings:\n  url: https://desk.example.org\n  password: ${env:DESK_PASSWORD}\n"

# Each: the text; line, place and message as `load` says them; part of the advice.
HUB_FILES = {
    "missing-organisation": (
        "store: sqlite:///hub.db\n",
        "1: organisation: is missing",
        "add `organisation: ...`",
    ),
    "unknown-key": (START + "languages: nl\n", "3: languages: is not known", "mean `language`?"),
    "unknown-language": (START + "language: fr\n", "3: language: must be `nl` or `en`", "language"),
    "store-of-another-kind": (
        "store: mysql://x/y\norganisation: Duo+\n",
        "1: store: must be the address of a file",
        "sqlite:///hub.db",
    ),
    "store-postgresql-plain-password": (
        "organisation: Duo+\nstore: postgresql://hub:Xq81plainly@db/hub\n",
        "2: store: holds a password, which must not stand in the file",
        "${env:NAME}",
    ),
    "store-postgresql-no-database": (
        "organisation: Duo+\nstore: postgresql://hub@db.example.org\n",
        "2: store: must have the form `postgresql://hub:${env:",
        "correct `store`",
    ),
    "store-postgresql-unverified": (
        "organisation: Duo+\nstore: postgresql://hub@db.example.org/hub?sslmode=disable\n",
        "2: store: must have the form `postgresql://hub:${env:",
        "correct `store`",
    ),
    "port-text": (START + "web:\n  port: high\n", "4: web.port: must be a whole number", "port"),
    "port-range": (START + "web:\n  port: 70000\n", "4: web.port: must be at most 65535", "port"),
    "frame-ancestor-star": (
        START + 'web:\n  frame_ancestors:\n    - "*"\n',
        "5: web.frame_ancestors[0]: must be an origin",
        "https://intranet.example.org",
    ),
    "frame-ancestor-path": (
        START + "web: {frame_ancestors: [https://intranet.example.org/start]}\n",
        "3: web.frame_ancestors[0]: must be an origin",
        "no path",
    ),
    "frame-ancestor-plain-http": (
        START + "web: {frame_ancestors: [http://intranet.example.org]}\n",
        "3: web.frame_ancestors[0]: must be an origin",
        "https",
    ),
    "people-mail-domain-with-at": (
        START + 'people:\n  mail_domains: ["@example.org"]\n',
        "4: people.mail_domains[0]: must be a domain in small letters",
        "correct",
    ),
    "people-namespace-capital": (
        START + "people: {namespaces: {hr: Gemeente}}\n",
        "3: people.namespaces.hr: must be a short name",
        "hr",
    ),
    "people-authority-of-what": (
        START + "people: {authority_of: {birth_date: [hr]}}\n",
        "3: people.authority_of.birth_date: must be `display_name`",
        "birth_date",
    ),
    "frame-ancestors-not-a-list": (
        START + "web: {frame_ancestors: https://intranet.example.org}\n",
        "3: web.frame_ancestors: must be a list",
        "[one]",
    ),
    "audience-empty": (
        START + "audiences:\n  uithoorn: {}\n",
        "4: audiences.uithoorn: give either `everyone: true`",
        "groups",
    ),
    "audience-no-groups": (
        START + "audiences:\n  uithoorn: {groups: []}\n",
        "4: audiences.uithoorn: give either `everyone: true`",
        "groups",
    ),
    "audience-both": (
        START + "audiences:\n  uithoorn: {everyone: true, groups: [uithoorn]}\n",
        "4: audiences.uithoorn: give either `everyone: true`",
        "groups",
    ),
    "audience-name": (
        START + "audiences:\n  De Ronde Venen: {groups: [drv]}\n",
        "4: audiences.De Ronde Venen: must be a short name",
        "small letters",
    ),
    "tile-without-title": (
        START + "tiles:\n  disturbances:\n    stale_after: 5m\n",
        "4: tiles.disturbances.title: is missing",
        "add `title: ...`",
    ),
    "tile-title-language": (
        START + "tiles:\n  disturbances:\n    title: {de: Ausfall}\n",
        "5: tiles.disturbances.title.de: must be `nl` or `en`",
        "correct `de`",
    ),
    "tile-stale-too-soon": (
        START + "tiles: {disturbances: {title: {nl: Storingen}, stale_after: 5s}}\n",
        "3: tiles.disturbances.stale_after: must be at least `10s`",
        "stale_after",
    ),
    "target-web": (
        START + "targets:\n  web: {target: web}\n",
        "3: targets: names `web`, the hub's own pages",
        "remove it",
    ),
    "target-kind-unknown": (
        START + "targets:\n  intranet: {target: papier}\n",
        "4: targets.intranet.target: names the kind of target `papier`, which does not exist",
        "did you mean `paper`? known are `paper`, `web`",
    ),
    "target-settings-missing": (
        START + "targets:\n  intranet: {target: paper}\n",
        "4: targets.intranet.settings.url: is missing",
        "add `url: ...`",
    ),
    "target-proxy": (
        START + "targets:\n  intranet: {target: web, proxy: proxy.example.org}\n",
        "4: targets.intranet.proxy: must have the form",
        "http://proxy.example.org:3128",
    ),
    "service-desk-address": (
        START + "service_desk:\n  url: servicedesk\n",
        "4: service_desk.url: is not a full address",
        "https://",
    ),
    "service-desk-phone-number": (
        START + "service_desk:\n  phone: 0881234567\n",
        "4: service_desk.phone: must be text",
        "in quotes",
    ),
}

INSTANCE_FILES = {
    "connector-missing": ("name: Desk\n", "1: connector: is missing", "add `connector: ...`"),
    "connector-unknown": (
        "connector: dekst\n",
        "1: connector: names the connector `dekst`, which does not exist",
        "did you mean `desk`? known are `desk`",
    ),
    "mode-unknown": (
        "connector: desk\nmode: lice\n" + PLUGIN,
        "2: mode: must be `watch`, `pilot` or `live`",
        "did you mean `live`?",
    ),
    "pilot-for-nobody": (
        "connector: desk\nmode: pilot\n" + PLUGIN,
        "2: mode: is `pilot`, and no audience is named to send to",
        "add `pilot: [NAME]`",
    ),
    "pilot-empty": (
        "connector: desk\nmode: pilot\npilot: []\n" + PLUGIN,
        "3: pilot: needs at least 1 entries",
        "correct `pilot`",
    ),
    "id-form": (
        "connector: desk\nid: Service Desk\n" + PLUGIN,
        "2: id: must be a short name",
        "small letters",
    ),
    "every-too-often": (
        "connector: desk\nevery: 5s\n" + PLUGIN,
        "2: every: must be at least `10s`",
        "correct `every`",
    ),
    "every-number": (
        "connector: desk\nevery: 30\n" + PLUGIN,
        "2: every: must be a duration",
        "`30s`",
    ),
    "reopen-words": (
        "connector: desk\nreopen_within: three days\n" + PLUGIN,
        "2: reopen_within: must be a duration",
        "`2d`",
    ),
    "route-when-key": (
        "connector: desk\nroutes:\n  - when: {brnch: [Uithoorn]}\n" + PLUGIN,
        "3: routes[0].when.brnch: is not known here",
        "did you mean `branch`?",
    ),
    "route-when-text": (
        "connector: desk\nroutes:\n  - tile: disturbances\n    when:\n      branch: Uithoorn\n"
        + PLUGIN,
        "5: routes[0].when.branch: must be a list",
        "[one]",
    ),
    "route-family": (
        "connector: desk\nroutes:\n  - family: incidents\n" + PLUGIN,
        "3: routes[0].family: must be `incident`",
        "did you mean `incident`?",
    ),
    "routes-none": (
        "connector: desk\nroutes: []\n" + PLUGIN,
        "2: routes: needs at least 1 entries",
        "correct `routes`",
    ),
    "targets-none": (
        "connector: desk\ntargets: []\n" + PLUGIN,
        "2: targets: needs at least 1 entries",
        "correct `targets`",
    ),
    "settings-empty": (
        "connector: desk\nsettings:\n",
        "2: settings: must be keys with values",
        "correct `settings`",
    ),
    "settings-absent": (
        "connector: desk\n",
        "1: settings.url: is missing",
        "add `url: ...` (Address of the desk)",
    ),
    "settings-unknown-key": (
        "connector: desk\n" + PLUGIN + "  colur: red\n",
        "5: settings.colur: is not known here",
        "did you mean `colour`?",
    ),
    "settings-choice": (
        "connector: desk\n" + PLUGIN + "  colour: gren\n",
        "5: settings.colour: must be `red` or `green`",
        "did you mean `green`?",
    ),
    "settings-bound": (
        "connector: desk\n" + PLUGIN + "  size: 11\n",
        "5: settings.size: must be at most 10",
        "correct `size`",
    ),
    "settings-address": (
        "connector: desk\nsettings:\n  url: desk example\n  password: ${env:DESK_PASSWORD}\n",
        "3: settings.url: is not a full address",
        "https://",
    ),
    "secret-in-plain": (
        "connector: desk\nsettings:\n  url: https://desk.example.org\n  password: hunter2\n",
        "4: settings.password: must not stand in the file: it is a secret",
        "${env:NAME}",
    ),
    "secret-in-plain-nested": (
        "connector: desk\n" + PLUGIN + "  nested:\n    key: hunter2\n",
        "6: settings.nested.key: must not stand in the file",
        "${file:path}",
    ),
    "secret-in-plain-in-a-list": (
        "connector: desk\n" + PLUGIN + "  list_of:\n    - label: a\n      key: hunter2\n",
        "7: settings.list_of[0].key: must not stand in the file",
        "${file:path}",
    ),
    "proxy-form": (
        "connector: desk\nproxy: proxy.example.org\n" + PLUGIN,
        "2: proxy: must have the form",
        "http://proxy.example.org:3128",
    ),
}


def refused(document, text):
    validator = Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return not validator.is_valid(YAML(typ="safe").load(text))


@pytest.mark.parametrize(("text", "line", "advice"), HUB_FILES.values(), ids=HUB_FILES)
def test_wrong_hub_file_is_refused_by_both(site, text, line, advice):
    assert refused(schema(site.registry)[0], text)
    site.hub(text)
    with pytest.raises(ConfigProblems) as caught:
        site.load()
    said = [one for one in str(caught.value).splitlines() if one.startswith(f"hub.yaml:{line}")]
    assert len(said) == 1, str(caught.value)
    assert advice in said[0]


@pytest.mark.parametrize(("text", "line", "advice"), INSTANCE_FILES.values(), ids=INSTANCE_FILES)
def test_wrong_instance_file_is_refused_by_both(site, desk_yaml, text, line, advice):
    assert refused(schema(site.registry)[1], text)
    site.write("connectors/wrong.yaml", text)
    site.write("connectors/right.yaml", desk_yaml)
    settings = site.load()
    lines = [str(problem) for problem in settings.problems]
    said = [one for one in lines if one.startswith(f"connectors/wrong.yaml:{line}")]
    assert len(said) == 1, lines
    assert advice in said[0]
    assert "hunter2" not in "\n".join(lines)
    assert [one.id for one in settings.instances] == ["right"]


def test_right_files_pass_the_schemas(site, hub_yaml, desk_yaml):
    hub, instance = schema(site.registry)
    Draft202012Validator.check_schema(hub)
    Draft202012Validator.check_schema(instance)
    assert not refused(hub, hub_yaml)
    assert not refused(instance, desk_yaml)
    assert not refused(instance, desk_yaml.replace("https://desk.example.org", "${file:desk.url}"))
