"""The page of results in a real browser: what it draws, that it can be used by keyboard, on a phone, and by all."""

import os
import re
import shutil
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bench_rows import crowd, every_status

from rnncompress.bench import page
from rnncompress.bench.report import sections

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))),
    None,
)
playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs the package playwright: pip install -e '.[dev]'"
)
axe = pytest.importorskip(
    "axe_playwright_python", reason="needs axe-playwright-python: pip install -e '.[dev]'"
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: apt-get install chromium")

AXE = Path(axe.__file__).with_name("axe.min.js")
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser():
    """A browser without a window."""
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] * (os.geteuid() == 0))
        yield found
        found.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens the page of some rows; at the end no script may have failed or said anything."""
    contexts, said = [], []

    def open_page(rows, size="desk", scheme="light", view=""):
        path = tmp_path / "report.html"
        path.write_text(page.as_html(sections(rows), rows), encoding="utf-8")
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("console", lambda message: said.append(message.text))
        tab.goto(path.as_uri() + view)
        assert tab.locator("html").get_attribute("data-drawn") == "yes"
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert not said


def boxes(tab, selector):
    """The rectangles of elements on the page, as (left, top, right, bottom)."""
    found = tab.locator(selector).evaluate_all(
        "all => all.map(each => each.getBoundingClientRect().toJSON())"
    )
    return [(each["left"], each["top"], each["right"], each["bottom"]) for each in found]


def meet(a, b, slack=1.0):
    """Whether two rectangles overlap by more than rounding."""
    return a[0] + slack < b[2] and b[0] + slack < a[2] and a[1] + slack < b[3] and b[1] + slack < a[3]


def test_everything_is_drawn(show):
    """Tables, plots, what others published, totals, and what came back wrong."""
    tab = show(every_status())
    assert tab.locator("svg").count() == 2
    assert tab.locator(".curve").count() == 1
    text = tab.locator("body").inner_text()
    for part in ("Published elsewhere", "14,623,723", "to OTHER bytes", "With the decompressor counted in"):
        assert part in text
    assert text.index("Which should I take for enwik8?") < text.index("Size against speed")


def test_failures_stand_out(show):
    """What failed has its colour and its reason, and names are text, never markup."""
    tab = show([each for each in every_status() if each.input.slice])
    assert tab.locator("tr.mismatch").count() == 1
    assert tab.locator("tr.failed").count() == 4
    assert tab.locator("tr.failed").first.inner_text().endswith("<i>why</i>")
    assert tab.locator("i").count() == 0


@pytest.mark.parametrize(
    ("size", "scheme", "rows"),
    [
        ("desk", "light", crowd()),
        ("desk", "dark", every_status()),
        ("phone", "light", every_status()),
        ("phone", "dark", crowd()),
    ],
    ids=["desk-light", "desk-dark", "phone-light", "phone-dark"],
)
def test_everybody_can_use_it(show, size, scheme, rows):
    """axe-core finds nothing, with failures and without, and nothing is wider than the window."""
    tab = show(rows, size, scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    tab.evaluate(AXE.read_text(encoding="utf-8"))
    found = tab.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("way", ["encode", "decode"])
@pytest.mark.parametrize("size", SIZES)
def test_labels_are_readable(show, size, way):
    """Ours have theirs, no label lies on another or on the front, and none leaves the plot."""
    tab = show(crowd(), size, view=f"#way={way}")
    plot = "svg[aria-label^='Size against']"
    labels = boxes(tab, f"{plot} .label")
    texts = tab.locator(f"{plot} .label").all_text_contents()
    own = tab.locator(f"{plot} .label.own").all_text_contents()
    assert {text.removeprefix("rnncompress ") for text in own} == {"default", "fast", "max", "counts"}
    assert len(texts) >= (18 if size == "desk" else 9)
    [whole] = boxes(tab, plot)
    for a in labels:
        assert whole[0] <= a[0]
        assert a[2] <= whole[2] + 1
    for (a, one), (b, other) in combinations(zip(labels, texts, strict=True), 2):
        assert not meet(a, b, 2), (one, other)
    corners = tab.locator(f"{plot} .front").evaluate(
        "front => { const m = front.getScreenCTM(); return front.getAttribute('d').slice(1).split('L').map(p => {"
        " const [x, y] = p.split(' ').map(Number); return [m.a * x + m.e, m.d * y + m.f]; }); }"
    )
    for (ax, ay), (bx, by) in pairwise(corners):
        line = (min(ax, bx) - 0.5, min(ay, by) - 0.5, max(ax, bx) + 0.5, max(ay, by) + 0.5)
        for label, text in zip(labels, texts, strict=True):
            inner = (label[0] + 2, label[1] + 3, label[2] - 2, label[3] - 3)
            assert not meet(inner, line, 0), text


def test_close_sizes_get_room(show):
    """Between the two smallest lie more pixels than a plain axis would give them."""
    tab = show(crowd())
    circles = boxes(tab, ".point circle:last-of-type")
    heights = sorted((top + bottom) / 2 for _, top, _, bottom in circles)
    share = (heights[-1] - heights[-2]) / (heights[-1] - heights[0])
    assert share > 3 * (252 - 249) / (634 - 249)


def test_the_keyboard_is_enough(show):
    """The choice of input keeps its focus, arrow keys pass from point to point, sorting keeps its button."""
    tab = show(crowd())
    tab.get_by_role("combobox", name="Input").focus()
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.tagName") == "SELECT"
    assert "Which should I take for dir/a?" in tab.locator("body").inner_text()
    tab.locator(".point[tabindex='0']").focus()
    first = tab.evaluate("document.activeElement.ariaLabel")
    tab.keyboard.press("ArrowRight")
    second = tab.evaluate("document.activeElement.ariaLabel")
    assert first.startswith("rnncompress max, 249 bytes")
    assert second.startswith("rnncompress default, 252 bytes")
    assert tab.locator("#tip.shown").inner_text().startswith("rnncompress default")
    tab.keyboard.press("Escape")
    assert tab.locator("#tip.shown").count() == 0
    tab.get_by_role("button", name="Codec").focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.textContent") == "Codec"
    assert tab.locator("th[aria-sort]").inner_text().startswith("Codec")


def test_a_link_keeps_the_view(show):
    """Input, speed, order and filter are in the address, and opening that address shows the same."""
    tab = show(crowd())
    tab.get_by_role("combobox", name="Input").select_option(label="dir/b")
    tab.get_by_role("button", name="decode speed").click()
    tab.get_by_role("searchbox", name="Only").fill("zstd, default")
    tab.get_by_role("button", name="Memory MiB").click()
    table = tab.get_by_role("region", name="All measurements")
    codecs = table.locator("tbody tr td:first-child").all_inner_texts()
    assert {text.split(" ★")[0].rstrip("★") for text in codecs} == {
        "rnncompress default",
        "zstd -3",
        "zstd -19",
        "zstd -22",
    }
    again = show(crowd(), view=tab.evaluate("location.hash"))
    shown, shown_again = (
        re.sub(r"clip[a-z0-9]+", "clip", each.locator("#view").inner_html()) for each in (tab, again)
    )
    assert shown == shown_again
    assert again.get_by_role("searchbox", name="Only").input_value() == "zstd, default"
    assert again.get_by_role("button", name="decode speed").get_attribute("aria-pressed") == "true"


def test_data_and_pictures_can_be_kept(show, tmp_path):
    """The table comes as CSV, a plot as SVG with its colours in it."""
    tab = show(crowd(), view="#input=alone&only=rnncompress")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="save CSV").click()
    head, *lines = Path(download.value.path()).read_text().splitlines()
    assert head.startswith("label,status,bytes,compressed_bytes,bpc")
    assert [line.split(",")[0] for line in lines] == [
        f"rnncompress {n}" for n in ("max", "default", "counts", "fast")
    ]
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save the picture “Size against speed” as SVG").click()
    assert download.value.suggested_filename == "alone-size-against-speed.svg"
    picture = ElementTree.fromstring(Path(download.value.path()).read_text(encoding="utf-8"))
    texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert "rnncompress fast" in texts
    assert "var(--" not in "".join(each.get("style", "") for each in picture.iter())


def test_a_filter_that_finds_nothing_says_so(show):
    """An empty view has one line that says why."""
    tab = show(crowd(), view="#only=rar")
    assert "No codec here is called “rar”." in tab.locator("body").inner_text()
