"""The benchmark of directories runs, in small; no speed is judged."""

import pytest

from benchmarks.directories import Reading, bars, compared, measure
from connectors.ldap.sandbox import MissingError


@pytest.mark.parametrize("name", ["OpenLDAP", "Samba"])
def test_every_reader_reads_everybody(name):
    try:
        rows = measure(name, 200, rounds=1)
    except MissingError as error:
        pytest.skip(str(error))
    assert {one.reader: one.entries for one in rows} == {
        "ldapsearch": 0, "ours": 200, "ldap3": 200, "poll": 0,
    }  # fmt: skip
    assert all(one.wall > 0 for one in rows)


def test_bars_compare_readings_of_one_directory():
    def rows(name, ours):
        return [
            Reading(name, "ours", 1, ours, 0.1, 30.0),
            Reading(name, "ldapsearch", 0, 1.0, 0.1, None),
            Reading(name, "ldap3", 1, 9.0, 1.0, 60.0),
            Reading(name, "poll", 0, 0.1, 0.0, None),
        ]

    found = list(bars([*rows("OpenLDAP", 0.9), *rows("Samba", 1.4)]))
    assert [one.passed for one in found] == [True] * 4 + [False] + [True] * 3
    assert found[1].measured == pytest.approx(0.1)


def test_turns_are_compared_by_the_best_the_middle_and_each():
    walls = {"ours": (0.2, 0.3, 0.8), "ldapsearch": (0.4, 0.4, 0.4), "ldap3": (9.0, 9.0, 9.0)}
    turns = [
        Reading("OpenLDAP", reader, 1, wall, 0.1, None)
        for reader, some in walls.items()
        for wall in some
    ]
    assert compared(turns) == (
        "wall beside ldapsearch's: best 0.50, median 0.75, turn by turn 0.50 to 2.00"
    )
