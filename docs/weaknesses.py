"""Asks pip-audit about every package in uv.lock: `python -m docs.weaknesses`.

Nobody to ask is no answer: then nothing is claimed, and the reason is printed.
"""

import json
import subprocess  # nosec B404  # it runs two tools of our own environment
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Weaknesses that do not reach the hub: id -> the reason in words.
EXPLAINED: Mapping[str, str] = {}
UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError", "NameResolution")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the audit came to.

    Attributes:
        code: 0 nothing known or nobody to ask, 1 a weakness that nobody explained.
        lines: what to print.
    """

    code: int
    lines: Sequence[str]


def judge(code: int, out: str, err: str, explained: Mapping[str, str] = EXPLAINED) -> Verdict:
    """What pip-audit's exit code, JSON and complaints mean."""
    if not out.strip():
        last = (err.strip().splitlines() or ["it said nothing"])[-1]
        if any(word in err for word in UNREACHABLE):
            return Verdict(
                0, [f"audit skipped: the vulnerability service can't be reached: {last}"]
            )
        return Verdict(code or 1, [f"pip-audit failed: {last}"])
    found = json.loads(out)["dependencies"]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    if len(unknown) == len(found):
        return Verdict(
            0, [f"audit skipped: the service that was asked knows none of {len(found)} packages"]
        )
    weak = [line for one in found for line in _weaknesses(one, explained)]
    lines = [f"not audited, unknown to the service: {', '.join(unknown)}"] if unknown else []
    lines += [line for _, line in weak]
    lines.append(f"{len(found) - len(unknown)} packages audited, {len(weak)} weaknesses known")
    return Verdict(int(any(unexplained for unexplained, _ in weak)), lines)


def _weaknesses(package: Mapping[str, Any], explained: Mapping[str, str]) -> list[tuple[bool, str]]:
    """Per weakness whether somebody has to act, and its line."""
    return [_weakness(package, one, explained) for one in package.get("vulns", ())]


def _weakness(
    package: Mapping[str, Any], one: Mapping[str, Any], explained: Mapping[str, str]
) -> tuple[bool, str]:
    names = {one["id"], *one.get("aliases", ())}
    reason = next((explained[name] for name in sorted(names & explained.keys())), None)
    mended = ", ".join(one.get("fix_versions", ())) or "no version yet"
    what = f"{package['name']} {package['version']}: {one['id']}, mended in {mended}"
    return reason is None, f"{what} (explained: {reason})" if reason else what


def main() -> int:
    """Audit uv.lock and print the verdict; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        locked = Path(folder) / "locked.txt"
        tool = [str(Path(sys.executable).with_name("uv")), "export", "--quiet", "--frozen"]
        how = ["--all-groups", "--no-emit-project", "--output-file", str(locked)]
        subprocess.run([*tool, *how], check=True)  # noqa: S603  # nosec B603  # our own words
        asked = subprocess.run(  # noqa: S603  # nosec B603  # our own words
            [
                *(sys.executable, "-m", "pip_audit", "--requirement", str(locked)),
                *("--disable-pip", "--require-hashes", "--progress-spinner", "off"),
                *("--format", "json", "--desc", "off", "--aliases", "on"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
    verdict = judge(asked.returncode, asked.stdout, asked.stderr)
    print("\n".join(verdict.lines))  # noqa: T201  the report is what it is for
    return verdict.code


if __name__ == "__main__":
    raise SystemExit(main())
