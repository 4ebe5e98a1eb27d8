"""`qalqan simulate`: a labelled file or a haystack in, figures for people or programs out."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from qalqan.cli import cli
from review_queue.errors import UnreadableInputError

_WORDS = ("The library closes at six.", "Bread needs flour.", "Water the tomatoes in the evening.")


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "url": f"http://s{i}.example/",
            "text": f"{_WORDS[i % 3]} Lantern." if i % 8 == 0 else f"{_WORDS[i % 3]} Entry.",
            "needle": i % 8 == 0,
            "kind": "lantern",
        }
        for i in range(40)
    ]


def _written(path: Path, rows: list[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["simulate", *map(str, words)])


def test_a_labelled_file_gives_a_table_and_a_drawing(tmp_path: Path) -> None:
    source = _written(tmp_path / "labelled.jsonl", _rows())

    result = _run(source, "--batch", 8, "--reviews", 30, "--plot", tmp_path / "found.svg")

    assert result.exit_code == 0
    assert result.stdout.startswith("5 needles in 40 sites")
    assert "static  learning    random" in result.stdout
    assert (tmp_path / "found.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "lantern" not in result.output.lower()


def test_json_holds_the_curves(tmp_path: Path) -> None:
    source = _written(tmp_path / "labelled.jsonl", _rows())

    result = _run(source, "--batch", 10, "--reviews", 40, "--retrain-every", 2, "--json")

    told = json.loads(result.stdout)
    assert told["reviews"] == [10, 20, 30, 40]
    assert told["found"]["static"][-1] == told["needles"] == 5
    assert told["found_by_kind"] == {"lantern": {"needles": 5, "static": 5, "learning": 5}}


def test_bad_rows_are_named_and_the_good_ones_taken(tmp_path: Path) -> None:
    bad = [
        "{",
        "[]",
        {"url": "ftp://x.example/", "text": "a", "needle": False},
        {"site": "s.example", "text": "a"},
        {"site": "s.example", "text": "a", "needle": "yes"},
        {"site": "s.example", "needle": False},
        "",
        {"site": "www.s.example", "html": "<p>Bread</p>", "needle": False},
    ]
    source = _written(tmp_path / "labelled.jsonl", bad + _rows())

    result = _run(source, "--json")

    assert json.loads(result.stdout)["sites"] == 41
    told = [line for line in result.stderr.splitlines() if line.startswith("line ")]
    assert told == [
        "line 1: not JSON",
        "line 2: not a JSON object",
        'line 3: neither "site" nor "url" names a site',
        'line 4: no "needle" that is true or false',
        'line 5: no "needle" that is true or false',
        'line 6: neither "html" nor "text" with text in it',
    ]


def test_a_haystack_is_read_with_its_truth(tmp_path: Path) -> None:
    rows = _rows()
    pages = [{"url": r["url"], "html": f"<title>T</title><p>{r['text']}</p>"} for r in rows]
    truth = [
        {"site": f"s{i}.example", "lang": "en", "needle": row["needle"], "kinds": ["club"]}
        for i, row in enumerate(rows)
    ]
    _written(
        tmp_path / "pages.jsonl",
        [*pages, {"url": "http://stranger.example/"}, pages[1] | {"html": 1}],
    )
    _written(tmp_path / "truth.jsonl", truth)

    result = _run("--haystack", tmp_path, "--json")

    told = json.loads(result.stdout)
    assert (told["sites"], told["needles"]) == (40, 5)
    assert list(told["found_by_kind"]) == ["en club"]
    assert "line 41: stranger.example is not in truth.jsonl" in result.stderr
    assert "line 42: neither" in result.stderr


def test_a_set_without_a_needle_is_refused(tmp_path: Path) -> None:
    source = _written(tmp_path / "labelled.jsonl", [r | {"needle": False} for r in _rows()])

    result = _run(source)

    assert isinstance(result.exception, UnreadableInputError)
    assert "no needle to find" in str(result.exception)


@pytest.mark.parametrize("words", [[], ["a.jsonl", "--haystack", "b"]])
def test_one_input_has_to_be_named(words: list[str]) -> None:
    assert _run(*words).exit_code == 2


def test_files_that_cannot_be_read_or_written_are_told(tmp_path: Path) -> None:
    source = _written(tmp_path / "labelled.jsonl", _rows())

    missing = _run(tmp_path / "none.jsonl")
    nowhere = _run(source, "--plot", tmp_path / "none" / "found.svg")

    assert "none.jsonl" in str(missing.exception)
    assert "cannot be written" in str(nowhere.exception)
    assert all(isinstance(r.exception, UnreadableInputError) for r in (missing, nowhere))


def test_the_help_says_what_the_figures_are_from() -> None:
    told = " ".join(_run("--help").stdout.split())

    assert "development rows only" in told
    assert "texts that no model was trained on" in told
