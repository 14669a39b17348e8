"""The errors a user may see, each with the exit status it ends a command with.

A message names what is wrong, shows it, and says what would be right. Nothing here knows how it is printed.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands. `line` and `column` count from 1; 0 means the whole file."""

    file: Path
    line: int = 0
    column: int = 0
    key: str = ""

    def __str__(self) -> str:
        line = f":{self.line}" if self.line else ""
        key = f" ({self.key})" if self.key else ""
        return f"{self.file}{line}{key}"


class YardstickError(Exception):
    """Base of everything told to a user without a traceback.

    `what` is the fault with the value that shows it, `fix` what would be right, `place` where it stands.
    """

    exit_status = 70

    def __init__(self, what: str, *, fix: str = "", place: Place | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix
        self.place = place

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        fix = f" {self.fix}" if self.fix else ""
        return f"{where}{self.what}{fix}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt, (type(self), self.what, self.fix, self.place))


def _rebuilt(kind: type[YardstickError], what: str, fix: str, place: Place | None) -> YardstickError:
    return kind(what, fix=fix, place=place)


class RefusedError(YardstickError):
    """The data or a rule forbids going on: exit status 1."""

    exit_status = 1


class UsageError(YardstickError):
    """The command was called wrongly: exit status 2."""

    exit_status = 2


class ConfigError(UsageError):
    """A file of the company's configuration is wrong: exit status 2. `also` holds the further faults found."""

    def __init__(
        self, what: str, *, fix: str = "", place: Place | None = None, also: tuple["ConfigError", ...] = ()
    ) -> None:
        super().__init__(what, fix=fix, place=place)
        self.also = also

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(str(error) for error in self.also)])

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuilt_config, (self.what, self.fix, self.place, self.also))


def _rebuilt_config(what: str, fix: str, place: Place | None, also: tuple[ConfigError, ...]) -> ConfigError:
    return ConfigError(what, fix=fix, place=place, also=also)


class OutsideError(YardstickError):
    """Something outside failed (a source, a mail server, a disk, a Prefect server): exit status 3."""

    exit_status = 3

    def __init__(self, what: str, *, fix: str = "", place: Place | None = None) -> None:
        super().__init__(what, fix=fix, place=place)


class SourceError(OutsideError):
    """A source could not be read: it does not answer, or a file is missing or not what it says it is."""
