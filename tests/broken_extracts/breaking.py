"""Ways to break an extract: functions from a file's bytes to what came instead.

Lines are those of the file, the headings being line 1. Does not belong here: what is then found.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Break = Callable[[bytes], bytes]
Make = Callable[[str], str]
Row = dict[str, str]


@dataclass
class Table:
    """A CSV file that can be written into."""

    headings: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, content: bytes) -> "Table":
        """The table in a file."""
        headings, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
        return cls(headings, rows)

    def file(self, separator: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
        """The file of the table."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
        writer.writerows([self.headings, *self.rows])
        return text.getvalue().encode()

    def at(self, line: int, column: str) -> str:
        """A cell."""
        return self.rows[line - 2][self.headings.index(column)]

    def put(self, line: int, column: str, value: str) -> None:
        """Write a cell."""
        self.rows[line - 2][self.headings.index(column)] = value

    def lines(self) -> range:
        """The lines that hold rows."""
        return range(2, len(self.rows) + 2)


Change = Callable[[Table], None]


def _same_table(content: bytes, change: Change) -> bytes:
    table = Table.of(content)
    change(table)
    return table.file()


def on_table(change: Change) -> Break:
    """A break of the table in the file."""
    return lambda content: _same_table(content, change)


def on_text(change: Make) -> Break:
    """A break of the file's text."""
    return lambda content: change(content.decode("utf-8")).encode("utf-8")


def each(*breaks: Break) -> Break:
    """One break after the other."""

    def broken(content: bytes) -> bytes:
        for one in breaks:
            content = one(content)
        return content

    return broken


# -- cells -------------------------------------------------------------------------------------------------------


def cell(line: int, **values: str) -> Break:
    """One row says something else."""

    def change(table: Table) -> None:
        for column, value in values.items():
            table.put(line, column, value)

    return on_table(change)


def column(name: str, make: Make | str, where: Callable[[int, Row], bool] = lambda _line, _row: True) -> Break:
    """A column says something else in all rows, or those for which `where` (line, row) holds."""

    def change(table: Table) -> None:
        for line in table.lines():
            if where(line, dict(zip(table.headings, table.rows[line - 2], strict=True))):
                before = table.at(line, name)
                table.put(line, name, make if isinstance(make, str) else make(before))

    return on_table(change)


def filled(make: Make) -> Make:
    """The same for texts that are not empty."""
    return lambda text: make(text) if text else text


# -- rows --------------------------------------------------------------------------------------------------------


def keep(where: Callable[[int, Row], bool]) -> Break:
    """Only the rows for which `where` (line, row) holds."""

    def change(table: Table) -> None:
        table.rows = [
            row
            for line, row in enumerate(table.rows, start=2)
            if where(line, dict(zip(table.headings, row, strict=True)))
        ]

    return on_table(change)


def lines(first: int, last: int) -> Break:
    """Only these lines, and the headings."""
    return keep(lambda line, _row: first <= line <= last)


def insert(line: int, *cells: Sequence[str]) -> Break:
    """Rows put in, the first of them to stand on `line`; short ones are filled with empty cells."""

    def change(table: Table) -> None:
        width = len(table.headings)
        table.rows[line - 2 : line - 2] = [[*row, *[""] * (width - len(row))] for row in cells]

    return on_table(change)


def again(where: Callable[[int, Row], bool] = lambda _line, _row: True, **values: str | Make) -> Break:
    """Rows once more at the end, with some values changed."""

    def change(table: Table) -> None:
        for line, row in enumerate(list(table.rows), start=2):
            if where(line, dict(zip(table.headings, row, strict=True))):
                table.rows.append(list(row))
                last = len(table.rows) + 1
                for name, value in values.items():
                    table.put(last, name, value if isinstance(value, str) else value(table.at(last, name)))

    return on_table(change)


def totals_after(every: int, name: str, value: Callable[[Iterable[Row]], str], **labels: str) -> Break:
    """A subtotal line after each `every` rows."""

    def change(table: Table) -> None:
        rows: list[list[str]] = []
        part: list[Row] = []
        for at, row in enumerate(table.rows, start=1):
            rows.append(row)
            part.append(dict(zip(table.headings, row, strict=True)))
            if at % every == 0:
                said = {**labels, name: value(part)}
                rows.append([said.get(heading, "") for heading in table.headings])
                part = []
        table.rows = rows

    return on_table(change)


# -- columns -----------------------------------------------------------------------------------------------------


def rename(**names: str) -> Break:
    """Columns with other headings."""

    def change(table: Table) -> None:
        assert set(names) <= set(table.headings)
        table.headings = [names.get(heading, heading) for heading in table.headings]

    return on_table(change)


def without(*names: str) -> Break:
    """Columns taken away."""

    def change(table: Table) -> None:
        places = [at for at, heading in enumerate(table.headings) if heading not in names]
        table.headings = [table.headings[at] for at in places]
        table.rows = [[row[at] for at in places] for row in table.rows]

    return on_table(change)


def with_column(name: str, make: Callable[[Row], str]) -> Break:
    """A column more, at the end."""

    def change(table: Table) -> None:
        made = [make(dict(zip(table.headings, row, strict=True))) for row in table.rows]
        table.headings = [*table.headings, name]
        table.rows = [[*row, more] for row, more in zip(table.rows, made, strict=True)]

    return on_table(change)


def reordered(content: bytes) -> bytes:
    """The columns in the opposite order."""
    table = Table.of(content)
    return Table(table.headings[::-1], [row[::-1] for row in table.rows]).file()


# -- files -------------------------------------------------------------------------------------------------------


def separated(mark: str) -> Break:
    """Another separator."""
    return lambda content: Table.of(content).file(separator=mark)


def recoded(encoding: str, errors: str = "strict") -> Break:
    """Another encoding."""
    return lambda content: content.decode("utf-8").encode(encoding, errors)


def mojibake(content: bytes) -> bytes:
    """UTF-8 read as Latin-1 and written as UTF-8 again."""
    return content.decode("latin-1").encode("utf-8")


def only(content: bytes | str) -> Break:
    """Something else altogether."""
    return lambda _content: content.encode() if isinstance(content, str) else content


def headings_only(content: bytes) -> bytes:
    """Nothing but the headings."""
    return content.splitlines(keepends=True)[0]


def twice(content: bytes) -> bytes:
    """The whole file twice, with its headings once."""
    return content + b"".join(content.splitlines(keepends=True)[1:])


def cut_at(share: float) -> Break:
    """The first part of the bytes, wherever that ends."""
    return lambda content: content[: int(len(content) * share)]


def workbook(dress: Callable[..., None] | None = None, numbers: Sequence[str] = (), ids: Sequence[str] = ()) -> Break:
    """The table as an Excel workbook: `numbers` and `ids` as numbers, all else as text; `dress` works on its sheet."""

    def made(content: bytes) -> bytes:
        from openpyxl import Workbook

        table = Table.of(content)
        book = Workbook(write_only=False)
        sheet = book.active
        assert sheet is not None
        sheet.append(table.headings)
        for row in table.rows:
            named = zip(table.headings, row, strict=True)
            sheet.append([_excel(value, name in numbers, name in ids) for name, value in named])
        if dress:
            dress(sheet)
        target = io.BytesIO()
        book.save(target)
        return target.getvalue()

    return made


def _excel(value: str, as_number: bool, as_id: bool) -> object:
    if not value:
        return None
    if as_id and value.isdigit():
        return int(value)
    return float(value) if as_number else value
