"""Trials seen together: the one object every table, page, figure and widget is made from."""

import math
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from voicelab.audio.clip import Clip, decode, encode
from voicelab.errors import TrialError, Unreadable, UsageError
from voicelab.figures.bands import KINDS, f_min_hz
from voicelab.figures.contour import F0_MAX_HZ, F0_MIN_HZ, Contour, contour
from voicelab.figures.levels import F_MAX_HZ, TOP_DB
from voicelab.figures.pixels import PALETTES, REF_DB, loudest_db, peaks, spectrogram_pixels
from voicelab.figures.text import describe
from voicelab.measures import MEASURES, timing
from voicelab.model import TrialRecord, TrialState
from voicelab.store.database import without_collecting
from voicelab.store.trial_rows import TrialRows
from voicelab.tables.anchors import Alignments, Anchors
from voicelab.tables.columns import values_of
from voicelab.tables.fair_levels import Numbers, common_loudness, playback_gain
from voicelab.tables.frame import frame, table_rows

if TYPE_CHECKING:
    import pandas as pd

BRIGHTEST_RE_LUFS = -7.0
"""The brightest level of a mel spectrogram against the loudness of the loudest clip: speech comes
to 7 to 11 dB below it. So the scale is known without decoding a single clip."""
KEPT_CLIPS = 64
"""Decoded clips kept in memory: about 1 MB each."""


class Comparison:
    """A set of trials of one lab, as it stood when it was made.

    Parameters
    ----------
    title
        What stands over it.
    records
        The trials, in the order of the rows.
    audio_of
        Gives the bytes of a clip by its hash.
    pcm_rate_of
        Gives the rate of headerless samples, by clip hash; nothing for all else.
    numbers
        Measured numbers by clip hash.
    """

    def __init__(
        self,
        title: str,
        records: Sequence[TrialRecord],
        *,
        audio_of: Callable[[str], bytes],
        pcm_rate_of: Callable[[str], int | None],
        numbers: Mapping[str, Numbers],
    ) -> None:
        self.title = title
        self.trials = records if isinstance(records, TrialRows) else tuple(records)
        """The trials in the order of the rows; those of a large lab are made when asked for."""
        self.numbers = numbers
        self._audio_of = audio_of
        self._pcm_rate_of = pcm_rate_of
        self._decoded = lru_cache(maxsize=KEPT_CLIPS)(self._decode)
        self._loudest: dict[str, float] = {}
        self._finding = threading.Lock()

    def __len__(self) -> int:
        return len(self.trials)

    def __repr__(self) -> str:
        done = values_of(self.trials, "state").count(TrialState.DONE.value)
        return f"<Comparison {self.title!r}: {len(self)} trials, {done} done>"

    def _repr_html_(self) -> str:
        """Show the frame, as a notebook does."""
        return str(self.frame._repr_html_())  # type: ignore[operator]  # pandas leaves it untyped

    @cached_property
    def records(self) -> tuple[TrialRecord, ...]:
        """All that is known of each trial, in the order of the rows."""
        with without_collecting():
            return tuple(self.trials)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {id_: place for place, id_ in enumerate(values_of(self.trials, "trial.id"))}

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """One row a trial; `voicelab.describe_columns()` says what each column holds."""
        return frame(self.trials, self.numbers)

    @property
    def table(self) -> list[dict[str, Any]]:
        """The same rows as plain dictionaries, for writers that need no pandas."""
        return table_rows(self.trials, self.numbers)

    def record(self, trial_id: str) -> TrialRecord:
        """Return one trial; raise `UsageError` when it is not in this comparison."""
        try:
            return self.trials[self._places[trial_id]]
        except KeyError:
            raise UsageError(f"the comparison {self.title!r} has no trial {trial_id!r}.") from None

    def original(self, trial_id: str) -> bytes:
        """Return the trial audio exactly as it came."""
        return self._audio_of(self._hash(trial_id))

    def clip(self, trial_id: str) -> Clip:
        """Return the decoded trial audio.

        Raises
        ------
        Unreadable
            When there is none, or it is gone from the disk, or it cannot be decoded.
        """
        return self._decoded(self._hash(trial_id))

    def clips(self) -> dict[str, Clip]:
        """Return the clips of all trials that have one that can be read, by trial id."""
        readable = {}
        for record in self.records:
            if record.clip_hash is not None:
                try:
                    readable[record.trial.id] = self.clip(record.trial.id)
                except TrialError:
                    continue  # its row says so
        return readable

    def audio(self, trial_id: str, *, format: str = "flac") -> bytes:
        """Return the trial audio re-encoded: `flac` is lossless, `mp3` small."""
        clip = self.clip(trial_id)
        return encode(clip.y, sr=clip.sr, format=format)

    def anchors(self, trial_id: str) -> Anchors:
        """Return when the clip comes to the places it shares with the others of its text.

        Raises
        ------
        Unreadable
            As `clip` does.
        """
        return self._alignments.of(self.record(trial_id))

    def keep_anchors(self, older: "Comparison") -> None:
        """Go on with the anchors of an older comparison, so that those already told stay right."""
        self._alignments.follow(older._alignments)

    @cached_property
    def _alignments(self) -> Alignments:
        return Alignments(self.records, clip=self.clip, duration_s=self._duration_s)

    def _duration_s(self, record: TrialRecord) -> float | None:
        return self.numbers.get(record.clip_hash or "", {}).get("duration_s")

    def playback_gain(self, trial_id: str) -> tuple[float | None, str | None]:
        """Return the gain in dB that plays a trial as loud as the others, and a note on it."""
        numbers = self.numbers.get(self.record(trial_id).clip_hash or "", {})
        return playback_gain(numbers, loudness_lufs=self._loudness_lufs)

    def peaks(
        self, trial_id: str, *, columns: int = 600, from_s: float = 0.0, to_s: float | None = None
    ) -> bytes:
        """Return the waveform's envelope: pairs of int8, minimum and maximum, of a part or all."""
        clip = self.clip(trial_id)
        stop = None if to_s is None else round(to_s * clip.sr)
        part = clip.y[round(from_s * clip.sr) : stop]
        return peaks(part, columns, peak=self._levels.peak).tobytes()

    def pixels(
        self,
        trial_id: str,
        *,
        kind: str = "mel",
        columns: int = 300,
        from_s: float = 0.0,
        to_s: float | None = None,
    ) -> bytes:
        """Return a spectrogram, of a part or all: uint8, 64 bands from low to high × columns."""
        clip = self.clip(trial_id)
        pixels = spectrogram_pixels(
            clip.y,
            sr=clip.sr,
            kind=kind,
            rows=64,
            columns=columns,
            ref_db=self._ref_db(kind),
            from_s=from_s,
            to_s=to_s,
        )
        return pixels[::-1].tobytes()

    def contour(self, trial_id: str) -> Contour:
        """Return the pitch over time, and the pauses."""
        clip = self.clip(trial_id)
        return contour(clip.y, sr=clip.sr)

    def _ref_db(self, kind: str) -> float:
        """Return the level drawn brightest; of a kind nobody has looked at it is found now."""
        if kind == "mel":
            return self._levels.brightest_db
        with self._finding:  # who asks meanwhile waits for the answer, not for a second search
            if kind not in self._loudest:
                self._loudest[kind] = _loudest_db(self.clips().values(), kind)
            return self._loudest[kind]

    @cached_property
    def _levels(self) -> "_Levels":
        """Find the ends of the scale from what was measured once; only the rest is decoded."""
        lengths, loudness, heights = [1e-3], [], [0.0]
        for digest in {r.clip_hash for r in self.records if r.clip_hash is not None}:
            numbers = self.numbers.get(digest, {})
            length, peak = numbers.get("duration_s"), numbers.get("true_peak_dbtp")
            if length is None or peak is None:
                length, height = self._measured_now(digest)
            else:
                height = 10 ** (peak / 20)
            lengths.append(length)
            heights.append(height)
            loudness.append(numbers.get("loudness_lufs"))
        known = [lufs for lufs in loudness if lufs is not None]
        return _Levels(
            duration_s=max(lengths) if len(lengths) > 1 else 1.0,
            brightest_db=min(max(known) + BRIGHTEST_RE_LUFS, 0.0) if known else REF_DB,
            peak=min(max(heights), 1.0) or 1.0,
        )

    def _measured_now(self, digest: str) -> tuple[float, float]:
        """Return length and height of a clip that has no numbers; none where it cannot be read."""
        try:
            clip = self._decoded(digest)
        except TrialError:
            return 0.0, 0.0
        return clip.duration_s, float(abs(clip.y).max(initial=0.0))

    @cached_property
    def _loudness_lufs(self) -> float:
        hashes = {record.clip_hash for record in self.records if record.clip_hash is not None}
        return common_loudness(self.numbers.get(digest, {}) for digest in hashes)

    def scale(self) -> dict[str, Any]:
        """Return the one time, frequency, level and pitch scale of all pictures."""
        captions = {kind: self._caption(kind) for kind in KINDS}
        return {
            "duration_s": self._levels.duration_s,
            "f_max_hz": F_MAX_HZ,
            "axes_hz": {kind: [f_min_hz(kind), F_MAX_HZ] for kind in KINDS},
            "f0_hz": [F0_MIN_HZ, F0_MAX_HZ],
            "top_db": TOP_DB,
            "palettes": PALETTES,
            "caption": captions["mel"],
            "captions": captions,
        }

    def _caption(self, kind: str) -> str:
        levels = self._levels
        lowest, highest = (f"{hz / 1000:g}" for hz in (f_min_hz(kind), F_MAX_HZ))
        brightest = "the loudest of all"
        if kind == "mel":
            brightest = f"{_signed(levels.brightest_db)} dB re full scale"
        return (
            f"one scale for all: 0–{levels.duration_s:.1f} s · {lowest}–{highest} kHz ({kind}) "
            f"· brightest: {brightest} · amplitude ±{levels.peak:.2g}"
        )

    def columns(self) -> list[dict[str, Any]]:
        """Return the measures as the comparer shows them."""
        return [
            {
                "name": name,
                "title": measure.title,
                "unit": measure.unit,
                "decimals": measure.decimals,
                "better": measure.better,
                "doc": measure.doc,
            }
            for name, measure in MEASURES.items()
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return one JSON row a trial for the exported page, with all that is known of it."""
        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(self._row, self.records))

    def light_rows(self) -> list[dict[str, Any]]:
        """Return the rows without what takes decoding or is long; `known` has that of each."""
        return [self._light_row(record) for record in self.records]

    def known(self, trial_id: str) -> dict[str, Any]:
        """Return what a light row leaves out: evidence, words, start and pauses of the clip."""
        record = self.record(trial_id)
        known = {"evidence": dict(record.evidence), "description": "", "start_s": None}
        try:
            clip = self.clip(trial_id)
        except TrialError:
            return {**known, "pauses": []}
        phrasing = timing.phrasing(clip.y, sr=clip.sr)
        numbers = self.numbers.get(record.clip_hash or "", {})
        return {
            **known,
            "description": describe(clip, _with_nan(numbers)),
            "start_s": round(phrasing.start_s, 2),
            "pauses": [[round(start, 2), round(end, 2)] for start, end in phrasing.pauses],
        }

    def _row(self, record: TrialRecord) -> dict[str, Any]:
        row = {**self._light_row(record), **self.known(record.trial.id)}
        try:
            return {**row, "clip": row["clip"] and self._heard(record)}
        except TrialError as error:
            return {**row, "clip": {"error": str(error)}}

    def _light_row(self, record: TrialRecord) -> dict[str, Any]:
        numbers = self.numbers.get(record.clip_hash or "", {})
        variant = record.trial.variant
        return {
            "id": record.trial.id,
            "label": variant.label,
            "provider": record.trial.provider,
            "take": record.trial.take,
            "emulated": record.emulated,
            "state": record.state.value,
            "experiment": record.experiment,
            "variables": dict(variant.variables),
            "prompt": variant.prompt,
            "preview_text": variant.preview_text,
            "language": variant.language,
            "voice_id": record.voice_id,
            "expires_at": record.expires_at.isoformat() if record.expires_at else None,
            "error": record.error,
            "rating": record.rating,
            "starred": record.starred,
            "note": record.note,
            "measures": {name: numbers.get(name) for name in MEASURES},
            "latency_s": record.latency_s,
            "cost": record.cost,
            "currency": record.currency,
            "clip": self._sound(record, numbers),
        }

    def _sound(self, record: TrialRecord, numbers: Numbers) -> dict[str, Any] | None:
        """Return how a clip is played; it is decoded only where it was never measured."""
        if record.clip_hash is None:
            return None
        duration_s = numbers.get("duration_s")
        if duration_s is not None:
            return self._playing(record, duration_s)
        try:
            return self._heard(record)
        except TrialError as error:
            return {"error": str(error)}

    def _heard(self, record: TrialRecord) -> dict[str, Any]:
        return self._playing(record, self.clip(record.trial.id).duration_s)

    def _playing(self, record: TrialRecord, duration_s: float) -> dict[str, Any]:
        gain_db, gain_note = self.playback_gain(record.trial.id)
        return {
            "duration_s": duration_s,
            "gain_db": gain_db,
            "gain_note": gain_note,
            "error": None,
        }

    def _hash(self, trial_id: str) -> str:
        digest = self.record(trial_id).clip_hash
        if digest is None:
            raise Unreadable(f"trial {trial_id} has no trial audio; its row says why.")
        return digest

    def _decode(self, digest: str) -> Clip:
        return decode(self._audio_of(digest), pcm_rate=self._pcm_rate_of(digest))


@dataclass(frozen=True, kw_only=True)
class _Levels:
    """The ends of the scale that all pictures of a comparison share."""

    duration_s: float
    brightest_db: float
    """Level in dB re full scale that is drawn brightest."""
    peak: float


def _loudest_db(clips: Iterable[Clip], kind: str) -> float:
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = pool.map(lambda clip: loudest_db(clip.y, sr=clip.sr, kind=kind), clips)
    return max(found, default=0.0)


def _with_nan(numbers: Numbers) -> dict[str, float]:
    return {name: math.nan if (n := numbers.get(name)) is None else n for name in MEASURES}


def _signed(db: float) -> str:
    return f"{db:z.0f}".replace("-", "−")
