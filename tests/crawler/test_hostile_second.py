"""`qalqan crawl` as it is typed against a second hostile web, 64 requests at once; all its processes are watched."""

import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from review_queue.hosts import parse_url
from review_queue.store import open_store
from tests.site.adversary import SEEN, Adversary, Kind, Served
from tests.site.adversary_bodies import BODIES
from tests.site.adversary_charsets import CHARSETS
from tests.site.adversary_frames import FRAMES
from tests.site.adversary_links import LINKS
from tests.site.adversary_markup import MARKUP
from tests.site.adversary_others import OTHER
from tests.site.certificates import certify, server_context

KINDS = (*FRAMES, *BODIES, *OTHER, *CHARSETS, *MARKUP, *LINKS)
GOOD_PAGES = 12
LIMIT_MB = 512.0
PAGE_S = 10.0  # what the crawl gives a page
SLACK_S = 5.0  # a busy machine's
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Crawled:
    """What is left of the crawl."""

    code: int
    told: str
    report: Mapping[str, object]
    memory_mb: float  # the most that all its processes held at one moment
    served: tuple[Served, ...]
    reached: tuple[str, ...]
    outcomes: Mapping[str, str]  # of each URL tried: "page", "unread" or the kind of its error
    texts: Mapping[str, str]  # of each host's first page, and of each URL
    urls: Mapping[str, str]  # of each kind


def _tree(root: int) -> Iterator[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += parents.get(pid, [])


def _held_mb(root: int) -> float:
    pages = 0
    for pid in _tree(root):
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * _PAGE_BYTES / 1024 / 1024


def _crawl(web: Adversary, data: Path, seeds: Path, *words: str) -> tuple[int, str, str, float]:
    ports = [web.port, web.full_port, *web.tls_ports.values()]
    allowed = [f"127.0.0.1/32:{port}" for port in ports] + [f"[::1/128]:{web.port}"]
    command = [
        *(sys.executable, "-m", "qalqan", "crawl", str(seeds), "--data", str(data), "--json"),
        *(word for one in allowed for word in ("--allow-address", one)),
        *("--resolve", "*.test:127.0.0.1", "--resolve", "*.six.test:::1", *words),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        most = [0.0]

        def watch() -> None:
            while running.poll() is None:
                most[0] = max(most[0], _held_mb(running.pid))
                time.sleep(0.1)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        out, err = running.communicate()
        watcher.join()
    return running.returncode, out, err, most[0]


def _contexts(folder: Path) -> dict[str, ssl.SSLContext]:
    many = [f"n{n}.{'a' * 40}.test" for n in range(1_000)]
    certificates = {
        "usual": certify("usual", ["*.test"]),
        "names": certify("names", many),
        "old": certify("old", ["tls-old.test"]),
    }
    return {
        name: server_context(one.save(folder, name), old=name == "old")
        for name, one in certificates.items()
    }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    found = _crawled(tmp_path_factory.mktemp("adversary"))
    late = [kind for kind in KINDS if found.outcomes.get(_key(found.urls[kind.name])) == "timeout"]
    if any(
        "timeout" not in kind.outcomes for kind in late
    ):  # a machine that stood still for seconds; what is at fault itself runs out of time again
        found = _crawled(tmp_path_factory.mktemp("again"))
    return found


def _crawled(folder: Path) -> Crawled:
    links = "".join(f'<a href="/{n}">{n}</a>' for n in range(1, GOOD_PAGES)).encode()
    good = {f"/{n or ''}": b"<title>good</title><p>text</p>" + links for n in range(GOOD_PAGES)}
    seeds, data = folder / "seeds.txt", folder / "data"
    with Adversary(KINDS, good, _contexts(folder)) as web:
        urls = {kind.name: kind.url(web.port_of(kind)) for kind in KINDS}
        listed = list(urls.values())
        # in their midst, so that it is crawled while they do their worst
        listed.insert(len(listed) // 2, f"http://good.test:{web.port}/")
        seeds.write_text("\n".join(listed), encoding="utf-8")
        # the model adds the same to every page, and half a minute to this test
        words = ("--delay", "0.1", "--max-pages", "15", "--discover", "5", "--no-score")
        code, out, err, memory_mb = _crawl(web, data, seeds, *words)
        served, reached = tuple(web.seen.served), tuple(web.seen.reached)
    with open_store(data) as store:
        found = store.rows(
            "SELECT f.url, f.last_error, p.text, u.reason FROM frontier f LEFT JOIN pages p ON p.url = f.url"
            " LEFT JOIN unread u ON u.page_id = p.id WHERE f.state = 'done'"
        )
        rows = list(found)
        outcomes = {
            row["url"]: row["last_error"] or ("unread" if row["reason"] else "page") for row in rows
        }
        texts = {row["url"]: row["text"] or "" for row in rows}
    report = json.loads(out.splitlines()[-1]) if out else {}
    return Crawled(code, err, report, memory_mb, served, reached, outcomes, texts, urls)


def _key(url: str) -> str:
    return parse_url(url).canonical


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_has_the_outcome_it_deserves(crawled: Crawled, kind: Kind) -> None:
    assert crawled.outcomes.get(_key(crawled.urls[kind.name])) in kind.outcomes


@pytest.mark.parametrize("kind", [k for k in KINDS if k.shown], ids=lambda kind: kind.name)
def test_what_a_browser_shows_is_read(crawled: Crawled, kind: Kind) -> None:
    assert SEEN in crawled.texts.get(_key(crawled.urls[kind.name]), "")


def test_the_crawl_ends_by_itself_and_well(crawled: Crawled) -> None:
    assert crawled.code == 0, crawled.told
    assert "Traceback" not in crawled.told


def test_all_its_processes_together_stay_below_their_limit(crawled: Crawled) -> None:
    assert crawled.memory_mb < LIMIT_MB


def test_no_answer_held_the_crawl_longer_than_a_page_may_take(crawled: Crawled) -> None:
    longest = max(crawled.served, key=lambda served: served.seconds)

    assert longest.seconds < PAGE_S + SLACK_S, longest


def test_the_canary_is_never_reached(crawled: Crawled) -> None:
    assert crawled.reached == ()


def test_the_good_site_in_their_midst_is_complete(crawled: Crawled) -> None:
    of_good = {u: o for u, o in crawled.outcomes.items() if u.startswith("http://good.")}

    assert list(of_good.values()) == ["page"] * GOOD_PAGES


def test_no_answer_is_taken_for_that_of_another_page(crawled: Crawled) -> None:
    second = {url: text for url, text in crawled.texts.items() if url.endswith("/b")}

    assert len(second) == 3
    assert not [url for url, text in crawled.texts.items() if "poison" in text]


def test_sites_that_claim_large_bodies_and_stall_do_not_take_the_room_of_others(
    crawled: Crawled,
) -> None:
    liars = [s for s in crawled.served if s.kind.startswith("liar-") and s.path == "/"]
    at_once = max(
        sum(other.began <= one.began < other.began + other.seconds for other in liars)
        for one in liars
    )

    # 24 MiB of room would hold four bodies of the size they claim
    assert at_once > 8


def test_there_are_at_least_sixty_kinds_and_no_trap_takes_more_than_its_budget(
    crawled: Crawled,
) -> None:
    names = [kind.name for kind in KINDS]
    assert len(names) == len(set(names)) >= 60
    for trap in ("wild", "maps", "links-variants", "everywhere", "cut-at-every-byte"):
        # on a busy machine an address is asked again after its time ran out
        asked = {s.path for s in crawled.served if s.kind == trap and s.path != "/robots.txt"}
        assert 1 <= len(asked) <= 15, trap
