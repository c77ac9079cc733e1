"""The rule of the house in code: imports go strictly down, and every library has its one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "voicelab"

LAYERS: dict[str, int] = {
    "errors": 0,
    "model": 0,
    "template": 0,
    "experiment": 0,
    "shipped": 0,
    "audio": 1,
    "measures": 2,
    "providers": 3,
    "store": 3,
    "engine": 4,
    "figures": 5,
    "judging": 6,
    "tables": 6,
    "widgets": 7,
    "lab": 8,
    "cli": 9,
    "__main__": 10,
}

HOMES: dict[str, set[str]] = {
    "sqlite3": {"store"},
    "httpx": {"providers", "engine"},
    "soundfile": {"audio"},
    "soxr": {"audio", "measures"},
    "espeakng_loader": {"audio"},
    "matplotlib": {"figures"},
    "PIL": {"figures"},
    "librosa": {"figures", "measures"},
    "pandas": {"tables"},
    "openpyxl": {"tables"},
    "pyarrow": {"tables"},
    "jinja2": {"tables"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "IPython": {"widgets"},
    "starlette": {"emulators"},
    "uvicorn": {"emulators"},
    "typer": {"cli"},
    "rich": {"cli"},
    "tomli_w": {"experiment"},
    "filelock": {"store"},
}

SANDBOX = ROOT / "cli" / "sandbox.py"
"""The one file of the house that imports emulators, and only once its command is run."""

FILES = sorted(ROOT.rglob("*.py"))


def part(path: Path) -> str:
    """Return the part of the house a file belongs to."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """Return every module a file imports at run time."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for guard in ast.walk(tree)
        if isinstance(guard, ast.If) and ast.unparse(guard.test) == "TYPE_CHECKING"
        for node in ast.walk(guard)
    }
    found: list[str] = []
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            found += submodules if node.module == "voicelab" else [node.module]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_and_libraries_stay_at_home(path: Path) -> None:
    here = part(path)
    for name in imports(path):
        top, *rest = name.split(".")
        if path == SANDBOX and rest[:1] == ["emulators"]:
            continue
        if top == "voicelab" and rest and rest[0] != here and here != "__init__":
            assert_down(here, rest[0])
        elif top in HOMES:
            assert here in HOMES[top], f"{top} belongs to {HOMES[top]}, not to {here}"


def assert_down(here: str, there: str) -> None:
    if there == "__version__":
        return
    if here == "emulators":
        below = {"audio", "measures", "model", "errors", "emulators"}
        assert there in below, f"an emulator uses {there}"
    else:
        assert there != "emulators", f"{here} imports an emulator"
        assert LAYERS[there] < LAYERS[here] or LAYERS[there] == LAYERS[here] == 0, (
            f"{here} imports {there}"
        )


def test_the_sandbox_command_imports_emulators_only_when_it_is_run() -> None:
    body = ast.parse(SANDBOX.read_text(encoding="utf-8")).body
    top = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [node for node in top if "emulators" in ast.unparse(node)]


def test_every_part_of_the_house_has_a_layer() -> None:
    parts = {part(path) for path in FILES} - {"__init__", "emulators"}
    assert parts <= set(LAYERS)
