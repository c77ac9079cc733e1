"""Every format a vendor sends speech in, from the options to a measured row, at a vendor's rate."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, TrialRecord
from voicelab.providers.dashscope import DashScopeCosyVoice, DashScopeQwen
from voicelab.providers.minimax import MiniMax
from voicelab.store.clips import ClipRow
from voicelab.store.store import Store

TEXT = "The boats come home before dark, and nobody speaks of the bell."


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve(["minimax", DashScopeEmulator(review_s=0.0)]) as sandbox:
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    known = sandbox.credentials
    providers = [
        MiniMax(**known["minimax"]),
        DashScopeCosyVoice(**known["dashscope-cosyvoice"]),
        DashScopeQwen(**known["dashscope-qwen"]),
    ]
    with Lab.open(tmp_path / "lab", providers=providers) as lab:
        yield lab


def design(lab: Lab, provider: str, *, number: int = 1, **options: Any) -> list[str]:
    rows = tuple(
        PromptVariant(label=f"row {n}", prompt="a deep male narrator", preview_text=TEXT)
        for n in range(number)
    )
    batch = Batch(variants=rows, providers=(provider,), options={provider: options})
    table = lab.run(batch).result().frame
    assert table["state"].tolist() == ["done"] * number
    ids: list[str] = table["trial"].tolist()
    return ids


def spoken(lab: Lab, trial_id: str, options: Mapping[str, Any]) -> ClipRow:
    """Return what is known of a new text's clip, once it was measured as any trial audio is."""
    said = lab.speak(trial_id, "Good evening to everyone.", options=options).result()
    row = said.frame.iloc[0]
    assert row["state"] == "done", row["error"]
    assert row["f0_median_hz"] == pytest.approx(100, rel=0.6)
    return stored(lab, said.trials[0])


def stored(lab: Lab, record: TrialRecord) -> ClipRow:
    store = Store(lab.folder)
    try:
        return store.clips.row(record.clip_hash or "")
    finally:
        store.close()


def refusals(sandbox: Sandbox, emulator: str) -> list[Any]:
    return [call.code for call in sandbox[emulator].ledger.calls if call.code is not None]


def test_every_format_minimax_offers_is_spoken_decoded_and_measured(lab: Lab) -> None:
    (trial_id,) = design(lab, "minimax")
    for format, found, channel in (
        ("mp3", "mp3", 2),
        ("flac", "flac", 1),
        ("wav", "wav", 2),
        ("pcmu_wav", "wav", 1),
        ("opus", "opus", 1),
        ("opus", "opus", 2),
    ):
        setting = {"format": format, "channel": channel}
        clip = spoken(lab, trial_id, {"audio_setting": setting})
        assert (clip.format, clip.channels) == (found, channel)
        assert clip.duration_s > 0.8


def test_every_format_cosyvoice_offers_is_spoken_decoded_and_measured(
    lab: Lab, sandbox: Sandbox
) -> None:
    (trial_id,) = design(lab, "dashscope-cosyvoice")
    for format, rate, written in (
        ("wav", 24000, 24000),
        ("mp3", 22050, 22050),
        ("pcm", 16000, 16000),
        ("opus", 44100, 48000),
    ):
        clip = spoken(lab, trial_id, {"format": format, "sample_rate": rate})
        assert (clip.format, clip.sr) == (format, written)
        assert clip.duration_s > 0.8
    assert refusals(sandbox, "dashscope") == []


def test_a_qwen_voice_is_designed_in_opus(lab: Lab) -> None:
    design(lab, "dashscope-qwen", response_format="opus")
    assert stored(lab, lab.records()[0]).format == "opus"


def test_a_run_of_designs_and_speeches_keeps_within_the_vendors_rates(
    lab: Lab, sandbox: Sandbox
) -> None:
    ids = design(lab, "dashscope-cosyvoice", number=8)
    design(lab, "dashscope-qwen", number=4)
    for trial_id in ids:
        assert lab.speak(trial_id, "Good evening.").result().frame["state"].tolist() == ["done"]
    assert refusals(sandbox, "dashscope") == []
    assert len(sandbox["dashscope"].ledger.of("speak")) == 8
