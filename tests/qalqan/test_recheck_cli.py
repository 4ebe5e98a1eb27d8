"""`qalqan recheck` as it is typed, with the model that is shipped."""

import json
import subprocess
import sys
from pathlib import Path

from qalqan.sample_web.composing import needle_sites
from qalqan.sample_web.rendering import html_of
from review_queue.store import open_store
from tests.qalqan.test_recheck import GOOD, listed
from tests.site.web import Web


def typed(data: Path, web: Web, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable, "-m", "qalqan", "recheck", "--data", str(data), "--delay", "0",
            "--allow-address", f"127.0.0.1/32:{web.port}", "--resolve", "*.test:127.0.0.1", *words,
        ],
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip


def test_the_shipped_model_tells_what_is_still_there(tmp_path: Path) -> None:
    site = needle_sites()[0]
    with Web() as web:
        listed(tmp_path, web, "http://still.test/bad", "http://clean.test/bad")
        for path in ("/bad", "/"):
            web.put(f"http://still.test{path}", html_of(site, site.pages[0], web.port))
            web.put(f"http://clean.test{path}", GOOD)
        done = typed(tmp_path, web, "--json")

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    found = {one["name"]: one for one in report["checked"]}
    assert {name: one["outcome"] for name, one in found.items()} == {
        "still.test": "still_there",
        "clean.test": "changed",
    }
    assert found["still.test"]["score"] > 0.5 > found["clean.test"]["score"]
    assert found["still.test"]["page_id"] > found["clean.test"]["round_id"] > 0
    assert (report["left"], report["not_checkable"], report["stopped"]) == ([], [], False)
    with open_store(tmp_path) as store:
        policy = json.loads(store.value("SELECT policy FROM rounds ORDER BY id DESC LIMIT 1"))
    assert (policy["afresh"], policy["robots"], policy["discover"]) == (True, "obey", 0)


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with Web() as web:
        done = typed(tmp_path / "nowhere", web)

    assert done.returncode == 1
    assert "no store" in done.stderr
    assert not (tmp_path / "nowhere").exists()
