"""What counts as naming someone, and what must not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.topdesk.scrub import names_someone

PHONES = [
    "0612345678", "06-12345678", "06 12 34 56 78", "06.12.34.56.78", "06/12345678", "06_12345678",
    "+31612345678", "+31 6 12345678", "+31 (0)6 1234 5678", "0031612345678", "0031 6 12345678",
    "020-1234567", "(020) 123 45 67", "(020)1234567", "020 123 4567", "0297-123456", "0297 12 34 56",
    "+32 2 123 45 67", "tel.0612345678", "Tel:020-1234567", "31612345678", "31 6 12345678",
    "0800-1234", "06\u201312345678", "\uff10\uff16\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
    "06\u200b12345678", "toestel 4512", "tst. 4512", "telefoon: 4512",
]  # fmt: skip
MAILS = ["jan@example.org", "jan.de.vries@mail.example.org", "Jan@EXAMPLE.nl", "jan [at] example.org",
         "jan(at)example.org", "mail jan @ example.org"]  # fmt: skip
BSNS = ["123456782", "1234.56.782", "123 456 782", "111222333", "12345672", "nr 123456782 van"]
HARMLESS = [
    "E-mail niet bereikbaar", "Onderhoud 01-02-2026 10:30", "Onderhoud op 23-11-2026", "Office 365",
    "Windows 11 24H2", "Vanaf 08:00 tot 17:30", "Major M 2611 021", "I-250520-058", "C2507-353",
    "Kamer 0.12 en 0.14", "Foutcode 0x80070005", "Teams: 1000+ meldingen",
    "Bel de servicedesk", "Gebouw 020", "123456789", "Storing sinds 09.15 uur", "Telefonie balie",
    "Telefoon 2e verdieping", "in 2025 en 2026", "IPv4 192.168.1.10", "@home werkt niet",
]  # fmt: skip


@pytest.mark.parametrize("text", PHONES + MAILS + BSNS)
def test_a_text_that_names_someone_is_recognised(text):
    assert names_someone(text)
    assert names_someone(f"Printer stuk, bel {text} graag")


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_text_is_left_alone(text):
    assert not names_someone(text)


def test_personnel_numbers_are_those_of_the_pattern():
    assert not names_someone("Account P123456 geblokkeerd")
    assert names_someone("Account P123456 geblokkeerd", [r"\bP\d{6}\b"])


def test_a_bare_name_is_not_recognised():
    assert not names_someone("Laptop van Petra Veenstra")


def _bsn(first: str) -> str | None:
    total = sum(weight * int(digit) for weight, digit in zip(range(9, 1, -1), first, strict=True))
    return first + str(total % 11) if total % 11 < 10 else None


@given(
    st.text("0123456789", min_size=8, max_size=8), st.sampled_from(["{}", "a {} b", "1 {}", "{} 2"])
)
def test_every_citizen_number_is_recognised(first, around):
    number = _bsn(first)
    if number is not None and int(number) > 0:
        assert names_someone(around.format(number))


@given(
    st.text("123456789", min_size=8, max_size=8),
    st.lists(st.sampled_from(["", " ", "-", "."]), min_size=8, max_size=8),
)
def test_every_mobile_number_in_any_grouping_is_recognised(digits, gaps):
    grouped = "".join(gap + digit for gap, digit in zip(gaps, digits, strict=True))
    assert names_someone(f"06{grouped}")
    assert names_someone(f"Bel +31 6{grouped} nu")
