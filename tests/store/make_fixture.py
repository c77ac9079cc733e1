"""Writes a small lab of today's store version, for the test that opens every lab ever written.

Run it once when a migration lands, and commit what it writes:
`python tests/store/make_fixture.py` writes `tests/data/labs/v<version>.zip`.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from voicelab.emulators.minimax import MiniMaxEmulator
from voicelab.emulators.serve import serve
from voicelab.engine.plan import spec
from voicelab.lab import Lab
from voicelab.model import Batch, PromptVariant
from voicelab.providers.minimax import MiniMax
from voicelab.store.schema import MIGRATIONS
from voicelab.store.store import Store
from voicelab.template import grid

FOLDER = Path(__file__).parents[1] / "data" / "labs"
REFUSED = "nerve gas recipe"


def batch(experiment: str, prompt: str, providers: list[str]) -> Batch:
    """Return a batch of one short text."""
    variant = PromptVariant(label="row", prompt=prompt, preview_text="Good day.", language="en")
    return Batch(variants=(variant,), providers=providers, experiment=experiment)


def write_lab(folder: Path) -> None:
    """Write a budget, 3 trials done, one of an emulated vendor, 1 failed and 1 queued."""
    tones = grid("a {tone} male voice", tone=["deep", "bright"], preview_text="Hello. 你好。")
    with serve([MiniMaxEmulator()]) as sandbox:
        vendor = MiniMax(api_key=sandbox["minimax"].api_key, base_url=sandbox.base_url["minimax"])
        with Lab.open(folder, providers=[vendor], budget="USD 5, minimax 9") as lab:
            lab.run(Batch(variants=tones, providers=["local"], experiment="tones")).result()
            lab.run(batch("vendor", "a deep male voice", ["minimax"])).result()
            lab.run(batch("refused", REFUSED, ["minimax"])).result()
            first = lab.records("tones")[0].trial.id
            lab.rate(first, 2)
            lab.rate(first, 4)
            lab.note(first, "warm — 很好听")
            lab.star(first)
            queued = batch("queued", "an old woman", ["local"])
            sheet = lab.quote(queued)
    with Store.open(folder) as store:
        store.add_batch(
            sheet.batch_id, experiment="queued", spec=spec(queued), trials=sheet.sendable
        )


def pack(folder: Path, path: Path) -> None:
    """Zip a closed lab as it lies on the disk."""
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for found in sorted(folder.rglob("*")):
            if found.is_file() and found.name != "runner.lock":
                file.write(found, found.relative_to(folder))


def main(folder: Path = FOLDER) -> Path:
    """Write the fixture of today's version."""
    path = folder / f"v{len(MIGRATIONS)}.zip"
    with TemporaryDirectory() as temporary:
        write_lab(Path(temporary) / "lab")
        pack(Path(temporary) / "lab", path)
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
