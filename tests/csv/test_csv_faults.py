"""Everything that can be wrong with a file: each has a case here, and words in Dutch."""

import ast
import inspect
import string
import textwrap

import pytest

from connectors.csv import columns, detect, mapping
from connectors.csv.connector import CsvConnector
from connectors.csv.faults import TEXTS, Fault
from connectors.csv.settings import CsvSettings
from hub.errors import BadConfigError, Coded, RetryableError
from hub.render.file_words import DUTCH, told
from hub.testing.fakes import fake_context

HEAD = "Personeelsnummer;Achternaam;Uit dienst;Actief\n"
GOOD = "".join(f"{n};Berg;;\n" for n in range(1, 9))


def rows(*more, head=HEAD):
    return (head + GOOD + "".join(f"{row}\n" for row in more)).encode()


CASES = {
    Fault.CELLS: (rows("9;Berg"), {}),
    Fault.KEY_EMPTY: (rows(";Berg;;"), {}),
    Fault.KEY_ADDRESS: (rows("noor@voorbeeld.nl;Berg;;"), {}),
    Fault.KEY_LONG: (rows(f"{'9' * 201};Berg;;"), {}),
    Fault.NO_NAME: (rows("9;;;"), {}),
    Fault.NEITHER: (rows("9;Berg;;misschien"), {}),
    Fault.NO_DATE: (rows("9;Berg;ooit;"), {}),
    Fault.SAME_KEY: (rows("1;Bakker;;"), {}),
    Fault.EMPTY: (b"\n", {}),
    Fault.WORKBOOK: (b"PK\x03\x04--", {}),
    Fault.OLD_WORKBOOK: (b"\xd0\xcf\x11\xe0--", {}),
    Fault.PDF: (b"%PDF-1.7", {}),
    Fault.COMPRESSED: (b"\x1f\x8b--", {}),
    Fault.ENCODING: (rows("9;Andr\x81;;").decode().encode("latin-1"), {}),
    Fault.LAST_LINE: (rows(), {"last_line": "EINDE"}),
    Fault.MISSING: (rows(), {"key": ["Contractnummer"]}),
    Fault.TWICE: (rows(head="Personeelsnummer;Achternaam;Achternaam;Actief\n"), {}),
    Fault.NO_KEY: (b"Roepnaam;Achternaam\nNoor;Berg\n", {}),
    Fault.NO_HEADINGS: (b"1;2\n", {}),
    Fault.NO_HEADINGS_BY: (rows(), {"delimiter": ","}),
    Fault.DAMAGED: (rows('9;"Berg'), {}),
    Fault.CUT: (rows().rstrip(b"\n") + b"\n9;Be", {}),
    Fault.RAGGED: (rows(*["9"] * 8), {}),
    Fault.TOO_LARGE: (rows(), {"most_bytes": 50}),
}


def shown(data, settings):
    """What the connector says of this file: (message, what it says) of it or of its one wrong row."""
    config = CsvSettings.model_validate({"by": "upload"} | settings)
    try:
        understood = CsvConnector(config, fake_context("winkels")).understand("people", data)
    except (BadConfigError, RetryableError) as error:
        return str(error), error.coded
    (row,) = understood.batch.unreadable
    return row.reason, row.coded


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_is_said_in_dutch(fault):
    message, coded = shown(*CASES[fault])
    assert coded.code == fault
    assert message == TEXTS[fault].format(**coded.values)
    text, language = told(message, coded, "nl")
    assert language == "nl"
    assert text == DUTCH[fault].format(**coded.values)
    assert text != message
    assert told(message, coded, "en") == (message, "en")


def test_no_words_are_left_over_and_none_name_what_the_message_does_not():
    assert {code for code in DUTCH if code.startswith("csv-")} == set(Fault)
    for fault in Fault:
        assert named(DUTCH[fault]) <= named(TEXTS[fault])


def named(words):
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def test_no_fault_is_said_beside_the_table():
    """A new reason needs a `Fault`, and so it needs words."""
    for module in (columns, detect, mapping, CsvConnector.understand):
        tree = ast.parse(textwrap.dedent(inspect.getsource(module)))
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"BadConfigError", "RetryableError", "RejectedError", "Unreadable"}


@pytest.mark.parametrize(
    "coded", [None, Coded("another-connector's"), Coded("csv-cells", {"something": 1})]
)
def test_what_has_no_words_is_said_as_it_is_in_english(coded):
    assert told("row 3 is odd", coded, "nl") == ("row 3 is odd", "en")
