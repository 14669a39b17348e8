"""Where an extract's rows come from: files by pattern, a database, or a query over several of these."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from config.base import Model, Texts


class FilesSource(Model):
    """Files found by a pattern, read as text. `{month}`, `{year}` and `{mm}` stand for the month in the pattern."""

    files: Texts
    """Patterns relative to the company's data folder: sales/{month}*.csv. One heading row in each file."""
    format: Literal["auto", "csv", "excel", "parquet", "jsonl"] = "auto"
    """auto goes by the file's ending, and by its content where that says more."""
    encoding: str = "auto"
    separator: str = "auto"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    """Grouping mark inside numbers; spaces (also narrow and no-break ones) are always allowed."""
    dates: str = "iso"
    """iso, day_first, month_first, or a strptime format such as %d.%m.%y."""
    sheet: str | None = None
    """Excel: the sheet's name; by default the first."""
    header_row: int = Field(default=1, ge=1)
    """Row that holds the headings, counted from 1."""
    missing: Texts = ()
    """Texts that mean no value, beside the empty one: NULL, n/a."""
    footers: Texts = ()
    """Regular expressions: a row whose first filled cell matches is a subtotal or footer, counted and left out."""
    month_by: str | None = None
    """Where one file holds many months: the declared column (date or timestamp) whose month a row belongs to."""


class DatabaseSource(Model):
    """A database SQLAlchemy can speak to. `:month_start` and `:month_end` (exclusive) are bound dates."""

    url: str
    """SQLAlchemy URL. `${NAME}` is taken from the environment, `${file:/path}` from a file; a written password
    is refused."""
    query: str | None = None
    table: str | None = None
    """Instead of a query: a whole table or view, [schema.]name; give month_by to take a month of it."""
    month_by: str | None = None
    missing: Texts = ()


def source_variant(value: object) -> str | None:
    """Which source is meant, told by the key only it has, so that errors are of that one: tables, url or files.

    None where none of these keys is there.
    """
    if isinstance(value, Model):
        value = type(value).model_fields
    return next((key for key in ("tables", "url", "files") if isinstance(value, dict) and key in value), None)


class QuerySource(Model):
    """A SQL query (DuckDB's dialect) over several files or tables, each read as text columns.

    `:month_start` and `:month_end` (exclusive) are bound dates.
    """

    tables: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")],
        Annotated[
            Annotated[FilesSource, Tag("files")] | Annotated[DatabaseSource, Tag("url")], Discriminator(source_variant)
        ],
    ]
    query: str


Source = Annotated[
    Annotated[FilesSource, Tag("files")]
    | Annotated[DatabaseSource, Tag("url")]
    | Annotated[QuerySource, Tag("tables")],
    Discriminator(source_variant),
]
