"""The vendors' pages as data: what each call takes, and the examples that are shown there.

A call has its `source`; the `path` it goes to, where a vendor has several; `headers`, with null
for one that must not be sent; and `request`, its table of parameters as JSON Schema. An example
is the request and the reply as the page has them, with the shape of its `ids` as patterns.
"""

import json
from pathlib import Path
from typing import Any

PAGES = Path(__file__).parent / "wire" / "pages"
VENDORS = sorted(path.stem for path in PAGES.glob("*.json"))
SERVICES = {"tencent_mps": "mps", "tencent_vod": "vod", "tencent_trtc": "trtc"}
"""How the vendors that are signed for name their products."""


def calls(vendor: str) -> dict[str, Any]:
    """Return what a vendor's pages say, by the name of the call."""
    found: dict[str, Any] = json.loads((PAGES / f"{vendor}.json").read_text(encoding="utf-8"))
    return found


def examples(vendor: str, call: str) -> list[dict[str, Any]]:
    """Return the examples of one call."""
    found: list[dict[str, Any]] = calls(vendor)[call].get("examples", [])
    return found
