import librosa
import numpy as np
import pytest
from known_signals import noise, sine, vowel

from voicelab.measures import spectrum


@pytest.mark.parametrize("sr", [8000, 16_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("hz", [200, 1000, 3000])
def test_the_centroid_of_a_sine_is_its_frequency(sr, hz):
    found = spectrum.mean_magnitude(sine(hz, sr=sr), sr=sr)
    assert spectrum.centroid_hz(*found) == pytest.approx(hz, rel=0.03)
    assert spectrum.bandwidth_hz(*found) < 200


def test_white_noise_lies_in_the_middle_and_fills_the_band():
    found = spectrum.mean_magnitude(noise(5, sr=16_000), sr=16_000)
    assert spectrum.centroid_hz(*found) == pytest.approx(4000, rel=0.02)
    assert spectrum.bandwidth_hz(*found) == pytest.approx(8000 / np.sqrt(12), rel=0.02)


def test_the_centroid_is_librosas_of_the_mean_spectrum():
    y = vowel(140, sr=16_000)[0]
    magnitude, frequencies = spectrum.mean_magnitude(y, sr=16_000)
    S = np.abs(librosa.stft(y, n_fft=1024, hop_length=512, center=False))
    kept = librosa.fft_frequencies(sr=16_000, n_fft=1024) >= 50
    S = S.mean(axis=1, keepdims=True)[kept]
    truth = librosa.feature.spectral_centroid(S=S, freq=frequencies)[0, 0]
    assert spectrum.centroid_hz(magnitude, frequencies) == pytest.approx(truth, rel=2e-3)
    truth = librosa.feature.spectral_bandwidth(S=S, freq=frequencies)[0, 0]
    assert spectrum.bandwidth_hz(magnitude, frequencies) == pytest.approx(truth, rel=2e-3)


@pytest.mark.parametrize(
    ("sr", "n_fft", "hop_length", "n_mels", "f_max_hz"),
    [
        (16_000, 640, 160, 64, 8000),
        (22_050, 882, 220, 80, 8000),
        (24_000, 1024, 256, 128, 12_000),
        (48_000, 1920, 480, 96, 8000),
        (8000, 320, 80, 40, 4000),
    ],
)
def test_the_mel_spectrogram_is_librosas(sr, n_fft, hop_length, n_mels, f_max_hz):
    y = np.concatenate([vowel(140, sr=sr, seconds=1)[0], noise(0.5, sr=sr), np.zeros(sr // 4)])
    y = y.astype(np.float32)
    how = {"sr": sr, "n_fft": n_fft, "hop_length": hop_length, "n_mels": n_mels}
    ours = spectrum.mel(y, f_max_hz=f_max_hz, **how)
    theirs = librosa.feature.melspectrogram(y=y, fmax=f_max_hz, **how)
    assert ours.shape == theirs.shape
    ours, theirs = (librosa.power_to_db(S, ref=theirs.max(), top_db=80) for S in (ours, theirs))
    assert np.abs(ours - theirs).max() < 0.01


def test_bands_a_clips_rate_cannot_hold_are_empty():
    y = noise(1, sr=8000)
    bands = spectrum.mel(y, sr=8000, n_fft=320, hop_length=80, n_mels=64, f_max_hz=8000)
    assert bands[:40].max() > 0
    assert bands[-10:].max() == 0


def test_silence_has_no_centroid():
    found = spectrum.mean_magnitude(np.zeros(16_000, np.float32), sr=16_000)
    assert np.isnan(spectrum.centroid_hz(*found))
    assert np.isnan(spectrum.bandwidth_hz(*found))


@pytest.mark.parametrize("n_mels", [5, 64, 80])
def test_a_few_filters_at_a_time_come_to_the_whole_product(n_mels):
    filters = spectrum.mel_filters(sr=24_000, n_fft=960, n_mels=n_mels, f_max_hz=8000)
    spectra = np.abs(noise(1, sr=24_000)[: 40 * 481].reshape(40, 481)).astype(np.float32)
    found = spectrum.banded(filters, spectra)
    np.testing.assert_allclose(found, filters @ spectra.T, rtol=1e-4, atol=1e-7)
