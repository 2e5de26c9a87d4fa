"""What a person would ask who sees the list: was the OU moved?"""

import pytest

from hub.people.together import Crowd, Together, together
from hub.render import people_words

ZORG = [("deleted", "Zorg")]


@pytest.mark.parametrize(
    ("crowd", "asked"),
    [
        (
            Crowd([("moved to OU=Archief", None)] * 38, 200),
            ["38 moved together to OU=Archief: was the OU moved? Then name it in `bases`."],
        ),
        (
            Crowd([("outside filter or group", None)] * 20, 20),
            [
                "This is everybody (20): are the base, the filter and the account that reads right?",
                "20 are together outside the filter or group: is the filter spelled right",
            ],
        ),
        (
            Crowd([("missing", None)] * 9 + [("deleted", None)], 40),
            ["9 are together not found any more, and nothing proves that they were deleted"],
        ),
        (
            Crowd([("", "Zorg")] * 12, 40, {"Zorg": 12, "Kunst": 28}),
            ["It is the whole department Zorg (12): was it renamed, moved or closed?"],
        ),
        (Crowd([("", "Zorg")] * 12, 40, {"Zorg": 13, "Kunst": 27}), []),
        (Crowd([("", "Zorg")] * 12, 12, {"Zorg": 12}), ["This is everybody (12)"]),
        (Crowd(ZORG * 2, 2, {"Zorg": 2, "Kunst": 1}), []),
        (Crowd([("deleted", None)] * 7 + [("moved to OU=A", None)] * 3, 99), []),
        (
            Crowd([], 100, fields={"title": 21, "office": 20}),
            ["21 get another `title` together: was it renamed at the source, or filled otherwise?"],
        ),
        (Crowd([("disabled", None)] * 5, 9), ["5 were disabled together: was that meant?"]),
    ],
)
def test_what_is_asked(crowd, asked):
    found = [people_words.together(one, "en") for one in together(crowd)]
    assert len(found) == len(asked)
    assert all(text.startswith(one) for one, text in zip(asked, found, strict=True))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_everything_in_common_has_words(language):
    for code in Together:
        text = people_words.together({"code": code, "n": 5, "what": "OU=Oud"}, language)
        assert "5" in text
        assert "?" in text
        assert "{" not in text
    assert people_words.TOGETHER.keys() == set(Together)
