"""Which batch is shown: each one, experiments of several batches, and the whole lab."""

from collections import Counter
from collections.abc import Sequence

import ipywidgets as w

from voicelab.store.store import BatchRow


class BatchChoice(w.Dropdown):  # type: ignore[misc]  # ipywidgets ships no types
    """The list of what can be looked at."""

    def __init__(self) -> None:
        super().__init__(
            description="Showing",
            tooltip="The batch or experiment shown below",
            style={"description_width": "60px"},
            layout=w.Layout(width="min(420px, 100%)"),
        )

    @property
    def chosen(self) -> str | None:
        """The batch or experiment that is shown, or nothing for the whole lab."""
        return self.value or None

    def fill(self, batches: Sequence[BatchRow], what: str | None) -> None:
        """List what there is, and choose one."""
        self.options = _choices(batches)
        self.value = what or ""


def _choices(batches: Sequence[BatchRow]) -> list[tuple[str, str]]:
    often = Counter(batch.experiment for batch in batches)
    single = [
        (f"{b.experiment} · {b.trials} trials · {b.created_at.astimezone():%d %b, %H:%M:%S}", b.id)
        for b in batches
    ]
    several = [(f"{name} · all {n} batches", name) for name, n in often.items() if n > 1]
    whole = "the whole lab" if batches else "nothing submitted yet"
    return [*single, *several, (whole, "")]
