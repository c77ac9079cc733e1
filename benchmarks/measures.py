"""Speed of decoding, measuring and drawing, as ratios of CPU time within this one run.

Run `python benchmarks/measures.py`. Each line is `name value goal ok|short`; the exit status is 1
where one is short. A ratio is how many times faster voicelab is than the reference beside it.
"""

import io
import os
import statistics
import sys
import time

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import librosa
import librosa.display
import numpy as np
import parselmouth
import soundfile

from voicelab.audio.clip import Clip, decode, encode, resample
from voicelab.figures import pixels, spectrogram
from voicelab.figures.scale import common_scale
from voicelab.measures import loudness, measure, pitch, spectrum

SR = 24_000
SECONDS = 8.0
MEL = {"sr": SR, "n_fft": 960, "hop_length": 240, "n_mels": 80}


def speech_like():
    """Syllables of a gliding voice with a pause in the middle, and a little noise."""
    t = np.arange(int(SECONDS * SR)) / SR
    f0 = 120 * 2 ** (0.3 * np.sin(2 * np.pi * 0.4 * t))
    phase = 2 * np.pi * np.cumsum(f0) / SR
    voice = sum(np.cos(k * phase) / k for k in range(1, 40)) * np.sin(2 * np.pi * 2 * t) ** 2
    voice[int(3.7 * SR) : int(4.2 * SR)] = 0
    noise = np.random.default_rng(0).normal(0, 0.003, len(t))
    return (0.25 * voice / np.abs(voice).max() + noise).astype(np.float32)


def cpu_s(function, *, times=7):
    """Median CPU time of a call, once warm."""
    function()
    spent = []
    for _ in range(times):
        start = time.process_time()
        function()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


def specshow_png(clip, scale):
    from voicelab.figures.picture import Picture

    figure = Picture(figsize=(4, 1))
    spectrogram.draw_mel(clip, figure.subplots(), scale=scale)
    return figure._repr_png_()


def results():
    """Yield name, value and the least value that will do."""
    y = speech_like()
    clip = Clip(y=y, sr=SR, format="wav", channels=1)
    scale = common_scale([clip])
    y16 = resample(y, sr=SR, to=16_000)
    praat = parselmouth.Sound(y16.astype(float), 16_000)
    mp3 = encode(y, sr=SR, format="mp3")

    ours = cpu_s(lambda: spectrum.mel(y, f_max_hz=8000, **MEL))
    theirs = cpu_s(lambda: librosa.feature.melspectrogram(y=y, fmax=8000, **MEL))
    yield "mel_over_librosa", theirs / ours, 1.0

    ours = cpu_s(lambda: pitch.track(y, sr=SR))
    theirs = cpu_s(lambda: librosa.pyin(y16, fmin=50, fmax=600, sr=16_000), times=1)
    yield "pitch_over_pyin", theirs / ours, 5.0
    theirs = cpu_s(lambda: praat.to_pitch_ac(0.01, 50, pitch_ceiling=600))
    yield "pitch_over_praat", theirs / ours, 0.8

    ours = cpu_s(lambda: pixels.png(pixels.spectrogram_pixels(y, sr=SR)))
    theirs = cpu_s(lambda: specshow_png(clip, scale))
    yield "spectrogram_png_over_specshow", theirs / ours, 8.0

    ours = cpu_s(lambda: decode(mp3))
    theirs = cpu_s(lambda: soundfile.read(io.BytesIO(mp3), dtype="float32"))
    yield "safe_decode_over_bare_soundfile", theirs / ours, 0.5

    row = cpu_s(lambda: measure(y, sr=SR))
    yield "row_over_pyin", cpu_s(lambda: librosa.pyin(y16, fmin=50, fmax=600), times=1) / row, 4.0
    yield "row_times_real_time", SECONDS / row, 100.0
    yield (
        "loudness_times_real_time",
        SECONDS / cpu_s(lambda: loudness.integrated_lufs(y, sr=SR)),
        500.0,
    )


def main():
    """Print every result; return how many fell short."""
    short = 0
    for name, value, goal in results():
        short += value < goal
        print(f"{name} {value:.2f} {goal:g} {'ok' if value >= goal else 'short'}")
    return short


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
