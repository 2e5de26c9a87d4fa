"""Text from outside made plain: no markup, no hidden characters, one line, bounded."""

import re
import unicodedata

_CONTENT = {"script", "style"}
_ROUNDS = 5  # escaped markup inside escaped markup: nobody honest goes deeper
_BREAKS = re.compile(r"<\s*/?\s*(?:br|p|div|li|ul|ol|h[1-6]|tr|td)\b[^>]*>", re.IGNORECASE)
_TAG_START = re.compile(r"<(?=[a-zA-Z/!?])")
# nothing in it can be markup, hidden or composed otherwise: most names and words are like this
_HARMLESS = re.compile(r"[A-Za-z0-9 .,'/@+()_:;*#\u00c0-\u017e-]*")
_JOINERS = "\u200c\u200d"  # between the parts of one emoji, and in some scripts: they carry meaning
_ATTACHED = ("\ufe0e", "\ufe0f", "\u200d")
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def plain_text(text: str, maximum: int) -> str:
    """One line without markup, control characters or direction overrides.

    Content of `script` and `style` goes with its tags. A longer text ends in an ellipsis.

    Args:
        text: what the source sent; HTML or plain.
        maximum: the longest result, in characters.
    """
    shown = text if _HARMLESS.fullmatch(text) else strip_markup(visible(text))
    return cut(" ".join(shown.split()), maximum)


def strip_markup(text: str) -> str:
    """The text without tags, also where they were escaped or hidden, once or more often."""
    import html  # noqa: PLC0415  most texts have no markup, and a cold start counts

    import nh3  # noqa: PLC0415  as above

    for _ in range(_ROUNDS):
        spaced = _BREAKS.sub(" ", text)
        cleaned = nh3.clean(spaced, tags=set(), clean_content_tags=_CONTENT)
        cleaned = visible(html.unescape(cleaned))
        if cleaned == text:
            return text
        text = cleaned
    return _TAG_START.sub("", text)


def visible(text: str) -> str:
    """The text without what can't be seen: controls, overrides, lone surrogates. Spaces stay."""
    kept = (" " if character.isspace() else character for character in text)
    return unicodedata.normalize("NFC", "".join(filter(_shown, kept)))


def cut(text: str, maximum: int) -> str:
    """At most this many characters, with an ellipsis at a cut, never inside one emoji or letter."""
    if len(text) <= maximum:
        return text
    end = maximum - 1
    while end > 0 and _inside(text, end):
        end -= 1
    return text[:end].rstrip() + "\u2026"


def _shown(character: str) -> bool:
    return character in _JOINERS or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def _inside(text: str, place: int) -> bool:
    after, before = text[place], text[place - 1]
    attached = bool(unicodedata.combining(after)) or after in _ATTACHED
    return attached or ord(after) in _SKIN_TONES or before == "\u200d"
