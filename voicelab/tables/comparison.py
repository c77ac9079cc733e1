"""Trials seen together: the one object every table, page, figure and widget is made from."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from voicelab.audio.clip import Clip, decode, encode
from voicelab.errors import TrialError, Unreadable, UsageError
from voicelab.figures.levels import F_MAX_HZ, TOP_DB
from voicelab.figures.pixels import REF_DB, mel_pixels, peaks
from voicelab.figures.text import describe
from voicelab.measures import MEASURES, timing
from voicelab.model import TrialRecord, TrialState
from voicelab.tables.frame import frame, table_rows

if TYPE_CHECKING:
    import pandas as pd

Numbers = Mapping[str, float | None]

TARGET_LUFS = -23.0
"""Loudness all voices are played at when they are matched (EBU R 128)."""
PEAK_LIMIT_DBTP = -1.0
"""No matched voice may come closer to full scale than this."""
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
        self.records = tuple(records)
        self.numbers = numbers
        self._audio_of = audio_of
        self._pcm_rate_of = pcm_rate_of
        self._by_id = {record.trial.id: record for record in records}
        self._decoded = lru_cache(maxsize=KEPT_CLIPS)(self._decode)

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        done = sum(record.state is TrialState.DONE for record in self.records)
        return f"<Comparison {self.title!r}: {len(self)} trials, {done} done>"

    def _repr_html_(self) -> str:
        """Show the frame, as a notebook does."""
        return str(self.frame._repr_html_())  # type: ignore[operator]  # pandas leaves it untyped

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """One row a trial; `voicelab.describe_columns()` says what each column holds."""
        return frame(self.records, self.numbers)

    @property
    def table(self) -> list[dict[str, Any]]:
        """The same rows as plain dictionaries, for writers that need no pandas."""
        return table_rows(self.records, self.numbers)

    def record(self, trial_id: str) -> TrialRecord:
        """Return one trial; raise `UsageError` when it is not in this comparison."""
        try:
            return self._by_id[trial_id]
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

    def peaks(self, trial_id: str) -> bytes:
        """Return the waveform's envelope: 600 pairs of int8, minimum and maximum."""
        return peaks(self.clip(trial_id).y, peak=self._levels.peak).tobytes()

    def pixels(self, trial_id: str) -> bytes:
        """Return the mel spectrogram: uint8, 64 bands from low to high × 300 columns."""
        clip = self.clip(trial_id)
        pixels = mel_pixels(
            clip.y, sr=clip.sr, rows=64, columns=300, ref_db=self._levels.brightest_db
        )
        return pixels[::-1].tobytes()

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

    def scale(self) -> dict[str, Any]:
        """Return the one time, frequency and level scale of all pictures."""
        levels = self._levels
        ends = (levels.brightest_db - TOP_DB, levels.brightest_db)
        return {
            "duration_s": levels.duration_s,
            "f_max_hz": F_MAX_HZ,
            "top_db": TOP_DB,
            "caption": (
                f"one scale for all: 0–{levels.duration_s:.1f} s · 0–{F_MAX_HZ / 1000:g} kHz (mel) "
                f"· {' to '.join(map(_signed, ends))} dB re full scale "
                f"· amplitude ±{levels.peak:.2g}"
            ),
        }

    def columns(self) -> list[dict[str, Any]]:
        """Return the measures as the comparer shows them."""
        return [
            {
                "name": name,
                "title": measure.title,
                "unit": measure.unit,
                "decimals": measure.decimals,
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
            return _playing(duration_s, numbers)
        try:
            return self._heard(record)
        except TrialError as error:
            return {"error": str(error)}

    def _heard(self, record: TrialRecord) -> dict[str, Any]:
        numbers = self.numbers.get(record.clip_hash or "", {})
        return _playing(self.clip(record.trial.id).duration_s, numbers)

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


def _with_nan(numbers: Numbers) -> dict[str, float]:
    return {name: math.nan if (n := numbers.get(name)) is None else n for name in MEASURES}


def _signed(db: float) -> str:
    return f"{db:z.0f}".replace("-", "−")


def _playing(duration_s: float, numbers: Numbers) -> dict[str, Any]:
    gain_db, gain_note = playback_gain(numbers)
    return {
        "duration_s": duration_s,
        "gain_db": gain_db,
        "gain_note": gain_note,
        "error": None,
    }


def playback_gain(numbers: Numbers) -> tuple[float | None, str | None]:
    """Return the gain that plays a clip at `TARGET_LUFS`, and a note where it is not that.

    The gain is for playing only; no audio is changed. It is held back where the true peak would
    pass `PEAK_LIMIT_DBTP`.
    """
    loudness, peak = numbers.get("loudness_lufs"), numbers.get("true_peak_dbtp")
    if loudness is None:
        return None, "too short or too quiet to match its loudness; played as it is"
    gain = TARGET_LUFS - loudness
    room = PEAK_LIMIT_DBTP - (peak if peak is not None else 0.0)
    if gain > room:
        return room, f"{gain - room:.1f} dB quieter than the others: its peaks leave no more room"
    return gain, None
