"""`qalqan classify`: good rows scored in order, bad ones named, the same bytes each time."""

import io
import json
import os
import resource
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from classifier import artefacts
from classifier.scoring import Scorer
from crawler.extract import extract
from qalqan import classify
from qalqan.cli.classify import classify as command
from review_queue.errors import ModelNameError, UnreadableInputError
from review_queue.records import BadRow
from tests import unmeasured

GOOD = [
    {
        "url": "https://a.example.kz/x",
        "text": "Кітапхана жұмыс күндері тоғыздан алтыға дейін ашық.",
    },
    {"url": "http://b.example.com/", "text": "Bread needs flour, water, salt and a lot of time."},
    {
        "url": "http://v.example.org/",
        "html": "<html><head><title>Хлеб</title><script>var x</script></head>"
        "<body><p>Для хлеба нужны мука, вода, соль и много времени.</p></body></html>",
    },
]


def _run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "qalqan", "classify", *arguments],
        input=stdin,
        capture_output=True,
        timeout=200,
        check=False,
    )


def _lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(artefacts.load(artefacts.default_models_dir()))


def _classified(rows: bytes, scorer: Scorer) -> tuple[list[dict[str, object]], list[BadRow]]:
    out, bad = io.StringIO(), list[BadRow]()
    report = classify.classify(io.BytesIO(rows), out, scorer, extract, bad.append)
    shown = [json.loads(line) for line in out.getvalue().splitlines()]
    left_out = [row for row in bad if "empty page" not in row.reason]
    assert (report.scored, report.left_out) == (len(shown), len(left_out))
    return shown, bad


def test_files_and_pipes_give_the_same_bytes_and_bad_lines_are_named(tmp_path: Path) -> None:
    rows = _lines(GOOD[0]) + b"{broken\n\n" + _lines(*GOOD[1:])
    (tmp_path / "in.jsonl").write_bytes(rows)

    file = _run(str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl"))
    pipe = _run("-", "-o", "-", stdin=rows)

    assert (file.returncode, pipe.returncode) == (0, 0)
    assert (tmp_path / "out.jsonl").read_bytes() == pipe.stdout
    assert b"line 2: not JSON" in file.stderr
    assert b"3 pages scored, 1 lines left out" in file.stderr
    assert file.stdout == b""


def test_every_line_has_what_the_next_program_needs(scorer: Scorer) -> None:
    shown, _ = _classified(_lines(*GOOD), scorer)

    assert [row["url"] for row in shown] == [row["url"] for row in GOOD]
    assert [row["site"] for row in shown] == ["example.kz", "example.com", "example.org"]
    assert [row["lang"] for row in shown] == ["kk", "en", "ru"]
    for row in shown:
        assert list(row) == [
            *("url", "site", "lang", "scores", "stance", "risk"),
            *("evidence", "moves", "disguised"),
        ]
        assert isinstance(row["scores"], dict)
        assert set(row["scores"]) == {"self_harm", "violence"}
        assert row["risk"] == max(row["scores"].values())
        assert isinstance(row["stance"], dict)
        assert sum(row["stance"].values()) == pytest.approx(1, abs=1e-4)
        assert isinstance(row["evidence"], list)
        assert isinstance(row["moves"], list)
        assert row["disguised"] == 0.0


def test_order_is_kept_over_many_batches(scorer: Scorer) -> None:
    rows = [{"url": f"http://n{i}.example.com/", "text": f"page {i}"} for i in range(300)]

    shown, bad = _classified(_lines(*rows), scorer)

    assert [row["url"] for row in shown] == [row["url"] for row in rows]
    assert bad == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json", "not JSON"),
        (b'{"url": "http://a.example/", "text": "\xff"}', "not UTF-8"),
        (b"[1]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"{}", 'no "url"'),
        (b'{"url": 5, "text": ""}', 'no "url"'),
        (b'{"url": "http://a.example/"}', 'neither "html" nor "text"'),
        (b'{"url": "http://a.example/", "text": null, "html": 7}', 'neither "html" nor "text"'),
        (b'{"url": "ftp://a.example/", "text": ""}', "not an http or https URL"),
        (b'{"url": "nowhere", "text": ""}', "is not a URL"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"url": ' + b"7" * 5_000 + b"}", "a number of more than 4,300 digits"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_scored(
    scorer: Scorer, line: bytes, reason: str
) -> None:
    shown, bad = _classified(line + b"\n" + _lines(GOOD[0]), scorer)

    assert len(shown) == 1
    assert [row.line for row in bad] == [1]
    assert reason in bad[0].reason


def test_a_line_too_long_is_skipped_and_not_held_in_memory(
    scorer: Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classify, "_LONGEST_LINE", 2_000)

    shown, bad = _classified(b"x" * 9_000 + b"\n" + _lines(GOOD[0]) + b"y" * 5_000, scorer)

    assert len(shown) == 1
    assert [row.line for row in bad] == [1, 3]
    assert all("longer than" in row.reason for row in bad)


def test_half_a_surrogate_pair_in_the_input_is_no_obstacle(scorer: Scorer) -> None:
    shown, bad = _classified(b'{"url": "http://a.example/", "text": "half \\ud83d pair"}\n', scorer)

    assert (len(shown), bad) == (1, [])


@pytest.mark.parametrize("page", [{"html": ""}, {"text": " \n"}, {"html": "<title> </title>"}])
def test_an_empty_page_is_a_page_and_is_named(scorer: Scorer, page: dict[str, str]) -> None:
    shown, told = _classified(_lines(GOOD[0], {"url": "http://a.example/", **page}), scorer)

    assert (len(shown), shown[1]["lang"]) == (2, "")
    assert [(row.line, row.reason.partition(",")[0]) for row in told] == [(2, "empty page")]


def test_the_url_comes_back_without_the_space_around_it(scorer: Scorer) -> None:
    shown, _ = _classified(_lines({**GOOD[0], "url": " https://a.example.kz/x\n"}), scorer)

    assert shown[0]["url"] == "https://a.example.kz/x"


def test_a_byte_order_mark_is_no_obstacle(scorer: Scorer) -> None:
    shown, bad = _classified(b"\xef\xbb\xbf" + _lines(*GOOD), scorer)

    assert (len(shown), bad) == (3, [])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"junk\n"])
def test_input_without_a_page_fails_and_leaves_no_file(
    scorer: Scorer, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "in.jsonl").write_bytes(content)

    with pytest.raises(UnreadableInputError, match="no page could be scored"):
        classify.classify_file(
            str(tmp_path / "in.jsonl"), str(tmp_path / "out"), scorer, extract, lambda _: None
        )
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def _classify_file(folder: Path, target: Path | str, scorer: Scorer) -> None:
    (folder / "in.jsonl").write_bytes(_lines(*GOOD))
    classify.classify_file(
        str(folder / "in.jsonl"), str(target), scorer, extract, lambda row: pytest.fail(row.reason)
    )


def test_a_fifo_stays_one_and_its_reader_gets_the_scores(scorer: Scorer, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
    reader.start()

    _classify_file(tmp_path, fifo, scorer)

    reader.join(200)
    assert [line.count(b"\n") for line in got] == [3]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_link_stays_one_and_what_it_names_is_written(scorer: Scorer, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/out.jsonl")

    _classify_file(tmp_path, tmp_path / "link", scorer)

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "out.jsonl").read_bytes().count(b"\n") == 3
    assert not (tmp_path / "far" / "out.jsonl").is_symlink()


def test_the_files_beside_the_scores_are_left_alone(scorer: Scorer, tmp_path: Path) -> None:
    (tmp_path / "out.part").write_text("mine")
    (tmp_path / "out").write_text("old")
    (tmp_path / "out").chmod(0o640)

    _classify_file(tmp_path, tmp_path / "out", scorer)

    assert (tmp_path / "out.part").read_text() == "mine"
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "out", "out.part"}


def test_what_a_killed_run_left_is_swept_and_what_a_living_one_writes_is_not(
    scorer: Scorer, tmp_path: Path
) -> None:
    killed, living = (_waiting(tmp_path / name) for name in ("killed", "living"))
    with killed, living:
        while len(list(tmp_path.glob(".qalqan-*.part"))) < 2:
            assert killed.poll() is living.poll() is None
            time.sleep(0.02)
        killed.kill()
        killed.wait(timeout=200)
        (tmp_path / ".qalqan-mine.part").write_text("mine")

        _classify_file(tmp_path, tmp_path / "out", scorer)
        living.communicate(_lines(*GOOD), timeout=60)

    assert living.returncode == 0
    assert (tmp_path / "living").read_bytes() == (tmp_path / "out").read_bytes()
    names = {"in.jsonl", "out", "living", ".qalqan-mine.part"}
    assert {path.name for path in tmp_path.iterdir()} == names


def _waiting(out: Path) -> subprocess.Popen[bytes]:
    """A run that has its model and waits for pages."""
    command = [sys.executable, "-m", "qalqan", "classify", "-", "-o", str(out)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=unmeasured.environment()
    )


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (".", r"^\. is a folder; name a file"),
        ("", "is a folder; name a file"),
        ("none/out", "^cannot write none/out: its folder does not exist; make it"),
        ("in.jsonl/out", "^cannot write in.jsonl/out: Not a directory; check"),
        ("circle", "^cannot write circle: Too many levels of symbolic links; check"),
        ("x" * 300, "File name too long; check"),
    ],
)
def test_an_output_that_cannot_be_is_said_in_the_words_of_the_person(
    scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("circle").symlink_to("circle")

    with pytest.raises(UnreadableInputError, match=says):
        _classify_file(tmp_path, target, scorer)

    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "circle"}


@pytest.mark.parametrize("target", ["-", "out"])
def test_no_room_left_is_said_once(tmp_path: Path, target: str) -> None:
    (tmp_path / "in.jsonl").write_bytes(_lines(*GOOD))
    with (tmp_path / "stdout").open("wb") as stdout:
        result = subprocess.run(
            [sys.executable, "-m", "qalqan", "classify", "in.jsonl", "-o", target],
            cwd=tmp_path,
            env={**unmeasured.environment(), "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=stdout,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
            timeout=200,
            check=False,
        )

    name = b"standard output" if target == "-" else b"out"
    assert result.stderr == (
        b"Error: no room left to write "
        + name
        + b"; free some space and run the same command again\n"
    )
    assert result.returncode == 1


@pytest.mark.parametrize("name", ["../../x", ""])
def test_a_model_outside_the_folder_of_models_cannot_be_named(name: str) -> None:
    result = CliRunner().invoke(command, ["in.jsonl", "-o", "-", "--model", name])

    assert isinstance(result.exception, ModelNameError)
    assert result.exception.exit_code == 2


def test_missing_input_and_unwritable_output_are_one_line_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(_lines(GOOD[0]))

    missing = _run(str(tmp_path / "none.jsonl"), "-o", "-")
    unwritable = _run(str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "no" / "out.jsonl"))
    no_model = _run(str(tmp_path / "in.jsonl"), "-o", "-", "--models", str(tmp_path))

    for result in (missing, unwritable, no_model):
        assert result.returncode == 1
        assert result.stderr.startswith(b"Error: ")
        assert result.stderr.count(b"\n") == 1
