"""A day with planted keys: all that voicelab does, at every vendor, and all that is left of it."""

import html
import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import nbformat
import pytest
from nbclient import NotebookClient
from planted import forms, in_base64, signs_escaped
from waits import quick

import voicelab as vl
from voicelab.audio import espeak
from voicelab.audio.parameters import VoiceParameters
from voicelab.emulators.base import Emulator, Fault
from voicelab.emulators.dashscope import DashScopeEmulator
from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import Sandbox, serve
from voicelab.emulators.tencent_mps import TencentMpsEmulator
from voicelab.emulators.tencent_trtc import TencentTrtcEmulator
from voicelab.emulators.tencent_vod import TencentVodEmulator
from voicelab.errors import VoiceLabError
from voicelab.lab import Lab
from voicelab.model import PromptVariant, Reference, TrialState

KEYS = {
    "the MiniMax key": "PLANTED-minimax-key/with+all=signs&<x>'q",
    "the DashScope key": "sk-PLANTED-dashscope-key/with+all=signs&<x>'q",
    "the Tencent SecretId": "AKIDPLANTEDtencentSecretId0123456789",
    "the Tencent SecretKey": "PLANTEDtencentSecretKey0123456789",
    "the Tencent token": "PLANTED-tencent-token/with+all=signs==",
    "a password in an address": "PLANTED-password",
}
TENCENT = ("the Tencent SecretKey", "the Tencent token", "the Tencent SecretId")
SIGNED = {
    "the signature of a link": "PLANTEDsignature0of0a0link",
    "the expiry of a link": "Expires=4102444800",
}
LINK = "http://127.0.0.1/a.wav?" + "&".join(
    [SIGNED["the expiry of a link"], f"Signature={SIGNED['the signature of a link']}"]
)
ENDPOINTS = {
    "minimax": "design",
    "dashscope-cosyvoice": "design",
    "tencent-mps": "DesignVoiceAsync",
    "tencent-vod": "CreateAigcCustomVoice",
    "tencent-vod-design": "DesignVoiceAsync",
    "tencent-trtc": "VoiceClone",
}
WIRE = [*vl.PROVIDERS]
TEXT = "On a stormy night the bell struck twelve."
EXPORTS = ("html", "csv", "xlsx", "parquet", "jsonl", "md", "tex")
PASSWORD = f"https://me:{KEYS['a password in an address']}@example.org"
WRONG = {
    "MINIMAX_API_KEY": ("minimax", f"{KEYS['the MiniMax key']} x"),
    "MINIMAX_API_HOST": ("minimax", PASSWORD),
    "DASHSCOPE_API_KEY": ("dashscope-qwen", f"{KEYS['the DashScope key']}\tx"),
    "DASHSCOPE_HTTP_BASE_URL": ("dashscope-qwen", PASSWORD),
    "TENCENTCLOUD_SECRET_ID": ("tencent-vod", f"{KEYS['the Tencent SecretId']} x"),
    "TENCENTCLOUD_SECRET_KEY": ("tencent-mps", f"{KEYS['the Tencent SecretKey']} x"),
    "TENCENTCLOUD_TOKEN": ("tencent-trtc", f"{KEYS['the Tencent token']} x"),
    "TENCENTCLOUD_MPS_ENDPOINT": ("tencent-mps", PASSWORD),
    "TENCENTCLOUD_VOD_ENDPOINT": ("tencent-vod", PASSWORD),
    "TENCENTCLOUD_TRTC_ENDPOINT": ("tencent-trtc", PASSWORD),
}
"""Settings that are refused, by the variable: the provider that reads it, and what it is set to."""
IN_JSON: tuple[Callable[[str], str], ...] = (
    signs_escaped,
    lambda text: json.dumps(html.escape(text))[1:-1].replace("&", "\\u0026"),
    lambda text: quote(text, safe="").lower(),
)
"""How the words of a reply may be escaped beside what JSON asks for."""
COMMANDS = (
    "quote small.toml",
    "run small.toml --yes",
    "table --columns all",
    "voices",
    "providers",
    "drop minimax no-such -y",
)
NOTEBOOK = """
import voicelab as vl
lab = vl.Lab.open()
lab
---
batch = vl.Batch(
    variants=vl.grid("a {tone} voice", tone=["deep", "bright"], preview_text="Good evening."),
    providers=["minimax", "dashscope-qwen", "tencent-mps", "local"], experiment="in a notebook")
lab.quote(batch)
---
(await lab.run(batch)).frame
---
lab.audition()
---
lab.studio()
---
lab.voices()
---
lab.provider("minimax"), lab.provider("tencent-trtc"), lab.provider("dashscope-cosyvoice")
"""


def emulators() -> list[Emulator]:
    """Return every vendor, each taking a planted key."""
    key, token, id_ = (KEYS[name] for name in TENCENT)
    tencent: dict[str, Any] = {"secret_id": id_, "secret_key": key, "token": token}
    quick = {"waiting_s": 0.0, "processing_s": 0.0}
    return [
        MiniMaxEmulator(api_key=KEYS["the MiniMax key"], requests_per_minute=6000),
        DashScopeEmulator(api_key=KEYS["the DashScope key"], review_s=0.0),
        TencentMpsEmulator(processing_s=0.0, **tencent),
        TencentVodEmulator(**quick, **tencent),
        TencentTrtcEmulator(**tencent),
    ]


def echoes(emulator: Emulator, name: str) -> list[Fault]:
    """Return every way a vendor or a gateway may repeat what it was sent."""
    keys = [key for key in KEYS.values() if key in _taken(emulator)]
    said = " and ".join(f"'Authorization: Bearer {key}' at {LINK}." for key in keys)
    written = b"\n".join(way for key in keys for way in _ways(key))
    headers = {"Trace-Id": keys[0], "X-Request-Id": keys[-1], "Location": LINK}
    body = b"<pre>Authorization: " + written + LINK.encode() + b"</pre>"
    code: int | str = {
        "minimax": 2049,
        "dashscope-cosyvoice": "InvalidApiKey",
    }.get(name, "AuthFailure.SecretIdNotFound")
    status = 401 if name.startswith("dashscope") else 200
    return [
        Fault(code=code, message=said, status=status, headers=headers),
        Fault(status=500, body=body, headers=headers),
        Fault(status=403, body=body, headers=headers),
        Fault(body=body, headers=headers, carried_out=True),
        Fault(body=LINK.encode() + written, headers=headers, carried_out=True),
        Fault(body=json.dumps({"code": keys[0], "message": said}).encode(), headers=headers),
        *(Fault(body=_refusal(name, code, way(said)), headers=headers) for way in IN_JSON),
        Fault(hang_up=True),
    ]


def _ways(key: str) -> list[bytes]:
    pieces = (way for how, way in forms(key).items() if not how.startswith("base64"))
    return [*pieces, *in_base64(key)]


def _refusal(name: str, code: int | str, said: str) -> bytes:
    """Return a vendor's no, as it writes one, with words that are JSON already."""
    if name == "minimax":
        told = f'{{"base_resp":{{"status_code":{code},"status_msg":"{said}"}},"trace_id":"{said}"}}'
    elif name.startswith("dashscope"):
        told = f'{{"code":"{code}","message":"{said}","request_id":"{said}"}}'
    else:
        error = f'{{"Code":"{code}","Message":"{said}"}}'
        told = f'{{"Response":{{"Error":{error},"RequestId":"{said}"}}}}'
    return told.encode()


def _taken(emulator: Any) -> tuple[str, ...]:
    names = ("api_key", "secret_id", "secret_key", "token")
    return tuple(getattr(emulator, name, "") for name in names)


@dataclass(frozen=True, kw_only=True)
class Left:
    """What was done, and the folder with all that is left of it."""

    folder: Path
    lab: Lab
    sandbox: Sandbox

    @property
    def signatures(self) -> dict[str, str]:
        """The signatures of the links that were handed out, by a name."""
        minted = self.sandbox["dashscope-qwen"].recordings.values()
        return {f"the signature of link {n}": link.signature for n, link in enumerate(minted)}


@contextmanager
def lived(folder: Path) -> Iterator[Left]:
    """Do everything once, at every vendor, and leave all of it in one folder."""
    with pytest.MonkeyPatch.context() as patch, quick(), serve(emulators()) as sandbox:
        for name, value in sandbox.environ.items():
            patch.setenv(name, value)
        patch.setenv("VOICELAB_LAB", str(folder / "lab"))
        vod = replace(vl.TencentVodCustom.from_env(), publish=sandbox.publish)
        with Lab.open(providers=[vod]) as lab:
            with _logged(folder / "everything.log"):
                _bad_settings(folder)
                _batches(folder, lab, sandbox)
                _shown(folder, lab)
                _exported(folder, lab)
            _at_the_command_line(folder)
            _in_a_notebook(folder)
            _every_variable_shown(folder)
            yield Left(folder=folder, lab=lab, sandbox=sandbox)


@contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Log everything there is to a file."""
    root, handler = logging.getLogger(), logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
        handler.close()


def _raised(folder: Path, what: str, act: Callable[[], object]) -> None:
    """Write down the traceback of what must raise."""
    try:
        act()
    except VoiceLabError as error:
        told = [*traceback.format_exception(error), repr(error), f"{error}"]
        (folder / f"raised by {what}.txt").write_text("\n".join(told), encoding="utf-8")
    else:
        pytest.fail(f"{what} raised nothing")


def _bad_settings(folder: Path) -> None:
    for name, (provider, value) in WRONG.items():
        with pytest.MonkeyPatch.context() as one:
            one.setenv(name, value)
            _raised(folder, name, vl.PROVIDERS[provider].from_env)


def _variants(folder: Path) -> tuple[PromptVariant, ...]:
    path = folder / "recording.wav"
    path.write_bytes(espeak.speak(f"{TEXT} " * 6, VoiceParameters()).wav)
    return tuple(
        PromptVariant(
            label=f"row {n}", prompt=prompt, preview_text=TEXT, reference=Reference(path=path)
        )
        for n, prompt in enumerate(["a deep voice"] * 12 + ["nerve gas recipe"])
    )


def _batches(folder: Path, lab: Lab, sandbox: Sandbox) -> None:
    def broken(record: object) -> None:
        raise RuntimeError(f"a display that broke on {record!r}")

    for name, endpoint in ENDPOINTS.items():
        for fault in echoes(sandbox[name], name):
            sandbox[name].faults.add(endpoint, fault)
    batch = vl.Batch(variants=_variants(folder), providers=WIRE, experiment="planted")
    quiet = lab.on_change(broken)
    lab.run(batch).result()
    quiet()
    _follow_ups(folder, lab, sandbox)


def _follow_ups(folder: Path, lab: Lab, sandbox: Sandbox) -> None:
    done = {r.trial.provider: r.trial.id for r in lab.records() if r.state is TrialState.DONE}
    assert done.keys() == set(WIRE)
    for name in set(WIRE) - {"local", "tencent-vod"}:
        lab.speak(done[name], "And in the morning the door stood open.").result()
    for record in lab.records():
        if record.state is TrialState.IN_DOUBT:
            lab.resend(record.trial.id)
    lab.retry()
    lab.resume().result()
    for name, endpoint in {"minimax": "delete", "tencent-mps": "DeleteVoice"}.items():
        sandbox[name].faults.add(endpoint, echoes(sandbox[name], name)[0])
        _raised(folder, f"drop at {name}", lambda name=name: lab.drop(name, "a-voice-of-mine"))
    sandbox["minimax"].faults.add("list", echoes(sandbox["minimax"], "minimax")[0])
    notes = lab.voices()
    (folder / "voices.txt").write_text(f"{notes.to_string()}\n{notes.attrs}", encoding="utf-8")


def _shown(folder: Path, lab: Lab) -> None:
    """Print and pickle every public object; only providers hold a key, and are printed alone."""
    batch = vl.Batch(variants=_variants(folder), providers=WIRE)
    comparison = lab.compare()
    kept: dict[str, Any] = {
        "quote": lab.quote(batch),
        "records": lab.records(),
        "batches": lab.batches(),
        "batch": batch,
        "frame": comparison.frame,
        "columns": vl.describe_columns(),
        "voices": lab.voices(),
    }
    providers = [lab.provider(name) for name in WIRE]
    printed = [*kept.values(), lab, comparison, lab.job, *providers, *(p.limits for p in providers)]
    printed += [getattr(p, "credentials", None) for p in providers] + [p.account for p in providers]
    printed += [replace(batch, providers=providers)]
    words = [text for one in printed for text in (repr(one), str(one), f"{one}")]
    (folder / "printed.txt").write_text("\n".join(words), encoding="utf-8")
    (folder / "pickled").write_bytes(pickle.dumps(kept))


def _exported(folder: Path, lab: Lab) -> None:
    for suffix in EXPORTS:
        lab.export(None, folder / "exports" / f"all.{suffix}")
    lab.export_audio(None, folder / "exports" / "audio")
    lab.export(None, folder / "exports" / "all.zip")
    lab.export(None, folder / "exports" / "blind.html", blind=True)
    lab.publish_folder(None, folder / "site")
    lab.archive(folder / "archive.zip")
    (folder / "check.txt").write_text(str(lab.check()), encoding="utf-8")


def _at_the_command_line(folder: Path) -> None:
    (folder / "small.toml").write_text(
        'name = "small"\nproviders = ["minimax", "dashscope-qwen", "tencent-mps", "local"]\n'
        'preview_text = "Good evening."\ntemplate = "a deep voice"\n',
        encoding="utf-8",
    )
    env = {**os.environ, "COLUMNS": "400", "PYTHONUTF8": "1"}
    for command in COMMANDS:
        call = [sys.executable, "-m", "voicelab", *command.split()]
        done = subprocess.run(call, cwd=folder, capture_output=True, env=env)
        assert done.returncode in (0, 1, 2), done.stderr
        (folder / f"{command}.out").write_bytes(done.stdout + done.stderr)


def _every_variable_shown(folder: Path) -> None:
    call = [sys.executable, str(Path(__file__).with_name("planted_tracebacks.py"))]
    done = subprocess.run(call, cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr
    (folder / "tracebacks.txt").write_bytes(done.stdout + done.stderr)


def _in_a_notebook(folder: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in NOTEBOOK.strip().split("\n---\n")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources=resources,
            store_widget_state=True,
        ).execute()  # fmt: skip
    assert notebook.metadata.widgets
    nbformat.write(notebook, folder / "executed.ipynb")
