"""What an administrator says about one kind of file: closed, frozen, described."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.csv.columns import NEVER, Column, folded


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("write the whole path, from / on")
    return path


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("no such time zone: write Europe/Amsterdam, say") from error
    return name


def _heading(heading: str) -> str:
    if folded(heading) in NEVER:
        raise ValueError("a citizen service number is never read: choose another column")
    return heading


Heading = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_heading)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SftpSettings(_Closed):
    """A folder on another machine, by SFTP."""

    host: str = Field(min_length=1, description="The machine's name.")
    port: int = Field(22, ge=1, le=65535, description="Its port.")
    username: str = Field(min_length=1, description="An account that may only read this folder.")
    password: SecretStr | None = Field(None, description="Its password, by reference.")
    private_key: SecretStr | None = Field(
        None, description="Instead of a password: its private key (OpenSSH, PEM), by reference."
    )
    host_key: str = Field(
        min_length=1,
        description="The machine's own public key (`ssh-ed25519 AAAA...`), as its administrator "
        "gives it to you: another machine is refused.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> "SftpSettings":
        if (self.password is None) == (self.private_key is None):
            raise ValueError("give `password` or `private_key`, one of the two")
        return self


class CsvSettings(_Closed):
    """Where the files come from, and how to read them."""

    by: Literal["folder", "upload"] = Field(
        "folder",
        description="folder: the newest file in `folder` counts. upload: somebody brings it, by "
        "`hub people import`, by a call or on the hub's page.",
    )
    folder: Annotated[Path, AfterValidator(_absolute)] | None = Field(
        None,
        description="Where the files are put down; on the other machine with `sftp`. Each file is "
        "the whole list, and the newest one counts.",
    )
    pattern: str = Field("*.csv", min_length=1, description="Which files of it, by name.")
    sftp: SftpSettings | None = Field(None, description="The folder stands on another machine.")
    key: tuple[Heading, ...] = Field(
        (),
        description="The columns that name a row for good, never a mail address; default: the "
        "employee number. Somebody with two contracts has two rows: add the contract's number.",
    )
    columns: Mapping[Column, Heading] = Field(
        {}, description="Headings of columns that the hub does not find by itself."
    )
    ignore: tuple[Column, ...] = Field(
        (), description="Fields that are not read, though there is a column for them."
    )
    encoding: Literal["auto", "utf-8", "utf-16", "cp1252", "iso-8859-15", "cp850"] = Field(
        "auto", description="auto: what the file's first bytes say, else UTF-8, else cp1252."
    )
    delimiter: Literal["auto", ";", ",", "tab", "|"] = Field(
        "auto", description="auto: the one with which the most headings are recognised."
    )
    last_line: str | None = Field(
        None,
        min_length=1,
        description="What the last line begins with, where the export ends with such a line: "
        "without it a file was cut off.",
    )
    day_first: bool = Field(True, description="Whether 03-04-2026 is the third of April.")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Europe/Amsterdam", description="Where a day of `starts` and `ends` begins."
    )
    employer: str | None = Field(
        None, min_length=1, description="The organisation of them all, where no column says it."
    )
    external: bool = Field(False, description="Whether these are no employees.")
    most_bytes: int = Field(
        50_000_000, ge=1, description="A larger file is refused; 20,000 people take about 4 MB."
    )

    @model_validator(mode="after")
    def _consistent(self) -> "CsvSettings":
        if both := sorted(set(self.columns) & set(self.ignore)):
            raise ValueError(f"{', '.join(both)}: named in `columns` and in `ignore`")
        if self.by == "folder" and self.folder is None:
            raise ValueError("say in `folder` where the files are, or write `by: upload`")
        if self.by == "upload" and (self.folder or self.sftp):
            raise ValueError("with `by: upload` there is no `folder` and no `sftp`: take them out")
        return self
