"""Dynamic time warping against librosa's, and within a window."""

import librosa
import numpy as np
import pytest

from voicelab.measures.warping import near, warp


def vectors(count: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 5)).cumsum(axis=0)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (7, 1), (40, 40), (150, 90), (70, 200)])
def test_the_path_costs_what_librosas_costs(n: int, m: int) -> None:
    a, b = vectors(n, seed=n), vectors(m, seed=1000 + m)
    path = warp(a, b)
    costs = librosa.sequence.dtw(a.T, b.T, metric="euclidean", backtrack=False)
    assert path.cost == pytest.approx(costs[-1, -1])
    assert path.cost == pytest.approx(np.linalg.norm(a[path.a] - b[path.b], axis=1).sum())


def test_the_path_goes_from_both_starts_to_both_ends_by_single_steps() -> None:
    path = warp(vectors(80, seed=1), vectors(120, seed=2))
    places = np.stack([path.a, path.b], axis=1)
    assert places[0].tolist() == [0, 0]
    assert places[-1].tolist() == [79, 119]
    steps = {tuple(step) for step in np.diff(places, axis=0).tolist()}
    assert steps <= {(1, 0), (0, 1), (1, 1)}


def test_a_sequence_belongs_to_itself() -> None:
    a = vectors(60, seed=3)
    path = warp(a, a)
    assert path.cost == pytest.approx(0, abs=1e-4)
    assert path.a.tolist() == path.b.tolist() == list(range(60))


def test_a_search_near_the_coarse_path_finds_the_same_as_one_everywhere() -> None:
    a = vectors(203, seed=4)
    b = np.repeat(a, 2, axis=0) + np.random.default_rng(5).normal(0, 0.01, (406, 5))
    coarse = warp(a[::5], b[::5])
    window = near(coarse, times=5, radius=30, shape=(len(a), len(b)))
    narrow = warp(a, b, window=window)
    assert narrow.cost == pytest.approx(warp(a, b).cost)
    assert (window[1] - window[0]).max() < len(b) / 3
    assert (np.diff(window[0]) >= 0).all()
    assert (np.diff(window[1]) >= 0).all()


def test_the_window_holds_a_long_stay_in_one_place() -> None:
    a = vectors(50, seed=6)
    b = np.concatenate([a[:20], np.repeat(a[20:21], 400, axis=0), a[20:]])
    coarse = warp(a[::5], b[::5])
    path = warp(a, b, window=near(coarse, times=5, radius=5, shape=(len(a), len(b))))
    assert path.cost == pytest.approx(0, abs=1e-3)
