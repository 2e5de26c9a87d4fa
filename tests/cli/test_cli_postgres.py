"""The command line on PostgreSQL, as real processes; the password shows nowhere."""

from pathlib import Path

import sqlalchemy as sa


def test_a_day_on_postgresql(hub, postgres_url, processes, free_port, monkeypatch):
    password = sa.make_url(postgres_url).password
    monkeypatch.setenv("HUB_DATABASE_PASSWORD", password)
    hub.hub_yaml(free_port)
    address = postgres_url.replace(password, "${env:HUB_DATABASE_PASSWORD}")
    hub.config.write_text(hub.config.read_text().replace("sqlite:///hub.db", address))
    hub.manual()
    said = [hub("check"), hub("plan"), hub("sync"), hub("status")]
    assert [one.code for one in said] == [0, 0, 0, 0], said
    processes.append(hub.start("run", HUB_DATABASE_PASSWORD=password))
    processes[-1].until("Next: ")
    second = hub("run", "--once")
    assert second.code == 75
    assert f"pid {processes[-1].pid}" in second.err
    typed = hub("disturbance", "post", "--title", "Telefonie", "--title-en", "Phones")
    assert typed.code == 0, typed.err
    shown = hub("explain", "telefonie")
    assert shown.code == 0, shown.err
    planned = hub("plan", "--json")
    assert planned.code == 0, planned.err
    words = Path(f"/proc/{processes[-1].pid}/cmdline").read_text()
    ended = processes[-1].end()
    assert ended.code == 0, ended.err
    assert hub("status", "--json").json["running"] is None
    every = [*said, second, typed, shown, planned, ended]
    assert password not in words + "".join(one.out + one.err for one in every)
    assert "Traceback" not in ended.err
