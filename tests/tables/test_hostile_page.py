"""The exported page with the worst texts in every field, in a real browser under its own policy."""

import re
from pathlib import Path

import pytest
from hostile import PAYLOADS
from playwright.sync_api import Page, expect
from shown import comparison_of, record_of

from voicelab.model import TrialRecord, TrialState
from voicelab.tables.comparison import Comparison
from voicelab.tables.write_html import page_of, write

WATCH = (
    "window.broken = [];"
    "document.addEventListener('securitypolicyviolation',"
    " event => broken.push(`${event.violatedDirective} ${event.blockedURI}`));"
)
ALLOWED = {
    "default-src": "'none'",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
}


def record_full_of(text: str, nth: int) -> TrialRecord:
    failed = nth % 3 == 1
    return record_of(
        nth,
        label=f"{text} {nth}",
        prompt=text,
        preview_text=f"{text} x",
        language=text,
        variables={text: text, "__proto__": text, "toString": text},
        provider=text,
        voice_id=text,
        note=text,
        rating=nth % 5 + 1,
        experiment=text,
        evidence={text: [text, {text: text}]},
        state=TrialState.FAILED if failed else TrialState.DONE,
        error=text if failed else None,
        error_code=text if failed else None,
        request_id=text if failed else None,
    )


@pytest.fixture(scope="module")
def hostile() -> Comparison:
    records = [record_full_of(text, nth) for nth, text in enumerate(PAYLOADS)]
    return comparison_of(records, title=" ".join(PAYLOADS))


@pytest.mark.browser
def test_no_text_of_any_field_runs_loads_or_bends_the_page(
    page: Page, tmp_path: Path, hostile: Comparison
) -> None:
    path = tmp_path / "page.html"
    write(hostile, path)
    page.add_init_script(WATCH)
    page.goto(path.as_uri())
    page.locator(".voicelab-comparer[data-ready='1'] .row[data-drawn='true']").first.wait_for()
    use(page)
    assert page.evaluate("() => [typeof pwned, broken]") == ["undefined", []]
    assert page.evaluate("() => Object.keys(Object.prototype)") == []
    assert page.watched.errors == []
    assert page.watched.requests == [path.as_uri()]
    ours = ".pictures img[src^='data:image/webp;base64,']"
    foreign = (
        f"img:not({ours}), iframe,"
        " svg:not([aria-hidden]), form, base, details, a[href], object, embed"
    )
    assert page.locator(foreign).count() == 0
    assert page.locator("style, script:not([type])").count() == 1
    handlers = page.evaluate(
        "() => [...document.querySelectorAll('*')]"
        ".flatMap(e => e.getAttributeNames()).filter(name => name.startsWith('on'))"
    )
    assert handlers == []


def use(page: Page) -> None:
    """Do what a reader does: look at every row, play, open the details, sort, search."""
    rows = page.locator(".row")
    for top in range(0, 98 * len(PAYLOADS), 490):
        page.locator(".list").evaluate("(list, top) => { list.scrollTop = top }", top)
        page.wait_for_timeout(50)
    page.locator(".list").evaluate("list => { list.scrollTop = 0 }")
    rows.first.locator(".play").click()
    page.click(".more")
    for button in page.locator(".sortable thead button").all():
        button.click()
    for option in page.locator(".sorts option").all():
        page.select_option(".sorts", value=option.get_attribute("value"))
    page.fill(".filter", PAYLOADS[0])
    expect(page.locator(".row .label").first).to_contain_text("<script>pwned=1</script>")
    page.fill(".filter", "")
    for _ in range(40):
        page.keyboard.press("Tab")


@pytest.mark.browser
def test_every_text_stands_in_the_table_as_it_is(
    page: Page, tmp_path: Path, hostile: Comparison
) -> None:
    write(hostile, tmp_path / "page.html")
    page.goto((tmp_path / "page.html").as_uri())
    cells = page.locator(".prompts tbody tr td:nth-child(2)").all()
    shown = [str(cell.text_content()) for cell in cells]
    assert shown == [text.replace("\x00", "") for text in PAYLOADS]  # browsers drop that one


def test_the_policy_allows_the_page_its_own_script_and_style_alone(hostile: Comparison) -> None:
    text = page_of(hostile)
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", directives.pop(name))
    assert directives == ALLOWED
    assert text.index("Content-Security-Policy") < min(text.index("<style"), text.index("<script"))
    assert text.index("Content-Security-Policy") < text.index("<title>")
