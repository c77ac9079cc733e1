"""Recordings to clone: judged in the quote, once each, and brought as what a vendor can read."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from vendor import CloneClockwork

from voicelab.audio import espeak
from voicelab.audio.clip import decode, encode
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.serve import Sandbox, serve
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant, Reference
from voicelab.providers._tc3 import Credentials
from voicelab.providers.tencent_vod import TencentVodCustom

SENTENCE = "On a stormy night, the ancient bell tower struck twelve. "
SR = 16000


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    with serve(["dashscope-qwen", "tencent-trtc", "tencent-vod"]) as sandbox:
        for name, value in sandbox.environ.items():
            monkeypatch.setenv(name, value)
        yield sandbox


@pytest.fixture
def lab(tmp_path: Path, sandbox: Sandbox) -> Iterator[Lab]:
    known = sandbox.credentials["tencent-vod"]
    vod = TencentVodCustom(
        credentials=Credentials(secret_id=known["secret_id"], secret_key=known["secret_key"]),
        base_url=known["base_url"],
        publish=sandbox.publish,
    )
    with Lab.open(tmp_path / "lab", providers=[vod]) as lab:
        yield lab


def spoken(times: int) -> npt.NDArray[np.float32]:
    wav = espeak.speak(SENTENCE * times, VoiceParameters()).wav
    return decode(wav).y


def clone_batch(*references: Reference, providers: tuple[str, ...] = ("tencent-trtc",)) -> Batch:
    variants = [
        PromptVariant(label=str(row), prompt="", preview_text="Good evening.", reference=reference)
        for row, reference in enumerate(references)
    ]
    return Batch(variants=variants, providers=providers, experiment="clones")


def written(folder: Path, name: str, y: npt.ArrayLike) -> Reference:
    path = folder / name
    path.write_bytes(encode(y, sr=22050, format="wav"))
    return Reference(path=path)


def nothing_was_sent(sandbox: Sandbox) -> bool:
    return not (sandbox["tencent-trtc"].ledger.calls or sandbox["tencent-vod"].ledger.calls)


def test_a_recording_outside_a_vendors_window_is_refused_in_the_quote(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    references = [written(tmp_path, f"{times}.wav", spoken(times)) for times in (1, 2, 12)]
    both = clone_batch(*references, providers=("tencent-trtc", "tencent-vod"))
    told = {(r.label, r.provider): r.reason for r in lab.quote(both).refusals}
    assert set(told) == {
        ("0", "tencent-trtc"),
        ("0", "tencent-vod"),
        ("1", "tencent-trtc"),
        ("2", "tencent-vod"),
    }
    assert "the vendor takes 10 to 180 s. Take a longer recording." in told["0", "tencent-trtc"]
    assert "the vendor takes 5 to 30 s. Cut it to its best part." in told["2", "tencent-vod"]
    assert nothing_was_sent(sandbox)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda y: 0 * y, "the reference is silent or nearly so"),
        (lambda y: np.clip(30 * y, -1, 1), "the reference is clipped"),
        (lambda y: np.concatenate([np.zeros(20 * SR), y[:SR]]), "s with the silence around it"),
    ],
)
def test_a_recording_nobody_can_clone_from_is_refused_in_the_quote(
    lab: Lab, sandbox: Sandbox, tmp_path: Path, damage: object, sentence: str
) -> None:
    assert callable(damage)
    reference = written(tmp_path, "bad.wav", damage(spoken(4)))
    (refusal,) = lab.quote(clone_batch(reference)).refusals
    assert sentence in refusal.reason
    assert nothing_was_sent(sandbox)


def test_what_is_no_recording_is_refused_in_the_quote(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "letter.wav"
    path.write_text("Dear vendor,")
    (refusal,) = lab.quote(clone_batch(Reference(path=path))).refusals
    assert "the reference cannot be used" in refusal.reason
    assert nothing_was_sent(sandbox)


def test_an_earlier_trial_that_is_too_short_is_refused_in_the_quote(
    lab: Lab, sandbox: Sandbox
) -> None:
    variant = PromptVariant(label="deep", prompt="a deep voice", preview_text="Good evening.")
    lab.run(Batch(variants=[variant], providers=["local"])).result()
    (trial,) = lab.records()
    (refusal,) = lab.quote(clone_batch(Reference(trial_id=trial.trial.id))).refusals
    assert "the vendor takes 10 to 180 s" in refusal.reason
    assert nothing_was_sent(sandbox)


def test_a_voice_that_was_cloned_speaks_though_its_recording_is_gone(
    lab: Lab, sandbox: Sandbox, tmp_path: Path
) -> None:
    reference = written(tmp_path, "her.wav", spoken(4))
    lab.run(clone_batch(reference)).result()
    assert reference.path is not None
    reference.path.unlink()
    (trial,) = lab.records()
    assert lab.speak(trial.trial.id, "Good night.").result().frame["state"].tolist() == ["done"]


@dataclass(frozen=True, kw_only=True)
class Listening(CloneClockwork):
    """Remembers every recording it was asked about."""

    name: ClassVar[str] = "listening"
    heard: list[bytes] = field(default_factory=list)

    def check_recording(self, audio: bytes) -> None:
        self.heard.append(audio)


def test_a_recording_is_measured_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "her.wav"
    path.write_bytes(b"one")
    listening = Listening(base_url="http://127.0.0.1:9")
    rows = clone_batch(*[Reference(path=path)] * 3, providers=("listening",))
    with Lab.open(tmp_path / "lab", providers=[listening]) as lab:
        for _ in range(5):
            assert not lab.quote(rows).refusals
        path.write_bytes(b"two of them")
        lab.quote(rows)
        path.unlink()
        assert len(lab.quote(rows).refusals) == 3
    assert listening.heard == [b"one", b"two of them"]


def test_trial_audio_without_a_header_is_cloned_as_a_wav_of_the_same_samples(
    lab: Lab, sandbox: Sandbox
) -> None:
    variant = PromptVariant(label="deep", prompt="a deep voice", preview_text=SENTENCE * 4)
    options = {"dashscope-qwen": {"response_format": "pcm", "sample_rate": 16000}}
    design = Batch(variants=[variant], providers=["dashscope-qwen"], options=options)
    original = lab.run(design).result()
    (trial_id,) = [record.trial.id for record in original.records]
    assert original.clips()[trial_id].format == "pcm"
    clones = clone_batch(Reference(trial_id=trial_id))
    assert not lab.quote(clones).refusals
    assert lab.run(clones).result().frame["state"].tolist() == ["done"]
    (call,) = sandbox["tencent-trtc"].ledger.of("VoiceClone")
    sent = decode(base64.b64decode(json.loads(call.content)["PromptAudio"]))
    whole = original.clips()[trial_id].y
    assert (sent.format, sent.sr) == ("wav", 16000)
    assert any(
        np.array_equal(whole[start : start + len(sent.y)], sent.y)
        for start in range(len(whole) - len(sent.y) + 1)
        if whole[start + 100] == sent.y[100]
    )
