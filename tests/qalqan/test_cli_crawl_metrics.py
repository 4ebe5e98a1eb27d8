"""What a monitor is told of `qalqan crawl`: over HTTP while it runs, by a file afterwards."""

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.qalqan.crawling import qalqan_crawl, small_web
from tests.site.web import Web


def test_a_monitor_is_told_while_the_crawl_runs_and_after_it_by_a_file(tmp_path: Path) -> None:
    file = tmp_path / "qalqan.prom"
    with Web(pause_s=0.4) as web:
        for i in range(6):
            web.put(f"http://s1.example/{i}", f"<a href=/gone>x</a><a href=/{i + 1}>y</a>")
        words = ["-", "--data", str(tmp_path / "data"), "--proxy", web.proxy, "--max-depth", "9"]
        words += ["--delay", "0", "--metrics", "0", "--metrics-file", str(file)]
        with subprocess.Popen(
            [sys.executable, "-m", "qalqan", "crawl", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            assert running.stdin is not None
            assert running.stderr is not None
            running.stdin.write("http://s1.example/0\n")
            running.stdin.close()
            port = int(running.stderr.readline().rpartition(":")[2])
            seen = ""
            while "qalqan_crawl_pages_total 0.0" in seen or not seen:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    seen = answer.read().decode()
            assert running.wait(200) == 0

    assert "qalqan_crawl_running 1.0" in seen
    assert "qalqan_crawl_round 1.0" in seen
    told = file.read_text()
    assert "qalqan_crawl_running 0.0" in told
    assert "qalqan_crawl_pages_total 6.0" in told
    assert 'qalqan_crawl_errors_total{kind="http_4xx"} 2.0' in told


def test_a_monitor_that_cannot_be_served_ends_the_command_before_anything_is_fetched(
    tmp_path: Path,
) -> None:
    with Web() as web, socket.socket() as taken:
        small_web(web)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        words = ["-", "--data", str(tmp_path / "data"), "--proxy", web.proxy]

        no_port = qalqan_crawl(*words, "--metrics", port, stdin="s1.example\n")
        no_file = qalqan_crawl(
            *words, "--metrics-file", str(tmp_path / "no" / "a.prom"), stdin="s1.example\n"
        )

        assert web.requests == []
    assert (no_port.returncode, no_file.returncode) == (1, 1)
    assert f"cannot be served on 127.0.0.1:{port}" in no_port.stderr
    assert "name another --metrics-file" in no_file.stderr
    assert not (tmp_path / "data").exists()


def test_serving_others_than_this_machine_is_warned_of(tmp_path: Path) -> None:
    with Web() as web:
        small_web(web)
        words = ["-", "--data", str(tmp_path / "data"), "--proxy", web.proxy, "--delay", "0"]

        done = qalqan_crawl(*words, "--metrics", "0.0.0.0:0", stdin="s1.example\n")

    assert done.returncode == 0, done.stderr
    assert "Warning: everybody who reaches 0.0.0.0:0 can read" in done.stderr


def test_a_crawl_that_fails_is_told_to_its_monitor_as_ended(tmp_path: Path) -> None:
    file = tmp_path / "qalqan.prom"
    (tmp_path / "file").write_text("no folder")
    data = str(tmp_path / "file" / "data")

    done = qalqan_crawl("-", "--data", data, "--metrics-file", str(file), stdin="s1.example\n")

    assert done.returncode == 1
    assert "qalqan_crawl_running 0.0" in file.read_text()
