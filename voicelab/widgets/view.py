"""What a notebook reads and sets of a comparer: selection, filters, order, groups, reference."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from voicelab.errors import UsageError
from voicelab.measures import MEASURES
from voicelab.tables.frame import variable_columns

if TYPE_CHECKING:
    import pandas as pd

    from voicelab.tables.comparison import Comparison

PLAIN = (
    "label", "prompt", "provider", "take", "rating", "starred", "state", "emulated", "language",
)  # fmt: skip
"""Columns that a view sorts, groups and filters by, beside the variables and the measures."""
ONLY = ("rated", "unrated", "starred", "selected")
NO_COLUMN = ("text", "only")


class View(anywidget.AnyWidget):
    """The state of a view of a comparison, as small traits.

    Parameters
    ----------
    comparison
        What is looked at.
    """

    sort = traitlets.Unicode("").tag(sync=True)
    """A column of the frame, with `-` before it from high to low; empty is the batch's order."""
    group = traitlets.Unicode("").tag(sync=True)
    """A column of the frame."""
    pinned = traitlets.Unicode("").tag(sync=True)
    """Id of the trial all others are compared to."""
    filters = traitlets.Dict().tag(sync=True)
    """`text`: words; `only`: of rated, unrated, starred, selected; a column of text: values to
    keep; a measure: lowest and highest, `None` for no end."""
    chosen = traitlets.Tuple()
    """Ids of the selected trials in the order of the view; `selected` gives their rows."""

    def __init__(self, comparison: "Comparison") -> None:
        super().__init__()
        self._comparison = comparison
        self._edits: dict[tuple[str, str], object] = {}

    @property
    def selected(self) -> "pd.DataFrame":
        """The rows of the frame that are selected, in the order of the view."""
        frame = self._comparison.frame
        places = {trial: place for place, trial in enumerate(frame["trial"])}
        rows = frame.iloc[[places[trial] for trial in self.chosen if trial in places]].copy()
        for (trial, name), value in list(self._edits.items()):
            rows[name] = rows[name].mask(rows["trial"] == trial, value)
        return rows

    @selected.setter
    def selected(self, what: Any) -> None:
        self._select(self._trials_of(what), by="")

    def _trials_of(self, what: Any) -> list[str]:
        """Return the trial ids of ids, of rows of the frame, or of true and false for each row."""
        if isinstance(what, str):
            return [what]
        if hasattr(what, "columns"):
            if "trial" not in what:
                raise UsageError("the rows have no column 'trial'; take them from the frame.")
            return [str(trial) for trial in what["trial"]]
        if str(getattr(what, "dtype", "")) in {"bool", "boolean"}:
            return self._marked(what)
        return [str(trial) for trial in what]

    def _marked(self, marks: Any) -> list[str]:
        trials = list(self._comparison.frame["trial"])
        if len(marks) != len(trials):
            raise UsageError(
                f"{len(marks)} marks were given for {len(trials)} trials; give one for each."
            )
        return [trial for trial, mark in zip(trials, marks, strict=True) if str(mark) == "True"]

    def _take_selection(self, question: Mapping[str, Any]) -> None:
        """Keep what a page selected, and tell the other pages that show this view."""
        self._select(question["ids"], by=str(question.get("by", "")))

    def _select(self, trials: Iterable[str], *, by: str) -> None:
        chosen = tuple(dict.fromkeys(trials))
        for trial in chosen:
            self._comparison.record(trial)
        self.chosen = chosen
        self.send({"type": "selected", "ids": list(chosen), "by": by})

    def _drop_gone(self) -> None:
        """Let go of selected trials that the comparison no longer has."""
        known = {record.trial.id for record in self._comparison.records}
        self.chosen = tuple(trial for trial in self.chosen if trial in known)

    @traitlets.validate("pinned")
    def _valid_pinned(self, proposal: Any) -> str:
        if proposal["value"]:
            self._comparison.record(proposal["value"])
        return str(proposal["value"])

    @traitlets.validate("sort", "group")
    def _valid_column(self, proposal: Any) -> str:
        name = str(proposal["value"])
        bare = name.removeprefix("-") if proposal["trait"].name == "sort" else name
        if bare:
            self._require_column(bare)
        if proposal["trait"].name == "group" and bare in MEASURES:
            raise UsageError(f"{bare!r} is a measure; group by a column of words, or sort by it.")
        return name

    @traitlets.validate("filters")
    def _valid_filters(self, proposal: Any) -> dict[str, Any]:
        return {name: self._filter(name, value) for name, value in proposal["value"].items()}

    def _filter(self, name: str, value: Any) -> Any:
        if name == "text":
            return str(value)
        if name not in NO_COLUMN:
            self._require_column(name)
        values = [value] if isinstance(value, (str, int, float)) else list(value)
        if name == "only" and (strange := [one for one in values if one not in ONLY]):
            raise UsageError(f"'only' takes {', '.join(ONLY)}; found {strange[0]!r}.")
        if name in MEASURES and not _is_range(values):
            raise UsageError(
                f"a filter of {name!r} is a lowest and a highest number, None for no end; "
                f"found {value!r}."
            )
        return values

    def _require_column(self, name: str) -> None:
        variables = variable_columns(self._comparison.records).values()
        known = (*PLAIN, *variables, *MEASURES)
        if name not in known:
            raise UsageError(f"the view has no column {name!r}; it has {', '.join(known)}.")


def _is_range(values: list[Any]) -> bool:
    numbers = [value for value in values if isinstance(value, (int, float))]
    return len(values) == 2 and len(numbers) == 2 - values.count(None)
