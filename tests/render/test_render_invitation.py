"""A code on paper and by mail: what a camera and a reader find there, in both languages."""

import re
from datetime import UTC, datetime

import pypdfium2
import pytest
import zxingcpp

from hub.render import invitation
from hub.render.invitation import Letter
from hub.render.invitation_words import WORDS

CODE = "7KXQ-2M0A-9ZT4-HHJK-0123-4567-89AB"
LINK = f"https://hub.example.org/welcome#{CODE}"


def letter(**more):
    given = {
        "name": "Noor van den Berg",
        "code": CODE,
        "address": "https://hub.example.org/welcome",
        "until": datetime(2027, 2, 19, 23, 30, tzinfo=UTC),
        "organisation": "Voordeelmarkt",
        "then": "device",
        "number": True,
        "phone": "088 123 4567",
        "time_zone": "Europe/Amsterdam",
        "language": "nl",
    }
    return Letter(**given | more)


def pages(content):
    document = pypdfium2.PdfDocument(content)
    try:
        return [
            (
                page.get_size(),
                page.get_textpage().get_text_range(),
                [one.text for one in zxingcpp.read_barcodes(page.render(scale=2).to_pil())],
            )
            for page in document
        ]
    finally:
        document.close()


@pytest.mark.parametrize("then", ["device", "provider", "intranet"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_one_a4_page_each_that_a_camera_reads(language, then):
    other = "Q" * 4 + CODE[4:]
    both = [letter(language=language, then=then), letter(code=other, language=language, then=then)]
    first, second = pages(invitation.pdf(both))
    assert [round(one) for one in first[0]] == [595, 842]
    assert first[2] == [LINK]
    assert second[2] == [LINK.replace(CODE, other)]
    for said in (CODE, "hub.example.org/welcome", "Noor van den Berg", "088 123 4567"):
        assert said in first[1]
    when = {"nl": "20 februari 2027", "en": "20 February 2027"}[language]
    assert when in first[1], "the day where people are"
    assert invitation.notes(both[0])[1] in first[1]
    assert "{" not in first[1]


def test_a_name_in_other_letters_is_readable_on_a_pdf_and_whole_on_a_page():
    one = letter(name="Şirin Y\u0131ld\u0131z-Łukasz Đorđe 李", number=False)
    [(_, text, _)] = pages(invitation.pdf([one]))
    assert "Sirin Yildiz-Lukasz Dorde ?" in text
    assert WORDS["nl"]["number"] not in text
    assert "Şirin Y\u0131ld\u0131z-Łukasz Đorđe 李" in invitation.html([one]).decode()


def test_the_page_for_the_printer_needs_nothing_and_nothing_breaks_out():
    found = invitation.html([letter(name="<script>x</script>"), letter()]).decode()
    assert found.count("<section>") == found.count("<svg") == 2
    assert "<script" not in found
    assert not re.search(r'(src|href)="', found)
    assert found.count(CODE) == 2, "once a page: the square holds it too, as a drawing"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_mail_has_the_link_and_the_code(language):
    subject, text = invitation.mail(letter(language=language))
    assert subject == WORDS[language]["subject"].format(organisation="Voordeelmarkt")
    assert LINK in text.splitlines()
    assert f"    {CODE}" in text.splitlines()
    assert "{" not in text
    bare = invitation.mail(letter(language=language, phone=None, number=False))[1]
    assert "088" not in bare


def test_both_languages_say_the_same_things():
    assert WORDS["nl"].keys() == WORDS["en"].keys()
    for key, text in WORDS["nl"].items():
        blanks = re.findall(r"\{\w+\}", text)
        assert sorted(blanks) == sorted(re.findall(r"\{\w+\}", WORDS["en"][key])), key
