"""`qalqan entries` as typed: two people take a list over, one lifts, two renew."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qalqan.cli import entries_import
from qalqan.cli.entries import entries_
from review_queue import entries, lifts, proposals
from review_queue.lifts import LiftReason
from review_queue.store import FILE_NAME, open_store
from review_ui.accounts import add_user, list_users
from review_ui.config import ServeConfig
from tests.blocklist.importer import a_line
from tests.review_ui.sites import PASSWORD, close_accounts


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A unit of two supervisors, and a file of three rows, one of them bad; made once, since passwords take time."""
    folder = tmp_path_factory.mktemp("unit")
    for name in ("dana", "berik"):
        add_user(
            ServeConfig(folder / "data"), name, PASSWORD, role="supervisor", full_name=name.title()
        )
    dates = {"expires_at": "", "listed_at": "2020-01-01T00:00:00Z"}
    rows = [a_line(f"n000{number}.zz-qalqan.kz", **dates) for number in (1, 2)]
    (folder / "old.jsonl").write_bytes(b"\n".join([*rows, a_line("com.kz")]) + b"\n")
    yield folder
    close_accounts()


@pytest.fixture(scope="module")
def unit_with_list(unit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after it took the file over."""
    folder = tmp_path_factory.mktemp("with_list") / "unit"
    shutil.copytree(unit, folder)
    file = str(folder / "old.jsonl")
    good(folder / "data", "import", file, "--source", "The registry of 2019", who="dana")
    good(folder / "data", "sign", "1", who="berik")
    return folder


@pytest.fixture
def data(unit: Path, tmp_path: Path) -> Path:
    shutil.copytree(unit, tmp_path / "unit")
    return tmp_path / "unit" / "data"


@pytest.fixture
def listed(unit_with_list: Path, tmp_path: Path) -> Path:
    shutil.copytree(unit_with_list, tmp_path / "unit")
    return tmp_path / "unit" / "data"


def run(data: Path, *words: str, who: str = "") -> Result:
    signed = ["--as", who, "--password-file", "-"] if who else []
    return CliRunner().invoke(
        entries_, [*words, *signed, "--data", str(data)], input=f"{PASSWORD}\n" if who else ""
    )


def good(data: Path, *words: str, who: str = "") -> str:
    result = run(data, *words, who=who)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def test_a_list_is_taken_over_by_two_people(data: Path) -> None:
    file = str(data.parent / "old.jsonl")
    made = run(data, "import", file, "--source", "The registry of 2019", who="dana")
    assert made.exit_code == 0, made.output
    assert "import 1: 2 rows, 1 left out" in made.stdout
    assert "qalqan entries sign 1 --as USER" in made.stdout
    assert made.stderr.startswith("line 3: the guard public_suffix stops it")
    assert good(data, "list") == ""  # there was no store before
    assert good(data, "list", "--state", "pending").count("zz-qalqan[.]kz") == 2
    assert "waits for a second person" in good(data, "imports")

    same = run(data, "sign", "1", who="dana")
    assert (same.exit_code, "different person" in str(same.exception)) == (1, True)
    told = run(data, "sign", "1", who="berik")
    assert "its 2 entries are listed" in told.stdout
    assert "The registry of 2019" in told.stderr

    assert "n0001[.]zz-qalqan[.]kz" in good(data, "list")
    assert good(data, "list", "--limit", "1").count("\n") == 1
    assert "signed by Berik and Dana" in good(data, "imports").replace(
        "Dana and Berik", "Berik and Dana"
    )
    (one,) = json.loads(good(data, "imports", "--json"))
    assert (one["rows"], one["left_out"], one["is_live"]) == (2, 1, True)


def test_an_import_tells_programs_which_rows_were_bad(data: Path) -> None:
    file = str(data.parent / "old.jsonl")
    told = json.loads(good(data, "import", file, "--source", "S", "--json", who="dana"))

    assert (told["import_id"], told["rows"], told["left_out"]) == (1, 2, 1)
    assert [row["line"] for row in told["bad_rows"]] == [3]


def test_no_bad_row_goes_untold_to_a_program(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries_import, "_SHOWN", 1)
    file = data.parent / "old.jsonl"
    file.write_bytes(b"one\ntwo\n" + a_line() + b"\n")
    made = run(data, "import", str(file), "--source", "S", "--json", who="dana")
    file.write_bytes(b"one\ntwo\n")
    refused = run(data, "import", str(file), "--source", "S", "--json", who="dana")

    assert [row["line"] for row in json.loads(made.stdout)["bad_rows"]] == [1]
    assert re.findall(r"^line (\d)", made.stderr, re.MULTILINE) == ["2"]
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert re.findall(r"^line (\d)", refused.stderr, re.MULTILINE) == ["2", "1"]


def test_who_may_not_sign_imports_nothing(data: Path) -> None:
    add_user(ServeConfig(data), "erlan", PASSWORD, role="reviewer")
    file = str(data.parent / "old.jsonl")
    refused = run(data, "import", file, "--source", "S", who="erlan")
    assert "erlan is reviewer, which may not sign" in str(refused.exception)
    wrong = CliRunner().invoke(
        entries_,
        ["import", file, "--source", "S", "--as", "dana", "--data", str(data)],
        input="not-the-password\n",
    )
    assert "wrong" in str(wrong.exception)
    assert not (data / FILE_NAME).exists()


def test_one_person_lifts_and_the_entry_says_so(listed: Path) -> None:
    told = good(
        listed, "lift", "old-n0001", "--reason", "appeal", "--note", "Letter 17.", who="dana"
    )
    assert "lifted old-n0001 (appeal)" in told
    assert "qalqan publish" in told

    shown = good(listed, "show", "old-n0001")
    assert "old-n0001  lifted" in shown
    assert "by Dana: appeal Letter 17." in shown
    assert "paper: Order 7 of 2026-01-31" in shown
    assert "taken over with import 1, which 2 people signed" in shown
    whole = json.loads(good(listed, "show", "old-n0001", "--json"))
    assert (whole["state"], whole["lift"]["reason"]) == ("lifted", "appeal")
    assert [row["action"] for row in whole["log"]] == ["entry.lifted"]
    dana = next(one for one in list_users(ServeConfig(listed)) if one.username == "dana")
    assert whole["lift"]["person"]["id"] == dana.public_id
    assert "n0001" not in good(listed, "list")
    (line,) = good(listed, "list", "--state", "lifted").splitlines()
    assert re.search(r"  lifted \d{4}-\d\d-\d\d appeal  ", line)
    (row,) = good(listed, "list", "--state", "lifted", "--json").splitlines()
    assert (json.loads(row)["id"], json.loads(row)["lift"]["reason"]) == ("old-n0001", "appeal")


def test_of_several_to_be_lifted_a_wrong_one_keeps_no_other_back(listed: Path) -> None:
    result = run(
        listed, "lift", "old-n0001", "n\x1b[2Jo", "old-n0002", "--reason", "court", who="dana"
    )

    assert result.exit_code == 1
    assert result.stdout.count("lifted old-") == 2
    assert "not lifted n[U+001B][2Jo: no entry has the id" in result.stderr
    assert good(listed, "list") == ""


def test_who_lifts_is_told_what_goes_on_blocking_the_same(listed: Path) -> None:
    rows = [
        a_line("n0001.zz-qalqan.kz", id="wider", granularity="subtree", expires_at=""),
        a_line("zz-qalqan.kz", id="widest", granularity="subtree", expires_at=""),
        a_line("beside.zz-qalqan.kz", id="beside", expires_at=""),
    ]
    file = listed.parent / "more.jsonl"
    file.write_bytes(b"\n".join(rows) + b"\n")
    good(listed, "import", str(file), "--source", "Another", who="dana")
    good(listed, "sign", "2", who="berik")
    narrow = next(
        row["id"]
        for row in map(json.loads, good(listed, "list", "--json").splitlines())
        if (row["name"], row["granularity"]) == ("n0001.zz-qalqan.kz", "host")
    )

    told = run(listed, "lift", "beside", "--reason", "appeal", "--json", who="dana")
    assert json.loads(told.stdout)["lifted"][0]["still_blocked_by"] == ["widest"]
    told = run(listed, "lift", narrow, "--reason", "appeal", who="dana")
    assert re.findall(r"blocked by the entry (\w+); if that is wrong too", told.stderr) == [
        "wider",
        "widest",
    ]
    with open_store(listed) as store:
        number = proposals.propose(store, "wider", LiftReason.CONTENT_GONE)
    told = run(listed, "settle", str(number), "--lift", who="dana")
    assert re.findall(r"blocked by the entry (\w+); if", told.stderr) == ["widest"]
    told = run(listed, "lift", "widest", "--reason", "appeal", who="dana")
    assert told.stderr == ""


def test_nobody_lifts_an_entry_as_expired(listed: Path) -> None:
    assert run(listed, "lift", "old-n0001", "--reason", "expired", who="dana").exit_code == 2


def test_two_people_renew(listed: Path) -> None:
    first = good(listed, "renew", "old-n0001", "--note", "Still there.", who="dana")
    assert "qalqan entries renew old-n0001 --as USER" in first
    assert run(listed, "renew", "old-n0001", "--note", "Still there.", who="dana").exit_code == 1
    done = json.loads(good(listed, "renew", "old-n0001", "--note", "Yes.", "--json", who="berik"))

    assert done["is_done"]
    with open_store(listed) as store:
        assert next(entries.live(store)).expires_at == done["expires_at"]
    assert "renewal signed" in good(listed, "show", "old-n0001")


def test_a_whole_import_is_withdrawn_by_one(listed: Path) -> None:
    assert "is withdrawn" in good(listed, "withdraw", "1", "--reason", "The wrong one.", who="dana")
    assert good(listed, "list") == ""
    assert "not live" in good(listed, "show", "old-n0001")
    assert "withdrawn" in good(listed, "imports")


def test_proposals_are_listed_and_settled(listed: Path) -> None:
    with open_store(listed) as store:
        for entry_id in ("old-n0001", "old-n0002"):
            proposals.propose(store, entry_id, LiftReason.CONTENT_GONE, "HTTP 404 three times.")
    assert "old-n0001  n0001[.]zz-qalqan[.]kz  content_gone" in good(listed, "proposals")
    rows = json.loads(good(listed, "proposals", "--json"))
    assert [row["name"][:5] for row in rows] == ["n0001", "n0002"]

    assert "lifted old-n0001 (content_gone)" in good(listed, "settle", "1", "--lift", who="dana")
    assert "the entry stays" in good(listed, "settle", "2", "--keep", who="dana")
    assert good(listed, "proposals") == ""
    with open_store(listed) as store:
        assert [each.entry_id for each in lifts.since(store, "")] == ["old-n0001"]


def test_terms_are_shown_and_set(data: Path) -> None:
    open_store(data).close()
    assert good(data, "terms", "show").count("after 180 days, ends after 730") == 2
    told = good(
        data, "terms", "set", "--category", "violence", "--review-days", "30", "--no-expiry",
        "--reason", "Order 12.", who="dana",
    )  # fmt: skip
    assert "after 30 days, does not end by itself; set by" in told
    shown = json.loads(good(data, "terms", "show", "--json"))
    assert [row["review_days"] for row in shown["terms"]] == [180, 30]
    assert len(shown["history"]) == 1
    both = run(
        data, "terms", "set", "--category", "violence", "--review-days", "30", "--no-expiry",
        "--expiry-days", "60", "--reason", "Order 12.", who="dana",
    )  # fmt: skip
    assert both.exit_code == 2


def test_an_unknown_entry_is_one_line(data: Path) -> None:
    open_store(data).close()
    result = run(data, "show", "n\x1b[2J")

    assert result.exit_code == 1
    assert "'n\\x1b[2J'" in str(result.exception)


def test_the_figures_of_a_year_are_told_without_a_name(listed: Path) -> None:
    good(listed, "lift", "old-n0001", "--reason", "appeal", who="dana")

    told = good(listed, "figures")
    row = json.loads(good(listed, "figures", "--json"))
    before = json.loads(good(listed, "figures", "--year", "1999", "--json"))

    assert "lifted                1 (appeal 1)" in told
    assert "n0001" not in told
    assert row["lifted"] == {"appeal": 1}
    assert (before["lifted"], before["taken_over"]) == ({}, {})
