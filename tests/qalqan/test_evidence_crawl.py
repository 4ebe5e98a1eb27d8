"""What a real crawl leaves is evidence: everything verifies, is sealed, and is still there a week later."""

import gzip
from pathlib import Path

from crawler.archive import body_of, folder_of
from crawler.plan import Budget
from crawler.run import crawl
from qalqan.evidence_manifest import seal
from qalqan.evidence_verify import verify
from review_queue import captures
from review_queue.store import open_store
from tests.crawler.conftest import no_language, plan_for, seeds_of
from tests.crawler.test_warc import read_by_warcio
from tests.site.web import Web


def test_a_crawl_and_the_next_one_leave_what_verifies(tmp_path: Path) -> None:
    packed = gzip.compress(b"<title>packed</title><p>\xd0\x96</p>", mtime=0)
    with Web() as web:
        web.put("http://a.test/", '<title>a</title><a href="/b">b</a> <a href="/moved">m</a>')
        web.put("http://a.test/b", "<title>b</title>")
        web.put("http://b.test/", packed, Content_Encoding="gzip")
        plan = plan_for(web, budget=Budget(max_pages=10, revisit_s=0.0))
        seeds = seeds_of(web, "http://a.test/", "http://b.test/")
        first = crawl(tmp_path, seeds, plan, detect_language=no_language)
        web.put("http://a.test/b", "<title>b</title>changed")
        second = crawl(tmp_path, seeds, plan, detect_language=no_language)

    assert (first.pages, second.pages) == (3, 3)
    with open_store(tmp_path) as store:
        assert seal(store, actor="test")
        report = verify(store)
        assert report.faults == ()
        assert (report.pages, report.captures, report.files) == (4, 6, 2)
        assert (report.without_capture, report.unsealed) == (0, 0)
        again = [
            row.page_url
            for file in captures.files(store)
            for row in captures.of_file(store, file.id)
            if row.refers_to
        ]
        assert sorted(url.split("/")[-1] for url in again) == ["", ""]
        (page_id,) = [
            row["id"] for row in store.rows("SELECT id FROM pages WHERE title = 'packed'")
        ]
        assert body_of(store, page_id) == gzip.decompress(packed)
        for path in folder_of(store).rglob("*.warc.gz"):
            assert len(list(read_by_warcio(path.read_bytes()))) == 7
