"""What only the hub can see: secrets, files, names and plug-ins that are not there."""

from importlib.metadata import EntryPoint

import pytest

from hub.errors import BadConfigError
from hub.events.base import Model
from hub.registry import Group, Plugin, Registry, State
from hub.settings import ConfigProblems, load


def refuse(site, **env):
    with pytest.raises(ConfigProblems) as caught:
        site.load(**env)
    assert isinstance(caught.value, BadConfigError)
    return str(caught.value)


def test_missing_secret_names_file_line_and_variable(site, desk_yaml):
    site.write("connectors/desk.yaml", desk_yaml)
    (said,) = site.problems(DESK_PASSWORD="")
    assert said == (
        "connectors/desk.yaml:4: settings.password: needs the environment variable "
        "`DESK_PASSWORD`, which is not set or empty; set DESK_PASSWORD for the account that runs "
        "the hub"
    )


def test_missing_secret_of_a_target_stops_the_hub(site):
    said = refuse(site, PAPER_TOKEN="")
    assert said.startswith("hub.yaml:10: targets.intranet.settings.token: needs the environment")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "it is empty"), (b"\n", "it is empty"), (b"\xff", "not UTF-8")],
)
def test_secret_file_that_can_not_be_used(site, desk_yaml, content, why):
    if content is not None:
        site.write("connectors/key", content)
    text = desk_yaml.replace("${env:DESK_PASSWORD}", "${file:key}")
    site.write("connectors/desk.yaml", text)
    (said,) = site.problems()
    assert said.startswith("connectors/desk.yaml:4: settings.password: needs the file `key`")
    assert why in said
    assert "put the value into" in said


def test_reference_of_unknown_form(site, desk_yaml):
    site.write("connectors/desk.yaml", desk_yaml.replace("${env:", "${"))
    (said,) = site.problems()
    assert "connectors/desk.yaml:4: settings.password: holds a reference of an unknown form" in said


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("audience: uithorn\n", "5: audience: names the audience `uithorn`, which does not exist"),
        ("targets: [web, intrnet]\n", "5: targets[1]: names the target `intrnet`"),
        ("routes:\n  - audience: uithorn\n", "6: routes[0].audience: names the audience"),
        ("routes:\n  - tile: disturbance\n", "6: routes[0].tile: names the tile `disturbance`"),
        ("routes:\n  - targets:\n    - intrnet\n", "7: routes[0].targets[0]: names the target"),
    ],
)
def test_name_that_maps_nowhere_gets_a_near_one(site, desk_yaml, added, said):
    site.write("connectors/desk.yaml", desk_yaml + added)
    (problem,) = site.problems()
    assert problem.startswith(f"connectors/desk.yaml:{said}")
    assert "did you mean `" in problem


@pytest.mark.parametrize("family", ["person", "group", "membership"])
def test_a_route_can_not_show_people(site, desk_yaml, family):
    site.write("connectors/desk.yaml", f"{desk_yaml}routes:\n  - family: {family}\n")
    (problem,) = site.problems()
    assert problem == (
        f"connectors/desk.yaml:6: routes[0].family: is `{family}`, and people are never shown on a "
        "tile; correct `family`: What it takes: `incident` or `maintenance`"
    )


def test_narrowing_everyone_is_refused(site, hub_yaml):
    site.hub(hub_yaml.replace("uithoorn: {", "everyone: {"))
    assert "audiences: narrows `everyone`" in refuse(site)


def test_two_instances_of_one_id_are_both_named_and_neither_is_good(site, desk_yaml):
    site.write("connectors/a.yaml", desk_yaml + "id: desk\n")
    site.write("connectors/desk.yaml", desk_yaml)
    site.write("connectors/third.yaml", desk_yaml)
    settings = site.load()
    assert [one.id for one in settings.instances] == ["third"]
    first, second = map(str, settings.problems)
    assert first.startswith("connectors/a.yaml:5: id: has the id `desk`")
    assert "`connectors/desk.yaml`" in first
    assert second.startswith("connectors/desk.yaml:1: id: has the id `desk`")
    assert "`connectors/a.yaml`" in second


def test_file_name_that_can_not_be_an_id(site, desk_yaml):
    site.write("connectors/Service Desk.yaml", desk_yaml)
    (said,) = site.problems()
    assert "the file's name `Service Desk` can't be an id; add `id: ...`" in said
    site.write("connectors/Service Desk.yaml", desk_yaml + "id: desk\n")
    assert [one.id for one in site.load().instances] == ["desk"]


def test_ca_file_that_is_not_there(site, desk_yaml):
    site.write("connectors/desk.yaml", desk_yaml + "ca_file: ca.pem\n")
    (said,) = site.problems()
    assert said.startswith("connectors/desk.yaml:5: ca_file: names the file `ca.pem`")


def test_password_in_a_proxy_is_refused_and_not_shown(site, desk_yaml):
    proxy = "proxy: http://me:hunter2@proxy.example.org:3128\n"
    site.write("connectors/desk.yaml", desk_yaml + proxy)
    (said,) = site.problems()
    assert said.startswith("connectors/desk.yaml:5: proxy: holds a password")
    assert "hunter2" not in said


@pytest.mark.parametrize("pace", ["0", "-1", "fast", "true", ".inf", ".nan", '"5"'])
def test_a_pace_that_is_none_is_refused(site, desk_yaml, pace):
    site.write("connectors/desk.yaml", desk_yaml + f"pace: {pace}\n")
    (said,) = site.problems()
    assert said.startswith("connectors/desk.yaml:5: pace: must be a number above 0")


LAUGHS = """\
connector: desk
a: &a [1,1,1,1,1,1,1,1,1,1]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
e: [*d,*d,*d,*d,*d,*d,*d,*d,*d]
"""

UNPARSED = {
    "bracket": ("connector: desk\nroutes: [\n  a: b\n", 4, "is not YAML"),
    "tab": ("connector: desk\nsettings:\n\turl: x\n", 3, "is indented with a tab; use spaces"),
    "twice": (
        "connector: desk\npassword: hunter2\npassword: hunter3\n",
        3,
        "has the key `password` twice; keep one of the two",
    ),
    "two-documents": ("connector: desk\n---\nconnector: desk\n", 2, "more than one document"),
    "alias": ("connector: desk\nname: *star\n", 2, "an anchor that does not exist"),
    "tag": ("connector: desk\nname: !!python/name:os.system x\n", 2, "uses a YAML tag"),
    "control": ("connector: desk\nname: a\x00b\n", 2, "a character that YAML forbids"),
    "list": ("- connector: desk\n", 1, "holds no keys"),
    "empty": ("", 1, "holds no keys"),
    "not-utf-8": (b"connector: desk\nname: Kr\xe4nk\n", None, "is not UTF-8 text"),
    "deep": ("connector: desk\nname: " + "[" * 60 + "]" * 60, 2, "too deeply nested"),
    "very-deep": ("connector: desk\nname: " + "[" * 600 + "]" * 600, None, "can't be parsed"),
    "laughs": (LAUGHS, None, "is too large"),
}


@pytest.mark.parametrize(("text", "line", "said"), UNPARSED.values(), ids=UNPARSED)
def test_file_that_does_not_parse_never_stops_the_others(site, desk_yaml, text, line, said):
    site.write("connectors/broken.yaml", text)
    site.write("connectors/desk.yaml", desk_yaml)
    settings = site.load()
    (problem,) = settings.problems
    assert said in str(problem)
    assert problem.file == "connectors/broken.yaml"
    assert line in {None, problem.line}
    assert "hunter" not in str(problem)
    assert [one.id for one in settings.instances] == ["desk"]


def test_hub_file_that_does_not_parse_or_exist(site):
    site.hub("store: [\n")
    assert refuse(site).startswith("hub.yaml:2: is not YAML")
    (site.folder / "hub.yaml").unlink()
    assert "hub.yaml: does not exist; write it with `hub init`" in refuse(site)


def test_private_keys_of_the_settings_library_are_unknown_keys(site, hub_yaml):
    site.hub(hub_yaml + "_env_file: /etc/passwd\n")
    assert "_env_file: is not known here" in refuse(site)


def broken_plugins(group):
    if group is Group.SANDBOXES:
        return []
    return [EntryPoint("broken", "no_such_module_anywhere:Thing", group.value)]


def with_broken(registry):
    found = Registry.discover(broken_plugins)
    return Registry((*registry.plugins, *found.plugins))


def test_plugin_that_fails_to_import_stops_only_its_own_instance(site, desk_yaml):
    site.registry = with_broken(site.registry)
    site.write("connectors/a.yaml", "connector: broken\n")
    site.write("connectors/desk.yaml", desk_yaml)
    settings = site.load()
    (said,) = map(str, settings.problems)
    assert said == (
        "connectors/a.yaml:1: connector: the connector `broken` could not be loaded: "
        "ModuleNotFoundError: No module named 'no_such_module_anywhere'; repair or reinstall its "
        "package, or remove this file"
    )
    assert [one.id for one in settings.instances] == ["desk"]


def test_target_that_fails_to_import_stops_only_itself_and_keeps_the_routes(site, desk_yaml):
    site.write("connectors/desk.yaml", desk_yaml)
    before = site.load().instances[0]
    failed = Plugin(Group.TARGETS, "paper", State.LOAD_FAILED, "ImportError: x", "paper", None)
    kept = [one for one in site.registry.plugins if one.name != "paper"]
    site.registry = Registry((*kept, failed))
    settings = site.load()
    (said,) = map(str, settings.problems)
    assert said.startswith("hub.yaml:7: targets.intranet.target: the target `paper` could not")
    assert [one.id for one in settings.targets] == ["web"]
    assert settings.instances[0].routes == before.routes


class Crashing(Model):
    """A model whose own code is broken."""

    def model_post_init(self, context):
        raise KeyError("desk-secret")


class Telling(Model):
    """A model that quotes what it was given."""

    url: str

    def model_post_init(self, context):
        raise ValueError(f"{self.url} is no good")


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        (Crashing, "settings: {}\n", "the plug-in failed with KeyError"),
        (Telling, "settings: {url: '${env:DESK_PASSWORD}'}\n", "*** is no good"),
    ],
)
def test_foreign_models_neither_crash_the_hub_nor_tell_secrets(site, model, text, said):
    base = next(one.cls for one in site.registry.plugins if one.name == "desk")
    cls = type("Foreign", (base,), {"name": "foreign", "settings": model})
    site.registry = Registry((*site.registry.plugins, *Registry.of(cls).plugins))
    site.write("connectors/foreign.yaml", "connector: foreign\n" + text)
    (problem,) = site.problems()
    assert problem.startswith("connectors/foreign.yaml:2: settings: ")
    assert said in problem
    assert "desk-secret" not in problem


def test_hidden_files_are_left_alone_and_yml_is_read(site, desk_yaml):
    site.write("connectors/.desk.yaml.swp.yaml", "nonsense: [")
    site.write("connectors/desk.yml", desk_yaml)
    settings = site.load()
    assert ([one.id for one in settings.instances], settings.problems) == (["desk"], ())


def test_no_folder_of_instances_is_no_problem(tmp_path, registry):
    path = tmp_path / "hub.yaml"
    path.write_text("store: sqlite:///hub.db\norganisation: Duo+\n")
    settings = load(path, registry, {})
    assert (settings.instances, settings.problems) == ((), ())


@pytest.mark.parametrize("spoilt", ["organisatie: Duo\n", "web: {port: x}\n", "audiences: [\n"])
def test_a_wrong_hub_yaml_hides_nothing_that_is_wrong_with_the_instances(site, desk_yaml, spoilt):
    site.hub((site.folder / "hub.yaml").read_text() + spoilt)
    site.write("connectors/desk.yaml", desk_yaml)
    site.write("connectors/good.yaml", desk_yaml.replace("DESK_PASSWORD", "PAPER_TOKEN"))
    site.write("connectors/other.yaml", "connector: dsk\n")
    said = refuse(site, DESK_PASSWORD="").splitlines()
    assert said[0].startswith("hub.yaml:")
    named = [line.split(":")[0] for line in said if line.startswith("connectors/")]
    assert named == ["connectors/desk.yaml", "connectors/other.yaml"]
