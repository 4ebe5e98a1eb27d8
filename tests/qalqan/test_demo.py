"""The demo: its officers and its counts on a real store, and the whole command from outside."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from qalqan.demo import DemoFolderError, DemoPortError, DemoReport, check_port, demo_folder
from qalqan.demo_findings import false_alarms, findings, missed, rows
from qalqan.demo_officers import Account, decide_all, set_aside
from qalqan.demo_output import bar, show_decisions, show_findings
from qalqan.sample_web.composing import needle_sites
from qalqan.sample_web.sites import SampleSite, Truth, written_sites
from review_queue import cases, entries
from review_queue.categories import CaseState, Category, Scope, Verdict
from review_queue.records import Case
from review_queue.store import Store
from review_ui.deciding import Officer
from review_ui.roles import Role
from tests.builders import a_case

LAST_LINE = re.compile(r"needles found (\d) of 8, cases opened (\d+), entries exported (\d+)")
OFFICERS = tuple(
    Account(name, "", Role.REVIEWER, Officer(f"id-{name}", name.title(), Role.REVIEWER))
    for name in ("first", "second")
)
NEEDLES = {site.truth: site for site in needle_sites()}
DISTRESS = next(site for site in written_sites() if site.truth is Truth.DISTRESS)
HELP = next(site for site in written_sites() if site.kind == "suicide prevention")
BAKERY = next(site for site in written_sites() if site.kind == "bakery")


def case_of(store: Store, site: SampleSite, category: Category, risk: float = 0.8) -> Case:
    return a_case(store, f"http://{site.host.name}:8080/", category, risk)


def decided(store: Store, *sites: SampleSite) -> list[Verdict]:
    return [one.verdict for one in decide_all(store, sites, OFFICERS)]


def environment(tmp_path: Path) -> dict[str, str]:
    """An environment whose home and temporary folder are the test's own."""
    folders = {"HOME": tmp_path / "home", "TMPDIR": tmp_path / "tmp"}
    for folder in folders.values():
        folder.mkdir()
    return {**os.environ, **{name: str(path) for name, path in folders.items()}}


def test_two_officers_confirm_a_needle_on_exactly_its_host(store: Store) -> None:
    needle = NEEDLES[Truth.VIOLENCE]
    case = case_of(store, needle, Category.VIOLENCE)

    assert decided(store, needle) == [Verdict.VIOLATES, Verdict.VIOLATES]

    (block,) = entries.approved(store)
    assert (block.scope, block.name) == (Scope.HOST, needle.host.name)
    assert cases.get(store, case.ref).state is CaseState.APPROVED


def test_one_officer_dismisses_what_is_harmless_and_spares_help(store: Store) -> None:
    case_of(store, BAKERY, Category.VIOLENCE, 0.9)
    case_of(store, HELP, Category.SELF_HARM, 0.5)

    assert decided(store, BAKERY, HELP) == [Verdict.DOES_NOT_VIOLATE, Verdict.PROTECTIVE]


def test_a_person_in_distress_is_referred_and_never_blocked(store: Store) -> None:
    referral = case_of(store, DISTRESS, Category.DISTRESS, 0.9)
    case_of(store, DISTRESS, Category.SELF_HARM, 0.5)

    assert decided(store, DISTRESS) == [Verdict.REFER, Verdict.PROTECTIVE]
    assert cases.get(store, referral.ref).state is CaseState.REFERRED
    assert entries.approved(store) == []


def test_a_needle_in_the_referral_lane_is_lifted_by_two_and_then_confirmed(store: Store) -> None:
    needle = NEEDLES[Truth.SELF_HARM]
    page = case_of(store, needle, Category.DISTRESS)
    # an ordinary case of the harm the page weighs most for, as the store would open it
    made = decided(store, needle)

    assert made[:2] == [Verdict.NOT_DISTRESS, Verdict.NOT_DISTRESS]
    assert cases.get(store, page.ref).state is CaseState.NOT_DISTRESS
    assert len(made) > 2


def test_deciding_ends_where_nobody_may_decide(store: Store) -> None:
    case_of(store, BAKERY, Category.VIOLENCE)
    auditor = Account("third", "", Role.AUDITOR, Officer("id-third", "Third", Role.AUDITOR))

    assert decide_all(store, [BAKERY], [auditor]) == []
    assert cases.count_waiting(store) == 1


def test_what_is_left_for_a_visitor_is_unlike_and_stays_undecided(store: Store) -> None:
    sites = (NEEDLES[Truth.VIOLENCE], BAKERY, HELP, DISTRESS)
    wanted = (Category.VIOLENCE, Category.VIOLENCE, Category.SELF_HARM, Category.DISTRESS)
    made = [
        case_of(store, site, category, 0.9 - n / 10)
        for n, (site, category) in enumerate(zip(sites, wanted, strict=True))
    ]

    left = set_aside(store, sites, 3)

    assert left == {made[0].ref, made[1].ref, made[3].ref}
    assert [one.verdict for one in decide_all(store, sites, OFFICERS, left)] == [Verdict.PROTECTIVE]
    assert {case.ref for case in cases.waiting(store)} == left


def test_fewer_cases_than_wanted_are_all_left(store: Store) -> None:
    case = case_of(store, BAKERY, Category.VIOLENCE)

    assert set_aside(store, [BAKERY], 3) == {case.ref}


def test_findings_count_each_kind_and_name_misses_and_false_alarms(store: Store) -> None:
    found_one, missed_one = NEEDLES[Truth.VIOLENCE], NEEDLES[Truth.SELF_HARM]
    sites = (found_one, missed_one, DISTRESS, HELP, BAKERY)
    case_of(store, found_one, Category.VIOLENCE)
    case_of(store, DISTRESS, Category.DISTRESS)
    wrong = case_of(store, HELP, Category.SELF_HARM)
    found = findings(store, sites)

    counts = [(r.there, r.in_review, r.in_referral, r.in_neither) for r in rows(found)]

    assert counts == [(1, 0, 0, 1), (1, 1, 0, 0), (1, 0, 1, 0), (1, 1, 0, 0), (1, 0, 0, 1)]
    assert missed(found) == [missed_one]
    assert [(site, case.ref) for site, case in false_alarms(found)] == [(HELP, wrong.ref)]


def test_what_is_shown_is_defanged_and_plain_where_no_terminal_is(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    needle = NEEDLES[Truth.VIOLENCE]
    left = frozenset({case_of(store, needle, Category.VIOLENCE).ref})
    console = Console(width=100)

    show_findings(console, findings(store, [needle, NEEDLES[Truth.SELF_HARM]]))
    show_decisions(console, store, [], left)
    with bar("Working", 2) as move_to:
        move_to(1)

    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    assert needle.host.name.replace(".", "[.]") in captured.out
    assert needle.host.name not in captured.out


def test_the_last_line_tells_what_was_found_of_what_was_there() -> None:
    line = DemoReport(8, 7, 15, 6).line()

    assert line == "needles found 7 of 8, cases opened 15, entries exported 6"


def test_a_temporary_folder_is_gone_after_the_demo_and_a_named_one_stays(tmp_path: Path) -> None:
    with demo_folder(None) as folder:
        (folder / "file").touch()
    with demo_folder(tmp_path / "new") as named:
        (named / "file").touch()

    assert not folder.exists()
    assert (tmp_path / "new" / "file").exists()


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DemoFolderError, match="not empty"), demo_folder(tmp_path):
        pass
    with pytest.raises(DemoFolderError, match="choose another"), demo_folder(tmp_path / "file"):
        pass


def test_a_taken_port_is_told_before_the_work() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DemoPortError, match="choose another --port"):
            check_port(port)

    check_port(0)


def test_the_whole_demo_ends_with_its_figures_and_keeps_all_in_its_folder(tmp_path: Path) -> None:
    env = environment(tmp_path)
    kept = tmp_path / "kept"

    done = subprocess.run(
        [sys.executable, "-m", "qalqan", "demo", "--no-serve", "--data", str(kept)],
        env=env, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert f"To look at it: qalqan serve --data {kept}" in done.stdout
    figures = LAST_LINE.fullmatch(done.stdout.splitlines()[-1])
    assert figures
    manifest = json.loads((kept / "export" / "manifest.json").read_text(encoding="utf-8"))
    exported = int(figures[3])
    assert manifest["entries"] == exported
    for name in ("domains", "hosts", "rpz"):
        assert manifest["formats"][name]["entries"] == exported
    assert exported <= int(figures[1]) <= int(figures[2])
    assert "Crawled 96 of 96 pages" in done.stdout
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []
    assert composed_posts_in(kept) == []


def composed_posts_in(folder: Path) -> list[str]:
    """Names of files, other than the store's, that hold a sentence of a composed page."""
    posts = [
        post.partition("\n")[2].encode()
        for needle in needle_sites()
        for post in needle.pages[0].text.split("\n\n")
    ]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("qalqan.sqlite3")
        if any(post in path.read_bytes() for post in posts)
    ]


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """`qalqan demo` on a free port, as a person would start it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "qalqan", "demo", "--port", "0"],
        env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_demo_serves_the_pages_until_interrupted(
    serving: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert serving.stdout
    said = []
    for line in serving.stdout:
        said.append(line)
        if LAST_LINE.fullmatch(line.rstrip()):
            break
    address = re.search(r"http://127\.0\.0\.1:\d+/", "".join(said))
    assert address, "".join(said)
    assert "officer1" in "".join(said)

    connection = http.client.HTTPConnection(urlsplit(address[0]).netloc, timeout=10)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    serving.send_signal(signal.SIGINT)
    rest, _ = serving.communicate(timeout=200)

    assert status in {200, 302}
    assert (serving.returncode, rest) == (0, "")
    assert list((tmp_path / "tmp").iterdir()) == []
