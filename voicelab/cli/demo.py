"""The main job on a fresh machine: a real batch compare, offline, from nothing to a page."""

import shutil
from pathlib import Path

from voicelab.cli.show import comparison_table, follow, out, quote_table, say
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.shipped import shipped


def demo(folder: Path) -> bool:
    """Run the sample experiment on the local engine and export it; tell whether all went well."""
    with Lab.open(folder) as lab:
        for sample in shipped("prompts").glob("narrator*"):
            shutil.copy(sample, folder / sample.name)
        batch = Experiment.load(folder / "narrators.toml").batch()
        say(
            f"The sample experiment {batch.experiment!r}, on the built-in engine, offline and free."
        )
        sheet = lab.quote(batch)
        quote_table(sheet)
        job = lab.run(batch)
        comparison = follow(lab, job, lab.records(batch))
        comparison_table(comparison)
        pages = [lab.export(batch, folder / name) for name in _EXPORTS]
        voices = lab.export_audio(batch, folder / "voices")
    _say_where(pages, voices, folder)
    return all(record.state.value == "done" for record in comparison.records)


_EXPORTS = ("narrators.html", "narrators.csv")


def _say_where(pages: list[Path], voices: Path, folder: Path) -> None:
    out.print()
    say(f"{pages[0]}  plays and shows everything; open it in any browser")
    for page in pages[1:]:
        say(f"{page}  the table")
    say(f"{voices}  the audio files")
    say("voicelab's local voices come from a formant synthesiser: good for trying things out,")
    say("never a measure of a vendor's quality.")
    out.print()
    say(f"The same experiment in JupyterLab:  voicelab lab --lab {folder}")
