"""The studio worked with by keyboard alone: from an empty form to an exported page."""

from pathlib import Path

from playwright.sync_api import Page, expect

MOST_TABS = 250
FOCUSED = """() => {
  const at = document.activeElement;
  const name = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
  return {
    name: name.trim(), in: !!at.closest(".voicelab-studio"), disabled: !!at.disabled,
    tag: at.tagName, region: at.getAttribute("role") === "region",
  };
}"""


def focused(page: Page) -> dict[str, object]:
    """Return what has the focus, which must be in the studio.

    It is nowhere for a blink where what had it went away.
    """
    for _ in range(20):
        found: dict[str, object] = page.evaluate(FOCUSED)
        if found["in"]:
            return found
        page.wait_for_timeout(25)
    raise AssertionError(f"the focus left the studio: {found['tag']} {str(found['name'])[:80]!r}")


def reach(page: Page, name: str, *, key: str = "Tab") -> None:
    """Press Tab until something of this name has the focus."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press(key)
        try:
            passed.append(focused(page)["name"])
        except AssertionError as lost:
            raise AssertionError(f"{lost}; passed {passed}") from None
        if passed[-1] == name:
            return
    raise AssertionError(f"{name!r} was not reached by {key}; passed {passed}")


def fill(page: Page, name: str, text: str) -> None:
    reach(page, name)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def enter(page: Page) -> None:
    """Get into the studio by Tab from wherever the page begins."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED)["in"]:
            return
    raise AssertionError("the studio cannot be reached by Tab")


def from_form_to_page(page: Page, folder: Path) -> None:
    """Describe two voices, run, look, and write the report, without a pointer.

    Parameters
    ----------
    folder
        Where the notebook is.
    """
    written = folder / "exports" / "For-Monday.html"
    written.unlink(missing_ok=True)
    enter(page)
    assert focused(page)["name"] == "Describe"
    page.keyboard.press("End")
    assert focused(page)["name"] == "Report"
    page.keyboard.press("ArrowRight")
    assert str(focused(page)["name"]).startswith("Describe")
    page.keyboard.press("Enter")
    assert focused(page) == {
        "name": "Describe", "in": True, "disabled": False, "tag": "DIV", "region": True
    }  # fmt: skip
    fill(page, "Experiment", "by keyboard")
    fill(page, "Template", "a {mood} voice")
    page.keyboard.press("Escape")
    assert focused(page)["name"] == "Template"
    page.get_by_label("mood", exact=True).wait_for()
    fill(page, "mood", "calm; bright")
    fill(page, "Preview text", "Good evening.")
    reach(page, "local")
    page.keyboard.press("Space")
    reach(page, "Options of the providers")
    page.keyboard.press("Enter")
    page.get_by_label("Other fields", exact=True).first.wait_for()
    page.keyboard.press("Tab")
    assert focused(page)["name"] == "Other fields"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    page.keyboard.type("dd")  # which would delete a cell of the notebook
    run = page.locator(".voicelab-section-run")
    expect(run).to_contain_text("2 trials · 26 characters")
    expect(page.get_by_role("button", name="Submit")).to_be_enabled()
    reach(page, "Submit")
    page.keyboard.press("Enter")
    expect(run).to_contain_text("2 of 2 done", timeout=60_000)
    page.wait_for_timeout(300)
    assert focused(page)["name"] == "Run"  # and not nowhere, with the button disabled
    page.locator(".voicelab-comparer .row[data-drawn='true']").nth(1).wait_for(timeout=60_000)
    fill(page, "Title", "For Monday")
    reach(page, "Write the report")
    page.keyboard.press("Enter")
    page.locator(".voicelab-file").wait_for(timeout=60_000)
    reach(page, "Open exports/For-Monday.html")
    page.keyboard.press("Tab")
    assert not page.evaluate(FOCUSED)["in"]  # the studio can be left again
    assert "For Monday" in written.read_text(encoding="utf-8")
