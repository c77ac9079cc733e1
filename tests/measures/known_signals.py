"""Signals whose pitch, noise, rhythm and level are known because they were made here."""

import numpy as np

FORMANTS = ((700, 80), (1200, 100), (2600, 150), (3500, 200))


def vowel(f0_hz, *, sr, seconds=2.0, vibrato=0.0):
    """A pulse train through formants, as a sum of harmonics; returns it and its F0 over time."""
    t = np.arange(int(seconds * sr)) / sr
    f0 = f0_hz * (1 + vibrato * np.sin(2 * np.pi * 5.5 * t))
    phase = 2 * np.pi * np.cumsum(f0) / sr
    y = np.zeros_like(t)
    for k in range(1, int(sr / 2 / f0.max())):
        gain = 0.01 + sum(1 / (1 + ((k * f0 - peak) / width) ** 2) for peak, width in FORMANTS)
        y += gain * np.cos(k * phase)
    return (0.3 * y / np.abs(y).max()).astype(np.float32), f0


def sine(hz, *, sr, seconds=3.0, amplitude=1.0):
    t = np.arange(int(seconds * sr)) / sr
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def noise(seconds, *, sr, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(seconds * sr)).astype(np.float32)


def with_noise(y, *, snr_db, seed=3):
    added = np.random.default_rng(seed).normal(0, 1, len(y))
    added *= np.sqrt(np.mean(y**2) / np.mean(added**2) / 10 ** (snr_db / 10))
    return (y + added).astype(np.float32)


def syllables(gaps_s, *, sr, syllable_s=0.2, per_phrase=4):
    """Phrases of vowel syllables that fade in and out, with silences of given lengths between."""
    shape = np.sin(np.linspace(0, np.pi, int(syllable_s * sr))) ** 0.7
    one = vowel(130, sr=sr, seconds=syllable_s)[0] * shape
    phrase = np.tile(one, per_phrase)
    parts = [phrase]
    for gap_s in gaps_s:
        parts += [np.zeros(int(gap_s * sr)), phrase]
    return np.concatenate(parts).astype(np.float32)
