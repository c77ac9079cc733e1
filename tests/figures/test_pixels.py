import io
import subprocess
import sys

import librosa
import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from voicelab.errors import UsageError
from voicelab.figures import pixels

SR = 24_000


def sweep(sr=SR, seconds=3.0, amplitude=0.3):
    t = np.arange(int(seconds * sr)) / sr
    return (amplitude * np.sin(2 * np.pi * (100 * t + 300 * t**2))).astype(np.float32)


@pytest.mark.parametrize("sr", [8000, 16_000, 22_050, 24_000, 48_000])
def test_the_picture_is_librosas_mel_spectrogram(sr):
    n_fft, columns = round(0.04 * sr), 150
    hop = round(0.02 * sr)
    rng = np.random.default_rng(0)
    y = sweep(sr)[: columns * hop] + rng.normal(0, 0.01, columns * hop).astype(np.float32)
    ours = pixels.spectrogram_db(y, sr=sr, columns=columns, f_max_hz=min(8000, sr / 2))
    padded = np.pad(y, (n_fft // 2 - hop // 2, n_fft))
    theirs = librosa.feature.melspectrogram(
        y=padded, sr=sr, n_fft=n_fft, hop_length=hop, center=False, n_mels=64,
        fmax=min(8000, sr / 2),
    )[:, :columns]  # fmt: skip
    theirs = librosa.power_to_db(theirs / (n_fft / 4) ** 2, amin=1e-20, top_db=None)
    shown = theirs > theirs.max() - 80
    assert np.abs(ours - theirs)[shown].max() < 0.3
    assert np.median(np.abs(ours - theirs)[shown]) < 0.05


@pytest.mark.parametrize("kind", ["linear", "log"])
@pytest.mark.parametrize("sr", [16_000, 24_000, 48_000])
def test_linear_and_log_pictures_are_librosas_spectrogram_along_another_axis(kind, sr):
    n_fft, columns = round(0.04 * sr), 150
    hop = round(0.02 * sr)
    rng = np.random.default_rng(0)
    y = sweep(sr)[: columns * hop] + rng.normal(0, 0.01, columns * hop).astype(np.float32)
    ours = pixels.spectrogram_db(y, sr=sr, kind=kind, columns=columns)
    padded = np.pad(y, (n_fft // 2 - hop // 2, n_fft))
    power = np.abs(librosa.stft(padded, n_fft=n_fft, hop_length=hop, center=False)) ** 2
    theirs = np.stack([row_of(power[:, :columns], row, kind=kind) for row in range(64)])
    theirs = librosa.power_to_db(theirs / (n_fft / 4) ** 2, amin=1e-20, top_db=None)
    shown = theirs > theirs.max() - 80
    assert np.abs(ours - theirs)[shown].max() < 0.3
    assert np.median(np.abs(ours - theirs)[shown]) < 0.05


def row_of(power, row, *, kind):
    """Weigh librosa's bins, 25 Hz apart at every rate, by hand: a triangle around the middle."""
    edges = [50 * 160 ** (i / 64) if kind == "log" else 125 * i for i in (row, row + 1)]
    middle, reach = sum(edges) / 2, max(edges[1] - edges[0], 25)
    shares = {b: 1 - abs(25 * b - middle) / reach for b in range(len(power))}
    shares = {b: share for b, share in shares.items() if share > 0}
    return sum(share * power[b] for b, share in shares.items()) / sum(shares.values())


@pytest.mark.parametrize("kind", ["mel", "linear", "log"])
def test_a_part_of_a_clip_is_drawn_as_the_whole_is(kind):
    how = {"sr": SR, "kind": kind}
    whole = pixels.spectrogram_db(sweep(), columns=300, **how)
    part = pixels.spectrogram_db(sweep(), columns=100, from_s=1.0, to_s=2.0, **how)
    assert np.abs(part - whole[:, 100:200]).max() < 0.01


def test_a_spectrogram_nobody_draws_is_refused_in_a_sentence():
    with pytest.raises(UsageError, match="no 'bark' spectrogram; choose one of mel, linear, log"):
        pixels.spectrogram_db(sweep(), sr=SR, kind="bark")


def test_one_sound_has_one_level_at_every_rate():
    levels = [pixels.loudest_db(sweep(sr), sr=sr) for sr in (16_000, 22_050, 24_000, 48_000)]
    assert np.ptp(levels) < 0.5


def test_a_clip_twelve_decibels_quieter_is_drawn_twelve_darker():
    how = {"sr": SR, "top_db": 80, "ref_db": -20}
    loud, quiet = (
        pixels.spectrogram_pixels(sweep(), **how),
        pixels.spectrogram_pixels(sweep() / 4, **how),
    )
    seen = (loud > 50) & (loud < 255)
    steps = loud[seen].astype(int) - quiet[seen]
    assert np.abs(steps - 12.04 / 80 * 255).max() <= 1


def test_pixels_begin_with_the_highest_frequency():
    t = np.arange(SR) / SR
    low = pixels.spectrogram_pixels((0.5 * np.sin(2 * np.pi * 200 * t)).astype(np.float32), sr=SR)
    assert low.shape == (pixels.ROWS, pixels.COLUMNS)
    assert low.dtype == np.uint8
    assert low[:, 100].argmax() > 55
    high = pixels.spectrogram_pixels((0.5 * np.sin(2 * np.pi * 7000 * t)).astype(np.float32), sr=SR)
    assert high[:, 100].argmax() < 8


@pytest.mark.parametrize("length", [0, 1, 50, 1000, 10_000_000])
def test_any_length_has_a_picture_of_the_same_size(length):
    y = np.random.default_rng(1).normal(0, 0.1, length).astype(np.float32)
    assert pixels.spectrogram_pixels(y, sr=SR, rows=48, columns=200).shape == (48, 200)
    assert pixels.peaks(y, 200).shape == (200, 2)


def test_silence_is_black_and_flat():
    y = np.zeros(SR, np.float32)
    assert not pixels.spectrogram_pixels(y, sr=SR).any()
    assert not pixels.peaks(y).any()


def test_a_short_sound_in_a_long_clip_is_not_missed():
    y = np.zeros(200 * SR, np.float32)
    y[100 * SR : 100 * SR + 2400] = 0.5 * np.sin(np.arange(2400))
    picture = pixels.spectrogram_pixels(y, sr=SR)
    assert picture.max() > 150
    assert abs(int(picture.max(axis=0).argmax()) - 150) <= 1
    assert np.abs(pixels.peaks(y)).max() >= 60


def test_peaks_are_the_extremes_of_each_column():
    y = sweep(amplitude=1.0)
    found = pixels.peaks(y, 100)
    assert found.dtype == np.int8
    for column in (0, 31, 99):
        part = y[column * len(y) // 100 : (column + 1) * len(y) // 100]
        assert found[column, 0] == round(127 * float(part.min()))
        assert found[column, 1] == round(127 * float(part.max()))


def test_peaks_take_a_common_scale_and_are_cut_off_beyond_it():
    y = sweep(amplitude=0.5)
    assert pixels.peaks(y, peak=0.5).max() == 127
    assert pixels.peaks(y, peak=2.0).max() == 32
    assert pixels.peaks(4 * y).min() == -127


def test_the_png_shows_exactly_the_pixels_in_their_colours():
    picture = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for palette in pixels.PALETTES:
        shown = imread(io.BytesIO(pixels.png(picture, palette=palette)), format="png")
        assert np.array_equal(np.rint(shown[..., :3] * 255), pixels.palette_rgb(palette)[picture])


@pytest.mark.parametrize("palette", ["magma", "viridis", "cividis"])
def test_the_palettes_are_matplotlibs(palette):
    truth = matplotlib.colormaps[palette](np.arange(256))[:, :3] * 255
    assert np.abs(pixels.palette_rgb(palette) - truth).max() < 7


@pytest.mark.parametrize("palette", pixels.PALETTES)
def test_every_palette_goes_one_way_in_lightness(palette):
    lightness = pixels.palette_rgb(palette) @ np.array([0.2126, 0.7152, 0.0722])
    steps = np.diff(lightness) * np.sign(lightness[-1] - lightness[0])
    assert (steps > -0.5).all()
    assert abs(lightness[-1] - lightness[0]) > 150


def test_the_display_path_imports_nothing_heavy():
    code = (
        "import numpy as np, sys; from voicelab.figures import FIGURES, pixels; "
        "y = np.ones(9000, np.float32); pixels.png(pixels.spectrogram_pixels(y, sr=8000)); "
        "pixels.peaks(y); print([m for m in ('librosa', 'matplotlib', 'scipy', 'numba', 'pandas', "
        "'PIL', 'soundfile', 'soxr') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
