"""`qalqan crawl` as it is typed, and a small web for it."""

import subprocess
import sys

from tests.site.web import Web


def qalqan_crawl(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    # loading a model takes longer than these crawls
    scoring = [] if "--score" in words else ["--no-score"]
    return subprocess.run(
        [sys.executable, "-m", "qalqan", "crawl", *words, *scoring],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


def small_web(web: Web) -> None:
    web.put(
        "http://s1.example/",
        "<title>one</title><p>text</p><a href='/more'>more</a><a href='http://s9.example/'>nine</a>",
    )
    web.put("http://s1.example/more", "<p>more</p>")
    web.put("http://s2.example/", "<p>two</p>")
