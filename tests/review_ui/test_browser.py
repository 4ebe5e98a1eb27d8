"""The pages in a real browser: by keyboard alone, without script, and through the project's browser check."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Dialog, Page, sync_playwright

from review_queue import audit, cases, progress, unread
from review_queue.categories import CaseState, Category
from review_queue.frontier import close_round
from review_queue.rounds import BEGUN, ENDED
from review_queue.store import Store, open_store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from review_ui.deciding import Officer, record
from review_ui.looking import settle
from review_ui.roles import Role
from tests.review_ui.listed import list_pages
from tests.review_ui.sites import (
    PASSWORD,
    a_block,
    a_crawl,
    a_waiting_case,
    an_unread_page,
    close_accounts,
    people,
)
from tests.review_ui.test_server import served

CHROMIUM = Path("/usr/bin/chromium")
CHECK = Path(__file__).parents[3] / "shared" / "tools" / "browser_check.py"
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
# a proxy that refuses: nothing but loopback can be reached
FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=127.0.0.1",
]
MAX_TABS = 60
# a phone, the narrowest screen that has tables, a small laptop
WIDTHS = (360, 993, 1024)

pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium on this machine"),
]


needs_check = pytest.mark.skipif(
    not CHECK.exists(), reason="the shared browser check is not on this machine"
)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder with people; what is in the store is the test's."""
    config = ServeConfig(tmp_path / "data")
    people(config)
    close_accounts()
    return config.data_dir


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, chromium_sandbox=False, args=FLAGS
        )
        yield browser
        browser.close()


def _tab_to(page: Page, name: str, value: str = "") -> None:
    """The focus stands on the control of that name, reached with the Tab key alone."""
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        found = page.evaluate("() => [document.activeElement.name, document.activeElement.value]")
        if found[0] == name and value in {"", found[1]}:
            return
    raise AssertionError(f"Tab never reaches {name} {value}")


def _tab_to_link(page: Page, text: str) -> None:
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if text in (page.evaluate("() => document.activeElement.innerText") or ""):
            return
    raise AssertionError(f"Tab never reaches {text}")


def _sign_in(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}login/")
    _tab_to(page, "username")
    page.keyboard.type(name)
    _tab_to(page, "password")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _decide(page: Page, ref: str) -> None:
    """The open queue's case is decided as a violation, with the keyboard alone."""
    _tab_to_link(page, ref)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    _tab_to(page, "verdict")
    page.keyboard.press("Space")
    _tab_to(page, "scope", "host")
    _tab_to(page, "name_host")
    _tab_to(page, "legal_ground")
    page.keyboard.press("ArrowDown")
    _tab_to(page, "reason")
    page.keyboard.type("The second line calls for it.")
    _tab_to(page, "next")
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("script", [True, False])
def test_two_people_decide_and_confirm_by_keyboard_alone(script: bool, data_dir: Path) -> None:  # noqa: FBT001  # a parameter of the test
    with open_store(data_dir) as store:
        ref = a_waiting_case(store).ref
    with served(data_dir) as url, _browser() as browser:
        for name in ("reviewer", "senior"):
            context = browser.new_context(java_script_enabled=script)
            page = context.new_page()
            if script:
                _sign_in(page, url, name)
                _decide(page, ref)
            else:
                _without_script(page, url, name, ref)
            context.close()

    with open_store(data_dir) as store:
        assert cases.get(store, ref).state is CaseState.APPROVED


def _without_script(page: Page, url: str, name: str, ref: str) -> None:
    """The same by clicks: without script the browser cannot be asked where its focus is."""
    page.goto(f"{url}login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.click(f"text={ref}")
    page.check("[name=verdict][value=violates]")
    page.select_option("[name=legal_ground]", "SAMPLE-1")
    page.fill("[name=reason]", "The second line calls for it.")
    page.click("button.main-action")


def test_keys_work_by_their_place_and_stay_out_of_text_fields(data_dir: Path) -> None:
    with open_store(data_dir) as store:
        refs = [a_waiting_case(store, f"s{n}.example", risk=0.9 - n / 10).ref for n in range(3)]
    with served(data_dir) as url, _browser() as browser:
        page = browser.new_page()
        _sign_in(page, url, "reviewer")
        page.keyboard.press("j")
        page.keyboard.press("j")
        assert page.evaluate("() => document.activeElement.innerText") == refs[1]
        page.keyboard.press("k")
        with page.expect_navigation():
            page.keyboard.press("Enter")

        # "г" stands on the key U of the Latin layout
        page.evaluate(
            "() => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'г', code: 'KeyU', bubbles: true}))"
        )
        assert page.is_checked("[name=verdict][value=cannot_tell]")
        page.keyboard.press("n")
        assert page.is_checked("[name=verdict][value=does_not_violate]")
        page.keyboard.press("c")
        page.keyboard.type("vpun")
        assert page.input_value("[name=reason]") == "vpun"
        assert page.is_checked("[name=verdict][value=does_not_violate]")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        assert refs[1] in page.title()


def test_an_unread_page_is_settled_by_keyboard_alone(data_dir: Path) -> None:
    with open_store(data_dir) as store:
        first, second = (an_unread_page(store, f"{name}.example") for name in ("one", "two"))
    with served(data_dir) as url, _browser() as browser:
        page = browser.new_page()
        _sign_in(page, url, "reviewer")
        _tab_to_link(page, "could not be read")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.keyboard.press("j")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        _tab_to(page, "finding")
        page.keyboard.press("Space")
        page.keyboard.press("c")
        page.keyboard.type("A photo album, nvpc.")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        assert page.url.partition("#")[0] == f"{url}unread/{second}/"

    with open_store(data_dir) as store:
        settled = unread.get(store, first)
        assert settled
        assert (settled.state, settled.note) == ("nothing", "A photo album, nvpc.")


def test_hostile_text_runs_nothing_in_a_browser(data_dir: Path) -> None:
    attack = '<img src=x onerror=alert(1)><script>alert(2)</script>"><svg onload=alert(3)>'
    with open_store(data_dir) as store:
        ref = a_waiting_case(store, title=attack, text=f"One\n{attack}", path=f"/{attack}").ref
    with served(data_dir) as url, _browser() as browser:
        page = browser.new_page()
        seen: list[str] = []

        def refuse(dialog: Dialog) -> None:
            seen.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", refuse)
        page.on("request", lambda request: seen.append(request.url))
        _sign_in(page, url, "supervisor")
        for path in (f"case/{ref}/", "queue/", "audit/"):
            page.goto(f"{url}{path}")

        assert [one for one in seen if not one.startswith(url)] == []


def _check(url: str, out: Path, paths: list[str], *, name: str = "") -> tuple[int, dict[str, Any]]:
    """The browser check's exit code and report on the pages, signed in where a name is given."""
    command = [
        sys.executable,
        str(CHECK),
        "--strict",
        "--base",
        url,
        "--out",
        str(out),
        "--axe",
        str(AXE),
    ]
    command += ["--paths", *paths]
    if name:
        command += [
            "--login-path",
            "/login/",
            "--field",
            f"username={name}",
            "--field",
            f"password={PASSWORD}",
        ]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (out / "report.json").exists(), checked.stderr
    return checked.returncode, json.loads((out / "report.json").read_text("utf-8"))


@needs_check
@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_every_page_passes_the_browser_check(language: str, data_dir: Path, tmp_path: Path) -> None:
    config = ServeConfig(data_dir)
    boss = add_user(
        config, "boss", PASSWORD, role="supervisor", full_name="Сара Ә.", language=language
    )
    close_accounts()
    paths = _furnish(data_dir, Officer(boss.public_id, boss.full_name, Role.SUPERVISOR))
    if language == "kk":  # its words are the longest
        with open_store(data_dir) as store:
            paths += list_pages(store)
    with served(data_dir) as url:
        code, report = _check(url, tmp_path / "out", paths, name="boss")

    assert code == 0, report["summary"]
    assert {page["lang"] for page in report["pages"]} == {language}
    assert {page["status"] for page in report["pages"]} == {200}
    assert report["login"]["landed"].endswith("/queue/")


def test_no_table_is_wider_than_a_phone_or_a_small_laptop(data_dir: Path) -> None:
    with open_store(data_dir) as store:
        a_waiting_case(store, "one.example", lang="ru")
        a_crawl(store, errors={"dns": 3, "http_404": 2})
        list_pages(store)
    tables = ["queue/", "crawls/", "export/", "entries/", "imports/1/", "providers/", "audit/"]
    wide = []
    with served(data_dir) as url, _browser() as browser:
        page = browser.new_page()
        _sign_in(page, url, "supervisor")
        for language in ("kk", "ru"):  # their words are the longest
            page.click(f"button[name=language][value={language}]")
            for path in tables:
                page.goto(f"{url}{path}")
                assert page.evaluate("document.documentElement.lang") == language
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 800})
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        wide.append((path, language, width))

    assert wide == []


@needs_check
def test_the_sign_in_page_passes_the_browser_check(data_dir: Path, tmp_path: Path) -> None:
    with served(data_dir) as url:
        code, report = _check(url, tmp_path / "out", ["/login/"])

    assert code == 0, report["summary"]


@needs_check
def test_error_pages_pass_but_for_the_status_the_browser_itself_logs(
    data_dir: Path, tmp_path: Path
) -> None:
    with served(data_dir) as url:
        _, report = _check(url, tmp_path / "out", ["/nowhere", "/audit/"], name="reviewer")

    assert [page["status"] for page in report["pages"]] == [404, 403]
    assert [len(page["console_errors"]) for page in report["pages"]] == [1, 1]
    faults = ("axe_violations", "off_origin_requests", "off_origin_in_dom", "keyboard_unreachable",
              "focus_not_visible", "reflow_overflow_pages", "csp_violations", "page_errors")  # fmt: skip
    assert {name: report["summary"][name] for name in faults} == dict.fromkeys(faults, 0)


def _furnish(data_dir: Path, boss: Officer) -> list[str]:
    """A store in which every page has something to show; returns the pages."""
    others = [Officer(f"{n}" * 32, "Анна Б.", Role.REVIEWER) for n in range(2)]
    with open_store(data_dir) as store:
        waiting = a_waiting_case(store, "one.example", lang="ru")
        referral = a_waiting_case(
            store, "two.example", category=Category.DISTRESS, lang="kk", risk=0.5
        )
        closed = a_waiting_case(store, "xn--80ak6aa92e.example", lang="en", risk=0.4)
        mine = a_waiting_case(store, "four.example", risk=0.2)
        for officer in others:
            record(store, officer, a_block(closed))
        record(store, boss, a_block(mine))
        for n in range(30):
            a_waiting_case(store, f"s{n}.example", risk=0.1)
        unread_pages = [
            an_unread_page(store, f"{reason}.example", reason=reason)
            for reason in ("memory", "died")
        ]
        settle(store, boss, unread_pages[1], None, "A photo album.")
        _run_by_the_clock(store)
        for opened in progress.rounds(store, limit=100):
            close_round(store, opened.id, {"pages": 1, "bytes": 2_000})
        crawl = a_crawl(store, readings=30)
    return [
        "/queue/",
        "/queue/?decided",
        "/referrals/",
        f"/case/{waiting.ref}/",
        f"/case/{referral.ref}/",
        f"/case/{closed.ref}/",
        f"/case/{mine.ref}/?correct",
        *("/unread/", *(f"/unread/{number}/" for number in unread_pages)),
        *("/crawls/", f"/crawls/{crawl}/", f"/crawls/{crawl}/?until={int(time.time()) + 900}"),
        "/export/",
        "/audit/",
        "/account/",
    ]


def _run_by_the_clock(store: Store) -> None:
    """A round was done once, and then failed: an alert."""
    for outcome, error in (("done", ""), ("failed", "no page at all could be fetched")):
        detail: dict[str, object] = {"process": "1:1"}
        audit.append(store, actor="timer", action=BEGUN, subject="nightly", detail=detail)
        detail = {"outcome": outcome, "counts": {"crawl": {"pages": 3, "errors": {}}}}
        detail["error"] = error
        audit.append(store, actor="timer", action=ENDED, subject="nightly", detail=detail)
