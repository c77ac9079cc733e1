"""The commands, their options and their help."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from voicelab.cli import show
from voicelab.engine.run import OPEN
from voicelab.experiment import Experiment
from voicelab.lab import DEFAULT_FOLDER, Lab
from voicelab.model import TrialState
from voicelab.tables.comparison import Comparison
from voicelab.tables.page_options import MAX_MB

app = typer.Typer(
    help="Design synthetic voices from text descriptions and compare what comes back.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LabFolder = Annotated[
    Path, typer.Option("--lab", help="The lab's folder.", envvar="VOICELAB_LAB", show_default=True)
]
Live = Annotated[
    bool, typer.Option("--live", help="Allow calls beyond this machine: that spends money.")
]
File = Annotated[Path, typer.Argument(help="An experiment file (TOML).")]
What = Annotated[
    str | None, typer.Argument(help="A batch id or an experiment's name; all where not given.")
]
TrialId = Annotated[str, typer.Argument(help="Its id: `voicelab table --columns label,trial`.")]
LeaveOut = Annotated[
    bool, typer.Option("--leave-out-refused", help="Send the others when some are refused.")
]
WhatOption = Annotated[
    str | None, typer.Option("--what", help="A batch id or an experiment's name.")
]
Audio = Annotated[
    str, typer.Option(help="Sound of a page: mp3, mp3-small (half as large), flac (lossless).")
]
VoiceIds = Annotated[
    bool, typer.Option("--voice-ids", help="Let a page hold the vendors' ids of the voices.")
]
BudgetText = Annotated[
    str | None,
    typer.Option("--budget", help="The most it may spend: 'USD 5', or 'USD 5, tencent-mps 20'."),
]
Reuse = Annotated[
    bool | None,
    typer.Option("--reuse/--anew", help="Take over, free, or make anew what this lab already has."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before spending.")]

DEFAULT_LAB = Path(DEFAULT_FOLDER)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put it.")] = Path("voicelab-demo"),
) -> None:
    """Compare sample voices offline: table, page that plays, CSV and audio files."""
    from voicelab.cli.demo import demo as run_demo

    if not run_demo(folder):
        raise typer.Exit(1)


@app.command()
def lab(
    folder: LabFolder = DEFAULT_LAB,
    notebook: Annotated[str, typer.Option(help="Which notebook to open.")] = "1_explore",
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    port: Annotated[int, typer.Option(help="Port of the JupyterLab server.")] = 8888,
) -> None:
    """Open JupyterLab on the tour notebook, ready to run, offline."""
    from voicelab.cli.jupyter import open_jupyterlab

    open_jupyterlab(folder, notebook=notebook, browser=browser, port=port)


@app.command()
def quote(
    file: File,
    folder: LabFolder = DEFAULT_LAB,
    live: Live = False,
    budget: BudgetText = None,
    reuse: Reuse = None,
) -> None:
    """Say what an experiment will take: trials, characters, price, time, refusals."""
    experiment = Experiment.load(file)
    with _lab_or_none_yet(folder, live=live) as lab:
        sheet = lab.quote(experiment, budget=budget, reuse=reuse)
        show.quote_table(sheet)
    if sheet.refusals:
        raise typer.Exit(1)


@app.command()
def run(
    file: File,
    folder: LabFolder = DEFAULT_LAB,
    live: Live = False,
    leave_out_refused: LeaveOut = False,
    budget: BudgetText = None,
    reuse: Reuse = None,
    yes: Yes = False,
) -> None:
    """Submit an experiment; running it again only brings it to its end."""
    experiment = Experiment.load(file)
    with Lab.open(folder, live=live) as lab:
        sheet = lab.quote(experiment, budget=budget, reuse=reuse)
        show.quote_table(sheet)
        sheet.require_sendable(leave_out_refused=leave_out_refused)
        if sheet.spends and not yes:
            typer.confirm("Send these trials to the vendors?", abort=True)
        job = lab.run(experiment, leave_out_refused=leave_out_refused, budget=budget, reuse=reuse)
        _finish(show.follow(lab, job, lab.records(experiment)))


@app.command()
def resume(what: What = None, folder: LabFolder = DEFAULT_LAB, live: Live = False) -> None:
    """Bring everything unfinished to its end."""
    with Lab.open(folder, live=live, create=False) as lab:
        pending = lab.records(what, states=OPEN)
        doubtful = sum(record.state is TrialState.IN_DOUBT for record in pending)
        of_them = f", {doubtful} of them in doubt" if doubtful else ""
        show.say(f"{len(pending)} trials are unfinished{of_them}.")
        if pending:
            _finish(show.follow(lab, lab.resume(what), pending))


@app.command()
def settle(what: What = None, folder: LabFolder = DEFAULT_LAB, live: Live = False) -> None:
    """Look for what became of the trials in doubt; looking is free and sends nothing new."""
    with Lab.open(folder, live=live, create=False) as lab:
        doubtful = lab.records(what, states=[TrialState.IN_DOUBT])
        show.say(f"{len(doubtful)} trials are in doubt.")
        if doubtful:
            _finish(show.follow(lab, lab.settle(what), doubtful))


@app.command()
def retry(what: What = None, folder: LabFolder = DEFAULT_LAB) -> None:
    """Queue failed trials again; what was given up in doubt needs `voicelab resend`."""
    with Lab.open(folder, create=False) as lab:
        queued = lab.retry(what)
        show.say(f"{len(queued)} trials are queued. Send them with: voicelab resume")
        for record in lab.records(what):
            if record.given_up:
                show.say(
                    f"{record.trial.id} was given up in doubt: it may have been paid for. To send "
                    f"it anew all the same: voicelab resend {record.trial.id}"
                )


@app.command()
def resend(trial: TrialId, folder: LabFolder = DEFAULT_LAB, yes: Yes = False) -> None:
    """Queue a trial in doubt, or given up, to be sent anew, which may be paid for twice."""
    with Lab.open(folder, create=False) as lab:
        if not yes:
            typer.confirm(
                "It may have been made and charged. Send it anew all the same?", abort=True
            )
        lab.resend(trial)
        show.say(f"{trial} is queued. Send it with: voicelab resume")


@app.command("give-up")
def give_up(trial: TrialId, folder: LabFolder = DEFAULT_LAB) -> None:
    """Call a trial in doubt failed."""
    with Lab.open(folder, create=False) as lab:
        lab.give_up(trial)
        show.say(f"{trial} is given up.")


@app.command()
def budget(
    most: Annotated[
        str | None,
        typer.Argument(help="'USD 5', or 'USD 5, tencent-mps 20'; 'none' takes it away."),
    ] = None,
    folder: LabFolder = DEFAULT_LAB,
) -> None:
    """Show or set the most the whole lab may spend, ever: it holds whoever opens the lab."""
    with Lab.open(folder) as lab:
        if most is not None:
            lab.budget = None if most == "none" else most
        for line in lab.budget_texts or ["The lab has no budget."]:
            show.say(line)


@app.command()
def bill(what: What = None, folder: LabFolder = DEFAULT_LAB) -> None:
    """Show what was quoted and what was billed, by provider and currency."""
    with Lab.open(folder, create=False) as lab:
        show.bill_table(lab.bill(what).to_dict("records"))


@app.command()
def table(
    what: What = None,
    folder: LabFolder = DEFAULT_LAB,
    columns: Annotated[
        str | None, typer.Option(help="Column names, separated by commas; `all` for every one.")
    ] = None,
    sort: Annotated[str | None, typer.Option(help="A column to sort by; -name for down.")] = None,
) -> None:
    """Show trials side by side."""
    from voicelab.cli.choose import chosen_columns, sorted_comparison

    with Lab.open(folder, create=False) as lab:
        comparison = lab.compare(what)
        if sort is not None:
            comparison = lab.compare(what, trials=sorted_comparison(comparison, sort))
        show.comparison_table(comparison, chosen_columns(comparison, columns))


@app.command()
def export(
    paths: Annotated[list[Path], typer.Argument(help="Files to write; the suffix is the format.")],
    what: WhatOption = None,
    folder: LabFolder = DEFAULT_LAB,
    audio: Audio = "mp3",
    max_mb: Annotated[float, typer.Option(help="The most a page may take, in MB.")] = MAX_MB,
    voice_ids: VoiceIds = False,
    blind: Annotated[
        bool, typer.Option("--blind", help="Hide who made which voice; the key lies beside it.")
    ] = False,
    seed: Annotated[
        int | None, typer.Option(help="What the order of a blind page is drawn from.")
    ] = None,
) -> None:
    """Write tables, the page that plays, or the audio.

    By suffix: .html .csv .xlsx .parquet .jsonl .md .tex, and .zip for the audio.
    """
    with Lab.open(folder, create=False) as lab:
        page = partial(
            lab.export,
            what,
            audio=audio,
            max_mb=max_mb,
            voice_ids=voice_ids,
            blind=blind,
            seed=seed,
        )
        pages = [path for path in paths if path.suffix.lower() == ".html"]
        for path in paths:
            show.say(str(page(path) if path in pages or not pages else lab.export(what, path)))


@app.command()
def publish(
    folder_to: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to put it.")],
    what: WhatOption = None,
    folder: LabFolder = DEFAULT_LAB,
    audio: Audio = "mp3",
    voice_ids: VoiceIds = False,
) -> None:
    """Write a folder for any web server: the page, its sounds beside it, the table."""
    with Lab.open(folder, create=False) as lab:
        made = lab.publish_folder(what, folder_to, audio=audio, voice_ids=voice_ids)
    show.say(f"{made}  to look at it: python -m http.server --directory {made}")


@app.command("import-ratings")
def import_ratings(
    files: Annotated[list[Path], typer.Argument(help="What listeners saved in an exported page.")],
    key: Annotated[
        Path | None, typer.Option(help="Of a blind page; looked for beside the answers if missing.")
    ] = None,
    folder: LabFolder = DEFAULT_LAB,
) -> None:
    """Take up listeners' ratings and notes, under their names."""
    with Lab.open(folder, create=False) as lab:
        for file in files:
            taken = lab.import_ratings(file, key=key)
            names = ", ".join(taken["rater"].unique()) or "nobody"
            show.say(f"{file}: {taken['rating'].count()} ratings by {names}")


@app.command()
def providers(
    name: Annotated[str | None, typer.Argument(help="One of them: list its options.")] = None,
    folder: LabFolder = DEFAULT_LAB,
    live: Live = False,
) -> None:
    """List the providers, their limits and prices; or the options of one."""
    from voicelab.cli.choose import options_table, provider_rules, providers_table

    if name is not None:
        show.out.print(options_table(name))
        return
    with _lab_or_none_yet(folder, live=live) as lab:
        show.out.print(providers_table(lab))
    for line in provider_rules():
        show.say(line)


@app.command()
def voices(folder: LabFolder = DEFAULT_LAB, live: Live = False) -> None:
    """List the voices the vendors keep for you, and the trials that made them."""
    from voicelab.cli.voices import print_voices

    with _lab_or_none_yet(folder, live=live) as lab:
        print_voices(lab)


@app.command()
def keep(
    trial: Annotated[str, typer.Argument(help="The trial that made the voice, by its id.")],
    name: Annotated[str | None, typer.Option(help="What its vendor shall list it under.")] = None,
    folder: LabFolder = DEFAULT_LAB,
    live: Live = False,
    yes: Yes = False,
) -> None:
    """Make a vendor keep the voice of a trial; where that costs something, after asking."""
    with Lab.open(folder, live=live, create=False) as lab:
        how = lab.keeping(trial)
        if how.spends:
            show.say(how.words)
            if not yes:
                typer.confirm("Speak with it, so that it is kept?", abort=True)
        show.say(lab.keep(trial, name, spend=how.spends))


@app.command()
def drop(
    provider: Annotated[str, typer.Argument(help="The provider that keeps the voice.")],
    voice_id: Annotated[str, typer.Argument(help="Its id there, as `voicelab voices` shows it.")],
    folder: LabFolder = DEFAULT_LAB,
    live: Live = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a voice from a vendor's account, for good."""
    with _lab_or_none_yet(folder, live=live) as lab:
        if not yes:
            made = [r for r in lab.records() if r.voice_id == voice_id]
            name = f"{voice_id} of {made[0].trial.variant.label!r}" if made else voice_id
            typer.confirm(f"Delete the voice {name} at {provider}, for good?", abort=True)
        lab.drop(provider, voice_id)
        show.say(f"{voice_id} is deleted at {provider}.")


@app.command()
def check(
    folder: LabFolder = DEFAULT_LAB,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,
) -> None:
    """Look whether a lab is whole: its database, its audio, and trials against kept replies."""
    with Lab.open(folder, create=False) as lab:
        report = lab.check(repair=repair)
    for line in str(report).splitlines():
        show.say(line)
    if report.left:
        raise typer.Exit(1)


@app.command()
def archive(
    path: Annotated[Path, typer.Argument(help="The .zip file to write.")],
    folder: LabFolder = DEFAULT_LAB,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Leave out audio that is missing or changed.")
    ] = False,
) -> None:
    """Write a whole lab into one file, while it runs or not."""
    with Lab.open(folder, create=False) as lab:
        show.say(str(lab.archive(path, anyway=anyway)))


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A .zip file that `voicelab archive` wrote.")],
    folder: LabFolder = DEFAULT_LAB,
) -> None:
    """Unpack an archive into a new lab folder, whole or not at all."""
    with Lab.restore(path, folder) as lab:
        show.say(f"{lab.folder}: {len(lab.records())} trials. Go on with: voicelab resume")


@app.command()
def sandbox(
    names: Annotated[
        list[str] | None, typer.Argument(help="Providers to emulate; every one where not given.")
    ] = None,
    port: Annotated[int, typer.Option(help="Of the first; the others follow. 0: any free.")] = 0,
    host: Annotated[str, typer.Option(help="An address of this machine only.")] = "127.0.0.1",
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    temporary: Annotated[
        bool, typer.Option("--temporary", help="Temporary credentials, with a token, at Tencent.")
    ] = False,
) -> None:
    """Serve emulated vendors on this machine, and print how to reach them."""
    from voicelab.cli.sandbox import sandbox as stay_up

    stay_up(names or (), port=port, host=host, json=json, temporary=temporary)


@app.command()
def doctor() -> None:
    """Say what is installed, what is missing, and the line that mends it."""
    from voicelab.cli.doctor import examine

    findings = examine()
    for finding in findings:
        mark = "ok  " if finding.ok else "MISS" if finding.needed else "–   "
        show.say(f"{mark}  {finding.what}: {finding.found}")
    if any(finding.needed and not finding.ok for finding in findings):
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    if version:
        from voicelab import __version__

        show.say(f"voicelab {__version__}, Python {sys.version.split()[0]}, {os.name}")
        raise typer.Exit


@contextmanager
def _lab_or_none_yet(folder: Path, *, live: bool) -> Iterator[Lab]:
    """Open a lab to ask it something; where there is none, leave none behind."""
    with ExitStack() as stack:
        if not folder.exists():
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="voicelab-")))
        yield stack.enter_context(Lab.open(folder, live=live))


def _finish(comparison: Comparison) -> None:
    show.comparison_table(comparison)
    left = [r for r in comparison.records if r.state is not TrialState.DONE]
    if left:
        show.say(f"{len(left)} of {len(comparison)} trials are not done.")
        raise typer.Exit(1)
