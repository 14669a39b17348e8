"""How figures, months and dates are written: the only place that formats, by CLDR locale through Babel.

Does not belong here: sentences (`transforms.wording`) and which figure is shown (`transforms.compose`).
"""

import math
import re
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_symbol

from config.models import Metric, Unit
from config.months import Month

MISSING = "—"
MINUS = "\N{MINUS SIGN}"
_THOUSANDS_FROM = 100_000.0
_MILLIONS_FROM = 100_000_000.0
_PLACE_OF_NUMBER = re.compile(r"[#0][#0,.]*")


@dataclass(frozen=True, slots=True)
class Scale:
    """What a row's figures are divided by and labelled with, so that all of a row share one unit."""

    divisor: float
    unit: str
    decimals: int


def rounded(value: float | Decimal, decimals: int) -> Decimal:
    """Rounded as by hand, halves away from zero, from the shortest way to write the value: 2.5 is 3, 1.005 is 1.01."""
    exact = value if isinstance(value, Decimal) else _written(value)
    return exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP) + 0


def _written(value: float) -> Decimal:
    return Decimal(repr(float(value)))


@dataclass(frozen=True)
class Formats:
    """Formats of one company: its locale and currency."""

    locale_code: str
    currency: str

    @cached_property
    def locale(self) -> Locale:
        """The CLDR locale."""
        return Locale.parse(self.locale_code.replace("-", "_"))

    @property
    def language(self) -> str:
        """BCP 47 tag for documents."""
        return str(self.locale).replace("_", "-")

    @cached_property
    def currency_symbol(self) -> str:
        """€ for EUR."""
        return get_currency_symbol(self.currency, locale=self.locale)

    def scale(self, metric: Metric, values: list[float]) -> Scale:
        """One scale for all figures of a row: money in thousands or millions where the largest calls for it."""
        if metric.unit is Unit.PERCENT:
            return Scale(0.01, "%", metric.decimals)
        if metric.unit is Unit.HOURS:
            return Scale(1.0, "h", metric.decimals)
        if metric.unit is not Unit.MONEY:
            return Scale(1.0, "", metric.decimals)
        largest = max((abs(value) for value in values if not math.isnan(value)), default=0.0)
        if largest >= _MILLIONS_FROM:
            return Scale(1e6, f"m{self.currency_symbol}", 1)
        if largest >= _THOUSANDS_FROM:
            return Scale(1e3, f"k{self.currency_symbol}", 0)
        return Scale(1.0, self.currency_symbol, metric.decimals)

    def number(self, value: float | Decimal, decimals: int, *, sign: bool = False) -> str:
        """A decimal number, the dash where it is missing; a true minus sign, a plus on request."""
        if not math.isfinite(value):
            return MISSING
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        shown = rounded(value, decimals)
        text = str(format_decimal(abs(shown), format=pattern, locale=self.locale))
        if shown < 0:
            return MINUS + text
        return f"+{text}" if sign and shown > 0 else text

    def figure(self, value: float, scale: Scale, *, sign: bool = False) -> str:
        """A value in its row's scale, without the unit."""
        if not math.isfinite(value):
            return MISSING
        return self.number(_written(value) / _written(scale.divisor), scale.decimals, sign=sign)

    def percent(self, number: str) -> str:
        """A written number with the percent sign where the locale puts it: 89.6%, 89,6 %."""
        return _PLACE_OF_NUMBER.sub(number, str(self.locale.percent_formats[None].pattern), count=1)

    def with_unit(self, value: float, metric: Metric) -> str:
        """A value with its unit, for running text: €353,204, 89.6%, 5.1 h."""
        if not math.isfinite(value):
            return MISSING
        if metric.unit is Unit.MONEY:
            return self.money(value, metric.decimals)
        scale = self.scale(metric, [value])
        text = self.figure(value, scale)
        if not scale.unit:
            return text
        return self.percent(text) if scale.unit == "%" else f"{text}\N{NO-BREAK SPACE}{scale.unit}"

    def money(self, value: float, decimals: int) -> str:
        """An amount with its symbol where the locale puts it."""
        pattern = self.locale.currency_formats["standard"].pattern.partition(";")[0]
        with_decimals = re.sub(r"0\.0+", "0" + ("." + "0" * decimals if decimals else ""), pattern)
        shown = rounded(value, decimals)
        text = format_currency(
            abs(shown), self.currency, format=with_decimals, locale=self.locale, currency_digits=False
        )
        return MINUS + str(text) if shown < 0 else str(text)

    def difference(self, value: float, metric: Metric) -> str:
        """Points for percent and scores, else percent of the expectation (DESIGN's *difference*)."""
        if not math.isfinite(value):
            return ""
        if metric.unit is Unit.SCORE:
            return f"{self.number(value, max(metric.decimals, 1), sign=True)} pts"
        hundredths = _written(value) * 100
        if metric.unit is Unit.PERCENT:
            return f"{self.number(hundredths, max(metric.decimals, 1), sign=True)} pts"
        return self.percent(self.number(hundredths, 0 if abs(value) >= 1 else 1, sign=True))

    def count(self, value: int) -> str:
        """A whole number."""
        return self.number(float(value), 0)

    def month(self, month: Month) -> str:
        """October 2026."""
        return str(format_date(month.first_day, "LLLL y", locale=self.locale))

    def month_name(self, month: Month) -> str:
        """October."""
        return str(format_date(month.first_day, "LLLL", locale=self.locale))

    def short_month(self, month: Month) -> str:
        """Oct 2026."""
        return str(format_date(month.first_day, "LLL y", locale=self.locale))

    def day(self, day: date) -> str:
        """14 Oct 2026, in the locale's order."""
        return str(format_date(day, "medium", locale=self.locale))
