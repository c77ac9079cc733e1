"""The main job on a fresh machine: a real batch compare, offline, from nothing to a page."""

import shutil
from pathlib import Path

from voicelab.cli.show import comparison_table, follow, out, quote_table, say
from voicelab.experiment import Experiment
from voicelab.lab import Lab
from voicelab.shipped import shipped
from voicelab.tables.comparison import Comparison


def demo(folder: Path) -> bool:
    """Run the sample experiment on the local engine and export it; tell whether all went well."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in shipped("prompts").glob("narrators.*"):
        shutil.copy(sample, folder / sample.name)
    experiment = Experiment.load(folder / "narrators.toml")
    with Lab.open(folder) as lab:
        say(f"The sample experiment {experiment.name!r}, on the built-in engine, offline and free.")
        sheet = lab.quote(experiment)
        quote_table(sheet)
        job = lab.run(experiment)
        comparison = follow(lab, job, lab.records(experiment))
        comparison_table(comparison)
        pages = [lab.export(experiment, folder / name) for name in _EXPORTS]
        _say_where(pages, folder, comparison)
    return all(record.state.value == "done" for record in comparison.records)


_EXPORTS = ("narrators.html", "narrators.csv")


def _say_where(pages: list[Path], folder: Path, comparison: Comparison) -> None:
    out.print()
    say(f"{pages[0]}  plays and shows everything; open it in any browser")
    for page in pages[1:]:
        say(f"{page}  the table")
    say(f"{folder / 'audio'}  {len(comparison.clips())} audio files as they came")
    say("voicelab's local voices come from a formant synthesiser: good for trying things out,")
    say("never a measure of a vendor's quality.")
    out.print()
    say(f"The same experiment in JupyterLab:  voicelab lab --lab {folder}")
