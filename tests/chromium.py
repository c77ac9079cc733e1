"""A real Chromium: where it is, how it is started, and what a page did in it."""

import os
import shutil

from playwright.sync_api import Browser, Page, Playwright

CHROMIUM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
CHROMIUM_FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",  # silent, but the audio clock still runs
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
)
NO_CHROMIUM = (
    "no Chromium found: install chromium or Google Chrome, or set VOICELAB_CHROMIUM to its path"
)


def find_chromium() -> str | None:
    """Return the path of a Chromium on this machine."""
    names = (os.environ.get("VOICELAB_CHROMIUM"), *CHROMIUM_NAMES)
    return next((path for name in names if name and (path := shutil.which(name))), None)


def launch(playwright: Playwright, path: str) -> Browser:
    """Start the Chromium at `path` without a window."""
    sandbox = not hasattr(os, "geteuid") or os.geteuid() != 0  # root has none in a container
    flags = [*CHROMIUM_FLAGS, *([] if sandbox else ["--no-sandbox"])]
    return playwright.chromium.launch(executable_path=path, args=flags, chromium_sandbox=sandbox)


class Watched:
    """What a page did that it should not: errors, and requests that left the machine."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
