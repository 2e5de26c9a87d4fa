"""Bars for the page of measurements, as SVG that is legible in the light and in the dark."""

from collections.abc import Sequence
from html import escape

WIDTH, ROW, LEFT, RIGHT = 720, 26, 210, 90
STYLE = (
    "text{font:14px sans-serif;fill:#24292f}rect{fill:#8c959f}.own{fill:#0969da}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#6e7681}.own{fill:#58a6ff}}"
)


def bars(title: str, values: Sequence[tuple[str, float]], own: str) -> str:
    """A bar per name, in seconds, the shortest on top; the one named `own` stands out."""
    most = max((value for _, value in values), default=1.0) or 1.0
    rows = [
        _bar(number, name, value, value / most, own=name == own)
        for number, (name, value) in enumerate(sorted(values, key=lambda one: one[1]))
    ]
    height = ROW * (len(values) + 1) + 14
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {height}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<text x="0" y="16" font-weight="bold">{escape(title)}</text>'
    )
    return "\n".join([head, *rows, "</svg>"])


def _bar(number: int, name: str, value: float, share: float, *, own: bool) -> str:
    top = ROW * (number + 1) + 4
    length = max(2, round(share * (WIDTH - LEFT - RIGHT)))
    mark = ' class="own"' if own else ""
    return (
        f'<text x="0" y="{top + 15}">{escape(name)}</text>'
        f'<rect{mark} x="{LEFT}" y="{top}" width="{length}" height="{ROW - 6}" rx="2"/>'
        f'<text x="{LEFT + length + 8}" y="{top + 15}">{value:.2f} s</text>'
    )
