"""The comparer's front end in one piece, for the notebook and for the exported page alike."""

import functools
from importlib.resources import files

FRONT_END = (
    "comparer_row.js",
    "comparer_edge.js",
    "comparer_keyboard.js",
    "comparer_in_view.js",
    "comparer_sorting.js",
    "comparer_intake.js",
    "comparer_layout.js",
    "comparer_saying.js",
    "comparer_kernel.js",
    "comparer_questions.js",
    "comparer_unsaved.js",
    "comparer_clips.js",
    "comparer_stretch.js",
    "comparer_voice.js",
    "comparer_sound.js",
    "comparer_choices.js",
    "comparer_palettes.js",
    "comparer_timeline.js",
    "comparer_pictures.js",
    "comparer_overlays.js",
    "comparer_columns.js",
    "comparer_switching.js",
    "comparer_looping.js",
    "comparer_pace.js",
    "comparer_words.js",
    "comparer_ahead.js",
    "comparer_level.js",
    "comparer_details.js",
    "comparer_choice.js",
    "comparer_groups.js",
    "comparer_filters.js",
    "comparer_pin.js",
    "comparer_help.js",
    "comparer.js",
)
"""The parts of the comparer, in the order in which they make one ES module."""
STYLES = ("comparer.css", "comparer_work.css")


@functools.cache
def front_end(suffix: str) -> str:
    """Return the source of the comparer: `"js"` is one ES module, `"css"` its style sheet."""
    folder = files("voicelab") / "widgets"
    parts = FRONT_END if suffix == "js" else STYLES
    return "\n".join((folder / part).read_text("utf-8") for part in parts)
