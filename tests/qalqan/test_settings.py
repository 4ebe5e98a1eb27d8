"""qalqan.toml: what is read from it, and what is refused with words that help."""

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from qalqan.settings import (
    SettingsError,
    Stamping,
    default_config,
    default_unit_dir,
    read_rounds,
    read_stamping,
)

ROUND = """
[[rounds]]
name = "nightly"
cron = "30 3 * * *"
seeds = "lists/seeds.txt"
data = "/srv/qalqan"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "qalqan.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_round_with_what_is_needed_gets_the_rest_by_default(tmp_path: Path) -> None:
    (found,) = read_rounds(written(tmp_path, ROUND))

    assert (found.name, found.cron) == ("nightly", "30 3 * * *")
    assert found.seeds == tmp_path / "lists" / "seeds.txt"
    assert found.data == Path("/srv/qalqan")
    assert found.timezone is UTC
    assert found.score
    assert found.grace == timedelta(hours=6)
    assert found.options == {}


def test_everything_else_a_round_says_is_an_option_of_the_crawl(tmp_path: Path) -> None:
    more = 'timezone = "Asia/Almaty"\nscore = false\ngrace-hours = 0.5\nmax-pages = 20\n'
    more += 'allow-address = ["10.0.0.0/8", "::1"]\n'

    (found,) = read_rounds(written(tmp_path, ROUND + more))

    assert str(found.timezone) == "Asia/Almaty"
    assert not found.score
    assert found.grace == timedelta(minutes=30)
    assert found.options == {"max-pages": (20,), "allow-address": ("10.0.0.0/8", "::1")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no round"),
        ("rounds = 3", "has no round"),
        ("[[round]]\nname = 'x'", "'round' is not known here; write [[rounds]]"),
        ("[[rounds", "is not TOML"),
        ("[[rounds]]\nname = 'x'", "round x: cron is needed"),
        (ROUND.replace("nightly", "Night ly"), "a name is of a-z"),
        (ROUND.replace("nightly", "../x"), "a name is of a-z"),
        (ROUND.replace("nightly", "x-"), "a name is of a-z"),
        (ROUND.replace('"nightly"', "3"), "name is needed, as text"),
        (ROUND.replace("30 3 * * *", "@daily"), "has 1 fields; write five"),
        (ROUND.replace("30 3 * * *", "0 30 3 * * *"), "has 6 fields; write five"),
        (ROUND.replace("30 3 * * *", "61 3 * * *"), "cannot be read: Bad minute"),
        (ROUND.replace("30 3 * * *", "0 0 30 2 *"), "cannot be read: Bad day-of-month"),
        (ROUND.replace("30 3 * * *", "0 0 */30 2 *").replace("*/30", "31,30"), "Bad day-of-month"),
        (ROUND.replace("lists/seeds.txt", "a\\nb"), "seeds is needed, as text of one line"),
        (ROUND + 'timezone = "Mars/Olympus"', "no time zone 'Mars/Olympus'"),
        (ROUND + 'timezone = "../etc"', "no time zone '../etc'"),
        (ROUND + 'score = "yes"', "score is true or false"),
        (ROUND + "recheck = 1", "recheck is true or false"),
        (ROUND + "grace-hours = -1", "grace-hours is a number"),
        (ROUND + "grace-hours = nan", "grace-hours is a number"),
        (ROUND + "grace-hours = true", "grace-hours is a number"),
        (ROUND + "max-pages = {a = 1}", "max-pages is text, a number"),
        (ROUND + "max-pages = 2026-01-01", "max-pages is text, a number"),
        (ROUND + ROUND, "two rounds are called nightly"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_rounds(written(tmp_path, text))

    assert said in str(refused.value)
    assert "\n" not in said


def test_a_file_that_is_missing_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match=r"cannot read .* name another file with --config"):
        read_rounds(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="is not TOML"):
        read_rounds(tmp_path / "bytes.toml")


def test_places_are_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QALQAN_CONFIG", "/srv/q.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/a/.conf")

    assert default_config() == Path("/srv/q.toml")
    assert default_unit_dir(of_user=True) == Path("/home/a/.conf/systemd/user")
    assert default_unit_dir(of_user=False) == Path("/etc/systemd/system")
    monkeypatch.delenv("QALQAN_CONFIG")
    assert default_config() == Path("qalqan.toml")


def test_who_stamps_evidence_is_read_beside_the_rounds(tmp_path: Path) -> None:
    table = '[evidence]\nauthority = "https://tsa.example/"\ncertificate = "tsa.pem"\n'
    path = written(tmp_path, ROUND + table)

    assert read_stamping(path) == Stamping("https://tsa.example/", tmp_path / "tsa.pem")
    assert len(read_rounds(path)) == 1
    assert read_stamping(written(tmp_path, table)).authority == "https://tsa.example/"


def test_nobody_stamps_evidence_where_nothing_says_who(tmp_path: Path) -> None:
    assert read_stamping(tmp_path / "missing.toml") == Stamping()
    assert read_stamping(written(tmp_path, ROUND)) == Stamping()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("evidence = 3", "write .evidence. once, as a table"),
        ("[[evidence]]\nauthority = 'https://a/'", "write .evidence. once, as a table"),
        ("[evidence]\nauthority = 3", "evidence: authority is needed, as text"),
        ("[evidence]\nauthority = 'ftp://a/'", "authority is an http or https URL"),
        ("[evidence]\ncertificate = ''", "evidence: certificate is needed, as text"),
        ("[evidence]\nauthorty = 'x'", "'authorty' is not known here"),
        ("[evidense]\nauthority = 'x'", "'evidense' is not known here"),
        ("[evidence", "is not TOML"),
    ],
)
def test_what_cannot_be_kept_about_stamping_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_stamping(written(tmp_path, text))
