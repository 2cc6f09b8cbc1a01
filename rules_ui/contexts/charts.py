"""What a chart shows: figures that also stand as a table, for whoever does not see the picture."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

ChartKind = Literal["bar", "line"]


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures.

    Attributes:
        values: one for each label, in the chart's smallest unit; None where there is none.
    """

    name: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of some figures.

    Attributes:
        title: said above the chart and by a screen reader.
        label_title: what the labels are, e.g. "Day": the head of the table's first column.
        decimals: how many of a value's digits stand after the point: 2 for fen.
        before, after: what is written around a value, e.g. "¥", " pts".
        across: bars lie, one below the other: for long names.
    """

    kind: ChartKind
    title: str
    label_title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    decimals: int = 0
    before: str = ""
    after: str = ""
    stacked: bool = False
    across: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw: no figure, or none but 0."""
        return not any(value for one in self.series for value in one.values)

    @property
    def data(self) -> dict[str, Any]:
        """What `static/charts.js` draws."""
        return asdict(self)

    @property
    def rows(self) -> Sequence[tuple[str, tuple[str, ...]]]:
        """The table: each label with what its figures say."""
        return [
            (label, tuple(self._said(one.values[place]) for one in self.series))
            for place, label in enumerate(self.labels)
        ]

    def _said(self, value: int | None) -> str:
        if value is None:
            return "–"
        whole, rest = divmod(abs(value), 10**self.decimals)
        point = f".{rest:0{self.decimals}d}" if self.decimals else ""
        return f"{'-' if value < 0 else ''}{self.before}{whole:,}{point}{self.after}"
