"""Every text about persons and their accounts that people read, in Dutch and English."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.events.base import Language
from hub.render.naming import with_key

SIGNS: Mapping[str, Mapping[Language, str]] = {
    "account": {"nl": "dit account was al bekend", "en": "this account was known already"},
    "number": {
        "nl": "hetzelfde personeelsnummer in dezelfde nummering",
        "en": "the same employee number in the same numbering",
    },
    "mail": {"nl": "hetzelfde werkadres", "en": "the same work address"},
    "mail-elsewhere": {
        "nl": "hetzelfde adres, in een domein dat niet in `mail_domains` staat",
        "en": "the same address, in a domain that `mail_domains` does not name",
    },
    "private-mail": {"nl": "hetzelfde privéadres", "en": "the same private address"},
    "family": {"nl": "de achternaam klopt", "en": "the family name agrees"},
    "family-differs": {"nl": "een andere achternaam", "en": "another family name"},
    "given": {"nl": "de voornaam klopt", "en": "the given name agrees"},
    "initials": {"nl": "de voorletters kloppen", "en": "the initials agree"},
    "given-differs": {"nl": "een andere voornaam", "en": "another given name"},
    "birth": {"nl": "dezelfde geboortedatum", "en": "the same birth date"},
    "birth-differs": {"nl": "een andere geboortedatum", "en": "another birth date"},
    "several": {"nl": "meer dan één persoon past", "en": "more than one person fits"},
    "by-hand": {"nl": "door een beheerder", "en": "by an administrator"},
}
TIERS: Mapping[str, Mapping[Language, str]] = {
    "known": {"nl": "bekend", "en": "known"},
    "number": {"nl": "personeelsnummer", "en": "employee number"},
    "mail": {"nl": "werkadres", "en": "work address"},
    "birth": {"nl": "naam en geboortedatum", "en": "name and birth date"},
    "conflict": {"nl": "tegenstrijdig", "en": "contradictory"},
    "disputed": {"nl": "betwist", "en": "disputed"},
    "hint": {"nl": "aanwijzing", "en": "hint"},
    "none": {"nl": "nieuw", "en": "new"},
}


def signs(codes: Iterable[str], language: Language) -> str:
    """What was compared, as one sentence part: `the same birth date, another given name`."""
    return ", ".join(SIGNS[code][language] for code in codes)


def tier(code: str, language: Language) -> str:
    """What a decision rests on, in a word or two."""
    return TIERS[code][language]


WHY: Mapping[str, Mapping[Language, str]] = {
    "begins": {"nl": "begint", "en": "begins"},
    "returns": {"nl": "is terug", "en": "is back"},
    "suspended": {"nl": "geen account is nog geldig", "en": "no account is in force any more"},
    "changed": {"nl": "gewijzigd", "en": "changed"},
    "grace-over": {"nl": "de uitlooptijd is voorbij", "en": "grace is over"},
    "not-yet": {"nl": "begint nog niet", "en": "does not begin yet"},
    "merged": {"nl": "is dezelfde als een ander", "en": "is the same person as another"},
    "forgotten": {"nl": "is vergeten", "en": "was forgotten"},
    "no-login": {
        "nl": "heeft niets om mee in te loggen (`people.user_name`)",
        "en": "has nothing to log in with (`people.user_name`)",
    },
    "chosen": {"nl": "gekozen in `people.groups`", "en": "`people.groups` chooses it"},
    "not-chosen": {
        "nl": "`people.groups` kiest deze groep niet meer",
        "en": "`people.groups` does not choose this group any more",
    },
    "group-gone": {"nl": "de groep is niet meer in de bron", "en": "the group left its source"},
    "joins": {"nl": "zit in de groep", "en": "is in the group"},
    "left": {"nl": "zit niet meer in de groep", "en": "is not in the group any more"},
    "no-account": {
        "nl": "heeft daar geen account meer",
        "en": "has no account there any more",
    },
    "withdrawn": {"nl": "de groep is teruggenomen", "en": "the group was withdrawn"},
    "photo-new": {"nl": "nieuwe foto", "en": "new picture"},
    "photo-changed": {"nl": "andere foto", "en": "another picture"},
    "photo-gone": {"nl": "geen foto meer", "en": "no picture any more"},
}
STANDS: Mapping[str, Mapping[Language, str]] = {
    "in-force": {"nl": "geldig", "en": "in force"},
    "disabled": {"nl": "uitgeschakeld", "en": "disabled"},
    "ended": {"nl": "beëindigd op {day}", "en": "ended on {day}"},
    "to-come": {"nl": "begint op {day}", "en": "begins on {day}"},
    "gone": {"nl": "niet meer in de bron", "en": "no longer in its source"},
    "member": {"nl": "staat erin", "en": "is named"},
}


def why(found: Mapping[str, Any], language: Language) -> str:
    """The reason of one line of a plan: `no account is in force any more (hr/7 ended on ...)`."""
    by = ", ".join(found.get("sources", ()))
    words = WHY[found["code"]][language] + (f" ({by})" if by else "")
    if found["code"] == "changed" or not found["accounts"]:
        return words
    told = "; ".join(_stands(one, language) for one in found["accounts"])
    return f"{words}: {told}"


def _stands(one: Mapping[str, str], language: Language) -> str:
    words = STANDS[one["stands"]][language]
    account = with_key(one["account"], one.get("name"))
    return f"{account} {words.format(day=one.get('at', '')[:10])}"


TOGETHER: Mapping[str, Mapping[Language, str]] = {
    "everybody": {
        "nl": "Dit is iedereen ({n}): kloppen de basis, het filter en het account dat leest?",
        "en": "This is everybody ({n}): are the base, the filter and the account that reads right?",
    },
    "moved": {
        "nl": "{n} zijn samen verplaatst naar {what}: is de OU verplaatst? Noem die dan bij `bases`.",
        "en": "{n} moved together to {what}: was the OU moved? Then name it in `bases`.",
    },
    "unchosen": {
        "nl": "{n} vallen samen buiten het filter of de groep: is het filter goed geschreven, of is "
        "een attribuut waar het naar vraagt gewijzigd?",
        "en": "{n} are together outside the filter or group: is the filter spelled right, or did an "
        "attribute change that it asks for?",
    },
    "missing": {
        "nl": "{n} worden samen niet meer gevonden, en niets bewijst dat ze verwijderd zijn: ziet het "
        "account dat leest ze nog?",
        "en": "{n} are together not found any more, and nothing proves that they were deleted: does "
        "the account that reads still see them?",
    },
    "deleted": {
        "nl": "{n} zijn samen verwijderd in de bron: weet iemand waarom?",
        "en": "{n} were deleted together at their source: does somebody know why?",
    },
    "disabled": {
        "nl": "{n} zijn samen uitgeschakeld: was dat de bedoeling?",
        "en": "{n} were disabled together: was that meant?",
    },
    "ended": {
        "nl": "Van {n} is samen de einddatum verstreken: kloppen die datums?",
        "en": "{n} ended together: are their end dates right?",
    },
    "department": {
        "nl": "Het is de hele afdeling {what} ({n}): is die hernoemd, verplaatst of opgeheven?",
        "en": "It is the whole department {what} ({n}): was it renamed, moved or closed?",
    },
    "field": {
        "nl": "{n} krijgen samen een ander veld `{what}`: is het in de bron hernoemd, of anders gevuld?",
        "en": "{n} get another `{what}` together: was it renamed at the source, or filled otherwise?",
    },
}


def together(found: Mapping[str, Any], language: Language) -> str:
    """What many have in common, as a question: `38 moved together to OU=Old: was the OU moved?`."""
    return TOGETHER[found["code"]][language].format(n=found["n"], what=found.get("what", ""))
