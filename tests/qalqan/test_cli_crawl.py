"""`qalqan crawl` as it is typed: output, exit codes, bad input."""

import contextlib
import json
import os
import pty
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from qalqan.cli.crawl import crawl
from review_queue.store import open_store
from tests.qalqan.crawling import qalqan_crawl, small_web
from tests.site.web import Web


def with_children(pid: int) -> list[int]:
    """The process and all that it started, directly or not."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in with_children(int(child)))]


def test_seeds_from_a_file_end_as_pages_and_the_last_line_is_json(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seeds = tmp_path / "seeds.csv"
    seeds.write_text(
        "url,source\ns1.example,hotline\nhttp://s2.example/,hotline\nnot a url,x\nhttp://s3.example,x\n"
    )
    with Web() as web:
        small_web(web)

        done = qalqan_crawl(
            str(seeds), "--data", str(data), "--proxy", web.proxy, "--delay", "0", "--json"
        )

    report = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert list(report)[:5] == ["pages", "bytes", "errors", "seconds", "peak_memory_mb"]
    assert (report["sites"], report["harvested"], report["unread"], report["round"]) == (
        3,
        0,
        {},
        1,
    )
    assert (report["pages"], report["errors"]) == (3, {"http_404": 1})
    assert "line 4: 'not a url'" in done.stderr
    assert "1 x http_404" in done.stderr
    assert "pages/s" not in done.stderr
    with open_store(data) as store:
        assert store.value("SELECT lang FROM pages WHERE url = 'http://s1.example/'") in ("en", "")


def test_the_same_command_again_says_that_nothing_is_due(tmp_path: Path) -> None:
    words = ["-", "--data", str(tmp_path / "data"), "--delay", "0"]
    with Web() as web:
        small_web(web)
        words += ["--resolve", "*.example:127.0.0.1", "--allow-address", f"127.0.0.1/32:{web.port}"]
        stdin = f"http://s1.example:{web.port}/\n"

        first = qalqan_crawl(*words, stdin=stdin)
        asked = len(web.requests)
        second = qalqan_crawl(*words, stdin=stdin)

        assert (first.returncode, second.returncode) == (0, 0)
        assert "2 pages of 1 sites stored" in first.stdout
        assert "Nothing is due yet" in second.stdout
        assert len(web.requests) == asked
    assert "may be reached" in first.stderr


@pytest.mark.parametrize(
    ("words", "stdin", "said"),
    [
        (["missing.txt"], "", "cannot read seeds"),
        (["-"], "", "no readable seed"),
        (["-"], "not a url\n", "no readable seed"),
        (["-", "--allow-address", "x"], "a.kz\n", "not an address range"),
        (["-", "--resolve", "x"], "a.kz\n", "where a name leads"),
        (["-", "--proxy", "x"], "a.kz\n", "not a plain HTTP proxy"),
        (["-", "--robots", "maybe"], "a.kz\n", "Invalid value"),
        (["-"], "http://127.0.0.1:9/\n", "no page at all could be fetched"),
    ],
)
def test_a_job_that_fails_as_a_whole_says_why_in_one_line_and_by_its_exit_code(
    tmp_path: Path, words: list[str], stdin: str, said: str
) -> None:
    done = qalqan_crawl(*words, "--data", str(tmp_path / "data"), stdin=stdin)

    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout in ("", "0 pages of 1 sites stored") or done.stdout.startswith("0 pages")


def test_a_full_disk_ends_the_crawl_with_one_line_and_the_next_run_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web() as web:
        for i in range(60):
            links = f"<a href=/{i + 1}>next</a>"
            text = "".join(f"<p>{(i * 7919 + n) ** 3:x}</p>" for n in range(2500))
            web.put(f"http://s1.example/{i}", f"{links}{text}")
        words = [
            "-",
            "--data",
            str(data),
            "--proxy",
            web.proxy,
            "--delay",
            "0",
            "--max-depth",
            "99",
            "--max-pages",
            "60",
        ]

        seeds = tmp_path / "seeds.txt"
        seeds.write_text("http://s1.example/0\n")
        command = [sys.executable, "-m", "qalqan", "crawl", "--no-score", str(seeds), *words[1:]]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as full:
            # a reader has read two pages by then: what tells languages needs a file of its own while it loads
            while ("s1.example", "/2") not in web.requests:
                assert full.poll() is None
                time.sleep(0.01)
            for pid in with_children(full.pid):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
            _, errors = full.communicate(timeout=200)
        with open_store(data) as store:
            before = store.value("SELECT count(*) FROM pages")
        later = qalqan_crawl(*words, stdin="http://s1.example/0\n")

    assert full.returncode == 1
    assert "no room left" in errors
    assert "Traceback" not in errors
    assert later.returncode == 0, later.stderr
    assert before < 60
    with open_store(data) as store:
        assert (
            store.value("SELECT count(*) FROM pages")
            == store.value("SELECT count(DISTINCT url) FROM pages")
            == 60
        )


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    done = qalqan_crawl("-", "--data", str(tmp_path / "file" / "data"), stdin="a.kz\n")

    assert done.returncode == 1
    assert "choose another --data" in done.stderr


def test_progress_is_drawn_on_a_terminal_and_not_in_the_output(tmp_path: Path) -> None:
    with Web(pause_s=0.3) as web:
        for i in range(6):
            web.put(f"http://s1.example/{i}", f"<a href=/gone>x</a><a href=/{(i + 1) % 6}>y</a>")
        seeds = tmp_path / "seeds.txt"
        seeds.write_text("http://s1.example/0\n")
        words = [
            str(seeds),
            "--data",
            str(tmp_path / "data"),
            "--proxy",
            web.proxy,
            "--max-depth",
            "9",
        ]
        ours, theirs = pty.openpty()
        drawn = bytearray()

        def read() -> None:
            # the terminal takes a few KB and then waits for its reader
            with contextlib.suppress(OSError):
                while data := os.read(ours, 65536):
                    drawn.extend(data)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        done = subprocess.run(
            [sys.executable, "-m", "qalqan", "crawl", *words],
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=True,
            timeout=200,
        )
        os.close(theirs)
        reader.join(200)
        os.close(ours)

    for said in (
        b"crawling 1 sites",
        b"pages/s",
        b"0 harvested",
        b" MB",
        b" left",
        b"1 errors (http_404 1)",
    ):
        assert said in drawn, said
    assert b"6 pages of 1 sites stored" in done.stdout
    assert b"crawling" not in done.stdout


def test_many_bad_rows_are_told_shortly(tmp_path: Path) -> None:
    done = qalqan_crawl("-", "--data", str(tmp_path / "data"), stdin="not a url\n" * 60)

    assert done.stderr.count("not one URL") == 50
    assert "10 more rows" in done.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--delay", "nan"),
        ("--delay", "inf"),
        ("--max-seconds", "inf"),
        ("--max-seconds", "nan"),
        ("--revisit-days", "nan"),
        ("--revisit-days", "1e9"),
        ("--max-pages", "1" + "0" * 30),
        ("--max-bytes", "1" + "0" * 30),
        ("--discover", "1" + "0" * 30),
    ],
)
def test_a_number_that_cannot_be_kept_to_is_refused_by_its_option(
    tmp_path: Path, option: str, value: str
) -> None:
    done = CliRunner().invoke(
        crawl, ["-", "--data", str(tmp_path / "data"), option, value], input="a.kz\n"
    )

    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.stderr
    assert not (tmp_path / "data").exists()


def test_nothing_is_said_to_be_reachable_before_the_addresses_are_read(tmp_path: Path) -> None:
    done = qalqan_crawl(
        "-", "--data", str(tmp_path / "data"), "--allow-address", "foo", stdin="a.kz\n"
    )

    assert done.returncode == 2
    assert "may be reached" not in done.stderr


def test_a_row_with_a_broken_character_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    rows = '{"url":"http://127.0.0.1:9/6","note":"\\ud800"}\n{"url":"http://s1.example/"}\n'
    with Web() as web:
        small_web(web)

        done = qalqan_crawl(
            "-", "--data", str(tmp_path / "data"), "--proxy", web.proxy, "--delay", "0", stdin=rows
        )

    assert done.returncode == 0, done.stderr
    assert "line 1: note holds the broken character" in done.stderr
    assert "2 pages of 1 sites stored" in done.stdout


def test_a_host_that_failed_lately_is_no_success_and_no_page_fetched_lately(tmp_path: Path) -> None:
    words = ["-", "--data", str(tmp_path / "data"), "--delay", "0"]
    words += ["--resolve", "*.example:127.0.0.1", "--allow-address", "127.0.0.1"]
    with Web() as web:
        stdin = f"http://s1.example:{web.port}/\n"
        web.put("http://s1.example/", "busy", status=503)

        first = qalqan_crawl(*words, stdin=stdin)
        second = qalqan_crawl(*words, stdin=stdin)

    assert (first.returncode, second.returncode) == (1, 1)
    assert "1 x http_503 lately, not due before 20" in second.stderr
    assert "no page at all could be fetched" in second.stderr
    assert "1 addresses failed lately and wait until 20" in second.stdout
    assert "fetched lately" not in second.stdout


def test_a_dead_proxy_is_told_and_the_next_run_with_the_right_one_goes_on(tmp_path: Path) -> None:
    words = ["-", "--data", str(tmp_path / "data"), "--delay", "0"]
    with Web() as web:
        small_web(web)

        dead = qalqan_crawl(*words, "--proxy", "http://127.0.0.1:1", stdin="s1.example\n")
        right = qalqan_crawl(*words, "--proxy", web.proxy, stdin="s1.example\n")

    assert dead.returncode == 1
    assert "1 x proxy: the proxy did not connect, or refused; check --proxy" in dead.stderr
    assert right.returncode == 0, right.stderr
    assert "2 pages of 1 sites stored" in right.stdout


def test_a_page_is_due_again_after_so_many_days_as_said(tmp_path: Path) -> None:
    words = ["-", "--data", str(tmp_path / "data"), "--delay", "0"]
    with Web() as web:
        small_web(web)
        words += ["--proxy", web.proxy]

        at_once = qalqan_crawl(*words, "--revisit-days", "0", stdin="s2.example\n")
        again = qalqan_crawl(*words, "--revisit-days", "3", stdin="s2.example\n")
        third = qalqan_crawl(*words, "--revisit-days", "0", stdin="s2.example\n")

        assert web.pages_asked() == ["http://s2.example/"] * 2
    assert "1 pages of 1 sites stored" in at_once.stdout
    assert "1 pages of 1 sites stored" in again.stdout
    assert "Nothing is due yet" in third.stdout


def test_only_the_sources_named_are_crawled_and_an_unknown_one_is_told(tmp_path: Path) -> None:
    rows = "url,source\ns1.example,hotline\ns2.example,registry\ns2.example/x,tips\n"
    words = ["-", "--data", str(tmp_path / "data"), "--delay", "0"]
    with Web() as web:
        small_web(web)
        words += ["--proxy", web.proxy]

        unknown = qalqan_crawl(*words, "--source", "hotlines", stdin=rows)
        done = qalqan_crawl(*words, "--source", "registry", "--source", "tips", stdin=rows)

        assert sorted(web.pages_asked()) == ["http://s2.example/", "http://s2.example/x"]
    assert unknown.returncode == 1
    assert "no seed of source 'hotlines'; there are: hotline, registry, tips" in unknown.stderr
    assert done.returncode == 0, done.stderr


def test_a_used_up_page_budget_is_told_as_such(tmp_path: Path) -> None:
    words = ["-", "--data", str(tmp_path / "data"), "--delay", "0", "--max-pages", "1"]
    with Web() as web:
        small_web(web)
        words += ["--proxy", web.proxy]

        qalqan_crawl(*words, stdin="s1.example\n")
        second = qalqan_crawl(*words, stdin="s1.example\n")

    assert second.returncode == 0, second.stderr
    assert "1 pages of these sites were fetched lately; 1 more are known, but" in second.stdout


def test_pages_are_scored_as_they_come_and_score_opens_their_cases(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Web() as web:
        small_web(web)

        done = qalqan_crawl(
            "-", "--data", str(data), "--proxy", web.proxy, "--delay", "0", "--json", "--score",
            stdin="s1.example\ns2.example\n",
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert (report["pages"], report["unread"]) == (3, {})
    with open_store(data) as store:
        assert store.value("SELECT count(*) FROM scores") == 3
        assert store.value("SELECT count(*) FROM cases") == 0


def test_a_bad_model_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    with Web() as web:
        small_web(web)

        done = qalqan_crawl(
            "-", "--data", str(tmp_path / "data"), "--proxy", web.proxy, "--score",
            "--models", str(tmp_path), stdin="s1.example\n",
        )  # fmt: skip

    assert (done.returncode, web.requests) == (1, [])
    assert "no model topic-stance" in done.stderr
