"""The haystack is built by an outside script and comes and goes through pipes alone."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from classifier import evaluate_web
from classifier.evaluate_web import Site
from review_queue.errors import CorporaError
from tests.classifier.conftest import write_corpora

REAL = Path(__file__).parents[3] / "shared" / "bench" / evaluate_web.SCRIPT
OURS = {
    "id": "written-000000-e",
    "text": "First line\nSecond line",
    "lang": "kk",
    "label": "violence_promotion",
    "source": "written here",
    "page": True,
}
BUILDER = """
    import json, sys
    from pathlib import Path
    out, rows = Path(sys.argv[1]), Path(next(a for a in sys.argv if a.endswith("rows.jsonl")))
    assert not any(p.is_file() for p in out.iterdir())
    held = [json.loads(line) for line in rows.open(encoding="utf-8")]
    with open(out / "pages.jsonl", "w") as p, open(out / "truth.jsonl", "w") as t:
        with open(out / "seeds.txt", "w") as s:
            for row in held:
                p.write(json.dumps({"url": "http://a.example/", "html": row["text"]}) + "\\n")
                known = {"lang": row["lang"], "needle": True, "kinds": [row["label"]]}
                t.write(json.dumps({**known, "source": row["source"]}) + "\\n")
"""


class Read:
    def __init__(self, body: bytes, content_type: str) -> None:
        assert content_type.startswith("text/html")
        self.title, _, self.text = body.decode().partition("\n")


def _script(folder: Path, source: str) -> Path:
    path = folder / "builder.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return path


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    return write_corpora(tmp_path / "texts")


def test_rows_reach_the_script_and_come_back_without_a_file(tmp_path: Path, corpora: Path) -> None:
    rows = [{**OURS, "text": f"Title {i}\n" + "long text " * 20_000} for i in range(3)]

    sites = evaluate_web.build(_script(tmp_path, BUILDER), corpora, rows, Read)

    assert [site.title for site in sites] == ["Title 0", "Title 1", "Title 2"]
    assert sites[0] == Site(
        "Title 0", str(rows[0]["text"])[8:], "kk", "violence_promotion", "written here", True
    )


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("raise SystemExit('no such option')", "no such option"),
        ("raise SystemExit(3)", "exit code 3"),
        ("import sys; open(sys.argv[-6]).read(9); raise SystemExit('read half')", "read half"),
    ],
)
def test_a_script_that_fails_is_told_in_one_line(
    tmp_path: Path, corpora: Path, source: str, complaint: str
) -> None:
    rows = [{**OURS, "text": "word " * 100_000}]

    with pytest.raises(CorporaError, match=complaint):
        evaluate_web.build(_script(tmp_path, source), corpora, rows, Read)


def test_a_folder_without_rows_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorporaError, match="name the folder"):
        evaluate_web.build(tmp_path / "builder.py", tmp_path, [], Read)


@pytest.mark.skipif(not REAL.is_file(), reason="the haystack builder is not beside the repository")
def test_the_real_builder_takes_development_rows_alone(corpora: Path) -> None:
    def titles(body: bytes, content_type: str) -> Any:
        return Read(body, content_type)

    sites = evaluate_web.build(REAL, corpora, [OURS], titles)

    assert sum(site.is_needle for site in sites) == 1
    assert {site.lang for site in sites} == {"kk", "ru", "en"}
    assert len(sites) <= 60  # 20 development rows a language, some of them together on one site
    assert json.dumps([site.source for site in sites if site.is_needle]) == '["written here"]'
