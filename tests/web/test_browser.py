"""The preview in a real Chromium: axe, narrow and wide, keyboard alone, without script, marks, paper."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

from archive_service.web.charts import Bars
from archive_service.web.jinja import environment
from tests.judges.java import Verdict
from tests.web.preview import MARKS

PATHS = ["/sips", "/sips?title=x", "/all", "/form-with-errors", "/login", "/error/404"]


@pytest.mark.parametrize(("language", "theme"), [("vi", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious(
    page: Page, axe: Callable[[Page], Verdict], served: str, language: str, theme: str
) -> None:
    prefer(page, served, language=language, theme=theme)
    for path in PATHS:
        page.goto(served + path)
        verdict = axe(page)
        assert verdict.accepted, (path, verdict.said)


def prefer(page: Page, served: str, **chosen: str) -> None:
    cookies = [{"name": name, "value": value, "url": served} for name, value in chosen.items()]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]


def test_axe_would_find_pale_text(page: Page, axe: Callable[[Page], Verdict], served: str) -> None:
    page.goto(served + "/form")
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    assert not axe(page).accepted


def test_no_page_scrolls_sideways(page: Page, served: str) -> None:
    for path in PATHS:
        page.goto(served + path)
        for width in (360, 768, 1200, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)


def test_the_browser_refuses_nothing_and_asks_no_other_host(page: Page, served: str) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served + "/all")
    page.wait_for_load_state("networkidle")
    assert said == [] and {url for url in asked if not url.startswith(served)} == set()


def test_the_fonts_are_the_ones_from_the_packages(page: Page, served: str) -> None:
    page.goto(served + "/all")
    page.wait_for_function("document.fonts.status === 'loaded'")
    loaded = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family + ' ' + f.weight)"
    assert {"Archive Sans 400", "Archive Sans 600", "Archive Mono 400"} <= {
        name.replace('"', "") for name in page.evaluate(loaded)
    }


UI = environment("vi").globals["ui"]
CLIPPING = {
    "input": f'<input value="{MARKS[:24]}">',
    "select": f"<select><option>{MARKS[:24]}</option></select>",
    "textarea": f"<textarea>{MARKS[:24]}</textarea>",
    "button": f"<button>{MARKS[:24]}</button>",
    ".tag": f'<strong class="tag machine"><span>{MARKS[:24]}</span></strong>',
    ".two-lines": f'<span class="two-lines">{MARKS[:24]}</span>',
    "h1": f"<h1>{MARKS[:24]}</h1>",
    "text": UI.bars(Bars(MARKS[:24], "", "", [(MARKS[:24], 0)]), "b").partition(": 0")[0] + "</text></svg>",
}
ROOMY = """([text, font]) => {
    const p = document.createElement("p");
    p.textContent = text; p.style.font = font; p.style.lineHeight = "3";
    document.body.replaceChildren(p);
}"""
FONT = "selector => getComputedStyle(document.querySelector(selector)).font"


def ink_of(page: Page, html: str, selector: str, rule: str = "") -> tuple[int, int]:
    """Rows of ink of the text in a component, and of the same text with all the room it could want."""
    page.evaluate("document.adoptedStyleSheets = [new CSSStyleSheet()]")
    for each in ("body { padding: 40px }", ".tag { border-color: transparent }", rule or "x {}"):
        page.evaluate("rule => { document.adoptedStyleSheets[0].insertRule(rule); }", each)
    page.evaluate("html => { document.body.innerHTML = html; }", html)
    cut = ink_height(page.screenshot())
    page.evaluate(ROOMY, [MARKS[:24], page.evaluate(FONT, selector)])
    return cut, ink_height(page.screenshot())


def test_no_mark_is_cut_where_a_component_clips(page: Page, served: str) -> None:
    page.goto(served + "/all")
    page.wait_for_function("document.fonts.status === 'loaded'")
    ink = {selector: ink_of(page, html, selector) for selector, html in CLIPPING.items()}
    assert {selector for selector, (cut, whole) in ink.items() if cut < whole} == set()


def test_an_input_that_is_too_tall_would_cut_the_marks(page: Page, served: str) -> None:
    page.goto(served + "/all")
    page.wait_for_function("document.fonts.status === 'loaded'")
    cut, whole = ink_of(page, CLIPPING["input"], "input", "input { height: 80px }")
    assert cut < whole


def ink_height(picture: bytes) -> int:
    """How many rows of pixels hold dark ink; the frames of controls are paler."""
    grey = Image.open(io.BytesIO(picture)).convert("L")
    dark = grey.point(lambda value: 255 if value < 90 else 0)
    rows = [dark.crop((0, y, dark.width, y + 1)).getbbox() for y in range(dark.height)]
    return sum(1 for box in rows if box)


def test_composed_and_decomposed_text_look_the_same(page: Page, served: str) -> None:
    page.goto(served + "/form")
    pictures = []
    for form in ("NFC", "NFD"):
        page.evaluate(
            "text => { document.querySelector('h1').textContent = text; }", unicodedata.normalize(form, MARKS)
        )
        pictures.append(Image.open(io.BytesIO(page.locator("h1").screenshot())))
    assert ImageChops.difference(pictures[0].convert("RGB"), pictures[1].convert("RGB")).getbbox() is None


def test_the_keyboard_walks_selects_and_lists_its_keys(page: Page, served: str) -> None:
    page.goto(served + "/sips")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("[data-choose]:checked").get_attribute("value") == "2"
    assert page.get_by_role("status").inner_text() == "Đã chọn 1"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.matches('[data-filter], [data-search]')")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.locator("#keys").get_attribute("open") is not None


def test_shortcuts_can_be_switched_off(page: Page, served: str) -> None:
    prefer(page, served, keys="off")
    page.goto(served + "/sips")
    page.keyboard.press("j")
    assert page.locator("[data-current]").count() == 0


def test_keys_typed_into_a_field_are_text(page: Page, served: str) -> None:
    page.goto(served + "/form")
    page.locator("#field-reason").fill("")
    page.locator("#field-reason").press_sequentially("axj?")
    assert page.locator("#field-reason").input_value() == "axj?"


def test_focus_is_on_the_errors_and_then_on_the_flash(page: Page, served: str) -> None:
    page.goto(served + "/form-with-errors")
    assert page.evaluate("document.activeElement.textContent") == "Lỗi: chưa trả lại được gói hồ sơ."
    page.goto(served + "/form")
    page.get_by_role("button", name="Trả lại gói hồ sơ").click()
    assert page.evaluate("document.activeElement.className") == "flash good"


def test_a_running_job_is_followed_to_its_end(page: Page, served: str) -> None:
    page.goto(served + "/all")
    page.locator("[data-finished=yes]").wait_for(timeout=10_000)
    assert page.locator("[data-progress-spoken]").inner_text() == "bước 7/7: xong"


def test_without_script_everything_can_be_read_and_sent(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served + "/form")
    assert page.locator("[data-reveal]").is_hidden()
    page.get_by_role("button", name="Trả lại gói hồ sơ").click()
    assert page.url == served + "/sips" and "Đã trả lại gói 31.TTr" in page.content()
    context.close()


def test_a_copied_digest_is_the_whole_digest(browser: Browser, served: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(served + "/all")
    page.get_by_role("button", name="Chép SHA-256").first.click()
    assert re.fullmatch("[0-9a-f]{64}", page.evaluate("navigator.clipboard.readText()"))
    context.close()


def test_a_theme_that_was_chosen_wins_over_the_system(page: Page, served: str) -> None:
    prefer(page, served, theme="dark")
    page.goto(served + "/form")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 31)"


def test_paper_shows_no_navigation_and_unfolds_details(page: Page, served: str) -> None:
    page.goto(served + "/all")
    page.emulate_media(media="print")
    assert page.locator(".navigation, .bar, .foot").first.is_hidden()
    assert page.locator(".print-head").is_visible()
    assert page.locator(".paths li").first.is_visible()


def test_zoomed_text_stays_within_the_page(page: Page, served: str) -> None:
    """400 % of 1,280 px is 320 px wide; text spacing as in WCAG 1.4.12."""
    page.set_viewport_size({"width": 320, "height": 256})
    page.goto(served + "/all")
    page.evaluate("document.body.style.cssText = 'letter-spacing:.12em;word-spacing:.16em;line-height:1.5'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
