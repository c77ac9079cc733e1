"""The only place that lays the figures of several clips out side by side, on one scale."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from voicelab.audio.clip import Clip
from voicelab.errors import UsageError
from voicelab.figures import FIGURES
from voicelab.figures.labels import MISSING, fitted, wrapped
from voicelab.figures.scale import Scale, common_scale
from voicelab.figures.text import describe
from voicelab.measures import MEASURES, measure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from voicelab.figures.picture import Picture

MOST_CLIPS = 100
"""As many rows as an image may have pixels for."""
KINDS = ("waveform", "mel", "pitch_track")
COLUMNS = ("f0_median_hz", "speech_rate_syl_s", "loudness_lufs")

_LABEL_IN, _KIND_IN, _ROW_IN = 1.9, 3.6, 1.35
_TOP_IN, _BOTTOM_IN, _RIGHT_IN = 0.35, 0.75, 0.15
_LABEL_WIDTH, _LABEL_LINES = 26, 3


def sheet(
    clips: Mapping[str, Clip],
    *,
    kinds: Sequence[str] = KINDS,
    columns: Sequence[str] = COLUMNS,
    scale: Scale | None = None,
) -> "Picture":
    """Draw one row for each clip and one column for each kind of figure, all on one scale.

    Parameters
    ----------
    clips
        Label to clip, top to bottom; labels may be in any script.
    kinds
        Names in `FIGURES`, left to right.
    columns
        Names in `MEASURES` whose values are printed under each label.
    scale
        The scale of the comparison; found from the clips if not given.

    Returns
    -------
    Picture
        A matplotlib figure, made without pyplot, that shows itself in a notebook; `alternative`
        is its equivalent in words.

    Raises
    ------
    UsageError
        No clips, too many, or a name that is not registered.
    """
    _check(clips, kinds, columns)
    scale = scale or common_scale(clips.values())
    figure, rows = _grid(len(clips), len(kinds))
    found = {label: measure(clip.y, sr=clip.sr) for label, clip in clips.items()}
    for row, (label, clip) in zip(rows, clips.items(), strict=True):
        _write_label(row[0], label, _values(found[label], columns))
        for kind, ax in zip(kinds, row[1:], strict=True):
            FIGURES[kind](clip, ax, scale=scale)
    _finish(rows, kinds)
    figure.text(0.01, 0.12 / figure.get_figheight(), _caption(scale, clips), fontsize=8)
    figure.alternative = "\n".join(
        f"{label}: {describe(clip, found[label])}" for label, clip in clips.items()
    )
    return figure


def _check(clips: Mapping[str, Clip], kinds: Sequence[str], columns: Sequence[str]) -> None:
    if not 1 <= len(clips) <= MOST_CLIPS:
        raise UsageError(f"A sheet takes 1 to {MOST_CLIPS} clips, not {len(clips)}.")
    for names, registry in ((kinds, FIGURES), (columns, MEASURES)):
        if unknown := [name for name in names if name not in registry]:
            raise UsageError(f"{unknown[0]!r} is none of {', '.join(registry)}.")
    if not kinds:
        raise UsageError(f"Name at least one kind of figure: {', '.join(FIGURES)}.")


def _grid(rows: int, kinds: int) -> tuple["Picture", list[list["Axes"]]]:
    from voicelab.figures.picture import Picture

    width = _LABEL_IN + kinds * _KIND_IN + _RIGHT_IN
    height = _TOP_IN + rows * _ROW_IN + _BOTTOM_IN
    figure = Picture(figsize=(width, height))
    axes = figure.subplots(
        rows,
        1 + kinds,
        squeeze=False,
        width_ratios=[_LABEL_IN, *(kinds * [_KIND_IN])],
        gridspec_kw={
            "left": 0.0,
            "right": 1 - _RIGHT_IN / width,
            "top": 1 - _TOP_IN / height,
            "bottom": _BOTTOM_IN / height,
            "wspace": 0.28,
            "hspace": 0.18,
        },
    )
    return figure, axes.tolist()


def _write_label(ax: "Axes", label: str, values: str) -> None:
    ax.set_axis_off()
    lines, families = fitted(label)
    text = "\n".join(wrapped(lines, width=_LABEL_WIDTH, most=_LABEL_LINES))
    ax.text(0.08, 1.0, text, parse_math=False, family=families, fontsize=8, va="top")
    ax.text(0.08, 0.0, values, fontsize=8, va="bottom", linespacing=1.3)


def _values(found: Mapping[str, float], columns: Sequence[str]) -> str:
    return "\n".join(
        f"{MEASURES[name].title} {found[name]:.{MEASURES[name].decimals}f} {MEASURES[name].unit}"
        for name in columns
        if found[name] == found[name]
    )


def _finish(rows: list[list["Axes"]], kinds: Sequence[str]) -> None:
    for kind, ax in zip(kinds, rows[0][1:], strict=True):
        ax.set_title(kind.replace("_", " "), fontsize=9)
    for row in rows:
        for ax in row[1:]:
            ax.tick_params(labelsize=7, labelbottom=row is rows[-1])
            ax.yaxis.label.set_fontsize(7)
    for ax in rows[-1][1:]:
        ax.set_xlabel("s", fontsize=8)


def _caption(scale: Scale, clips: Mapping[str, Clip]) -> str:
    boxed = any(MISSING in fitted(label)[0] for label in clips)
    note = f" · {MISSING}: no installed font has this character" if boxed else ""
    return scale.caption() + note
