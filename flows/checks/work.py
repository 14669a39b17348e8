"""A landing on its way through a database: what the steps of a check share.

Not here: the steps themselves (`typed_rows`, `tallies`, `profile`, `written`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from config.models import Config, Extract
from flows.checks.columns import RowSql
from flows.checks.corrections import Corrections
from flows.checks.duplicates import OLDER_COPY, SAME_ROW
from flows.checks.predicates import Cause, Question
from flows.duck import literal, quoted
from transforms.columns import FILE, LINE
from transforms.stages import Landing

if TYPE_CHECKING:
    import duckdb

ROW: Final = "file_row_number"
ROW_GROUP: Final = 122_880
PARQUET: Final = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"


@dataclass(slots=True)
class Tried:
    """What a session has learned of the extracts of its configuration, so that no landing asks it again."""

    sound: set[str] = field(default_factory=set)
    """Extracts whose settings and conditions were tried on no rows."""
    varied: set[str] = field(default_factory=set)
    """Extracts of which a landing had more than plain spellings."""
    nothing_set_aside: dict[str, bytes] = field(default_factory=dict)
    """By extract, the file of rows set aside where there are none."""


@dataclass(frozen=True, slots=True)
class Work:
    """A landing on its way. In the table `typed` a row's number among `causes`, or a code after them, is in `_why`
    (what it is set aside for, or that it is a copy), `_rule` (the exclusion it meets) or `_late` (what it is set aside
    for if it counts at all).
    """

    landing: Landing
    config: Config
    extract: Extract
    database: "duckdb.DuckDBPyConnection"
    sql: RowSql
    headings: tuple[tuple[str, str], ...]
    questions: tuple[Question, ...]
    causes: tuple[Cause, ...]
    corrections: Corrections
    tried: Tried

    @property
    def landed_names(self) -> tuple[str, ...]:
        """The declared columns that the landing has."""
        return tuple(column.name for column in self.sql.columns if column.landed is not None)

    @property
    def copy_codes(self) -> tuple[int, int]:
        """`_why` of an older copy, and of the same row again."""
        return len(self.causes), len(self.causes) + 1

    @property
    def first_rule(self) -> int:
        """`_rule` of the first exclusion."""
        return len(self.causes) + 2

    @property
    def excluded_reasons(self) -> dict[int, str]:
        """Reasons of rows that are excluded, by code."""
        older, same = self.copy_codes
        rules = {self.first_rule + at: rule.why for at, rule in enumerate(self.extract.exclude)}
        return {older: OLDER_COPY, same: SAME_ROW, **rules}

    @property
    def code(self) -> str:
        """SQL over `typed`: why a row does not pass; NULL where it does."""
        return "coalesce(_why, _rule, _late)"

    @property
    def no_copy(self) -> str:
        """SQL over `typed`: the row is no older copy and not the same row again."""
        return f"coalesce(_why, 0) < {len(self.causes)}"

    @property
    def counted(self) -> str:
        """SQL over `typed`: the row is not excluded, so that checks are asked of it."""
        return f"{self.no_copy} AND _rule IS NULL"

    @property
    def source(self) -> str:
        """SQL of the landing."""
        return f"read_parquet({literal(str(self.landing.path))}, {ROW} = true)"

    def texts(self, kept: str = f"{ROW} AS _row, {quoted(FILE)}, {quoted(LINE)}", rows: str = "") -> str:
        """SQL of the trimmed texts as landed, with `kept` of the same rows beside them; of the landing or of `rows`."""
        return f"SELECT {kept}, {self.sql.texts()} FROM {rows or self.source}"

    def ask(self, aggregates: Sequence[str], rows: str) -> Mapping[str, Any]:
        """Answers of SQL aggregates over the rows of `typed` that meet a condition, by the SQL; in one pass."""
        asked = list(dict.fromkeys(aggregates))
        if not asked:  # a landing with none of its columns
            return {}
        (found,) = self.database.execute(f"SELECT {', '.join(asked)} FROM typed WHERE {rows}").fetchall()
        return dict(zip(asked, found, strict=True))


def plain_number(total: Decimal) -> Decimal:
    """Without trailing zeros, so that equal sums are written alike."""
    short = total.normalize()
    return short if short.as_tuple().exponent <= 0 else short.quantize(Decimal(1))  # type: ignore[operator]
