import dataclasses
import re
import string

import pytest

from hub.render.catalogue import CATALOGUE, DUTCH, ENGLISH, Words, plain

ENTRIES = [
    (language, field.name)
    for language in CATALOGUE
    for field in dataclasses.fields(Words)
    if field.name not in {"months", "days"}
]


def slots(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize(("language", "name"), ENTRIES)
def test_a_sentence_has_at_most_fifteen_words(language, name):
    text = getattr(CATALOGUE[language], name)
    filled = re.sub(r"\{\w+\}", "5 november 2025 02:30 zomertijd", text)
    for sentence in re.split(r"(?<=[.?!])\s+", filled):
        assert 1 <= len(sentence.split()) <= 15, sentence


@pytest.mark.parametrize("name", [name for language, name in ENTRIES if language == "nl"])
def test_both_languages_fill_in_the_same(name):
    assert slots(getattr(DUTCH, name)) == slots(getattr(ENGLISH, name))


def test_no_text_claims_that_everything_works():
    for words in CATALOGUE.values():
        texts = " ".join(str(value) for value in dataclasses.astuple(words)).lower()
        assert not re.search(r"alles werkt|everything works|geen problemen|all is well", texts)


def test_each_year_has_twelve_different_months():
    for words in CATALOGUE.values():
        assert len(set(words.months)) == 12


def test_a_missing_language_falls_back_to_the_other():
    assert plain({"nl": "Netwerk"}, "en") == "Netwerk"
    assert plain({"nl": "Netwerk", "en": "Network"}, "en") == "Network"
