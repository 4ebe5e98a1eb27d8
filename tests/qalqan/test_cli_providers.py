"""`qalqan providers` as typed: a person with the right to export adds, binds, revokes and reports."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from qalqan.cli.providers import EXIT_ALERTS, providers_
from qalqan.signing_in import MayNotError
from review_queue import entries, publications, pulls, tokens
from review_queue.errors import AccountError, RefusedError
from review_queue.providers import UnknownProviderError
from review_queue.store import open_store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from tests.review_queue.takers import DIGEST, a_pull, a_receipt
from tests.review_ui.sites import PASSWORD, close_accounts


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A store, and Dana who may export."""
    add_user(ServeConfig(tmp_path), "dana", PASSWORD, role="exporter", full_name="Dana D.")
    add_user(ServeConfig(tmp_path), "aliya", PASSWORD, role="reviewer")
    open_store(tmp_path).close()
    yield tmp_path
    close_accounts()


def _run(data: Path, *words: str, user: str = "dana", password: str = PASSWORD) -> Result:
    signed = words[0] in ("add", "end", "bind", "token", "revoke")
    who = ["--as", user, "--password-file", "-"] if signed else []
    return CliRunner().invoke(
        providers_, [*words, "--data", str(data), *who], input=f"{password}\n"
    )


def _new(data: Path, *words: str) -> str:
    _run(data, "add", "north-net", "--contact", "noc@north.example")
    return _run(data, "token", "north-net", "--format", "rpz", *words).stdout.strip()


def test_a_token_is_printed_alone_and_once(data: Path) -> None:
    added = _run(data, "add", "north-net", "--contact", "noc@north.example")
    made = _run(
        data, "token", "north-net", "--category", "violence", "--format", "rpz", "--days", "365"
    )

    assert (added.exit_code, made.exit_code) == (0, 0)
    text = made.stdout.strip()
    with open_store(data) as store:
        found = tokens.who(store, text)
        assert (found.provider, found.part, found.formats) == ("north-net", "violence", ("rpz",))
    assert "shown this once" in made.stderr
    assert "next `qalqan publish`" in made.stderr
    assert text.split("_")[2] not in _run(data, "list").output + _run(data, "list", "--json").output


def test_a_program_may_read_the_token_and_the_list(data: Path) -> None:
    _run(data, "add", "north-net")
    made = json.loads(
        _run(data, "token", "north-net", "--format", "rpz", "--format", "entries", "--json").stdout
    )
    (row,) = json.loads(_run(data, "list", "--json").stdout)

    assert made["token"].startswith(f"qalqan_{made['id']}_")
    assert (row["name"], row["tokens"][0]["id"], row["tokens"][0]["part"]) == (
        "north-net",
        made["id"],
        "",
    )


def test_a_revoked_token_and_an_ended_provider_are_shown_as_such(data: Path) -> None:
    text = _new(data)
    token_id = text.split("_")[1]

    assert f"revoked the token {token_id}" in _run(data, "revoke", token_id).output
    listed = _run(data, "list").output
    assert f"{token_id}  whole list  rpz  revoked 20" in listed
    assert "noc@north.example" in listed
    assert "bound to a certificate" not in listed
    assert "ab" * 32 in _run(data, "bind", "north-net", "AB:" * 31 + "AB").output
    assert "bound to a certificate" in _run(data, "list").output
    assert "no certificate is asked for" in _run(data, "bind", "north-net").output
    assert _run(data, "end", "north-net").exit_code == 0
    assert ", ended 20" in _run(data, "list").output


@pytest.mark.parametrize(("read", "told"), [("rpz", True), ("squid", False)])
def test_who_takes_a_token_away_is_told_of_the_primary_that_knows_nothing_of_it(
    data: Path,
    read: str,
    told: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    _run(data, "add", "north-net")
    made = [
        json.loads(_run(data, "token", "north-net", "--format", read, "--json").stdout)["id"]
        for _ in range(2)
    ]

    assert ("`qalqan primary` again" in _run(data, "revoke", made[0]).stderr) is told
    assert ("`qalqan primary` again" in _run(data, "end", "north-net").stderr) is told


def test_only_a_person_who_may_export_manages_providers(data: Path) -> None:
    assert isinstance(_run(data, "add", "x", user="aliya").exception, MayNotError)
    assert isinstance(_run(data, "add", "x", password="wrong-wrong-wrong").exception, AccountError)
    assert _run(data, "list").output == ""


def test_what_cannot_be_done_is_said(data: Path) -> None:
    assert isinstance(
        _run(data, "token", "nobody", "--format", "rpz").exception, UnknownProviderError
    )
    assert isinstance(_run(data, "add", "../x").exception, RefusedError)
    _run(data, "add", "north-net")
    bad = _run(data, "token", "north-net", "--format", "floppy")
    assert (bad.exit_code, "is none of" in bad.output) == (2, True)
    assert _run(data, "token", "north-net").exit_code == 2
    assert _run(data, "token", "north-net", "--format", "rpz", "--days", "0").exit_code == 2


def test_a_report_says_that_nothing_new_is_published(data: Path, tmp_path: Path) -> None:
    _new(data)
    metrics = tmp_path / "providers.prom"
    with open_store(data) as store:
        publications.record_refused(store, actor="t", reason="nothing was published: no room")

    told = _run(data, "report", "--check", "--metrics-file", str(metrics))
    for_programs = _run(data, "report", "--check", "--json")

    assert told.exit_code == for_programs.exit_code == EXIT_ALERTS
    for text in (told.stdout, for_programs.stderr):
        assert re.search(r"nothing new has been published since [0-9T:-]+: no room\n", text)
    assert len(json.loads(for_programs.stdout)) == 1
    families = {one.name: one for one in text_string_to_metric_families(metrics.read_text())}
    assert families["qalqan_list_held"].samples[0].value == 1


def test_a_report_says_what_each_holds_and_what_asks_for_a_look(data: Path, tmp_path: Path) -> None:
    text = _new(data)
    assert _run(data, "report", "--check").exit_code == 0
    with open_store(data) as store:
        token = tokens.who(store, text)
        entries.record_export(store, serial=1, actor="t", manifest_sha256=DIGEST, counts={})
        a_pull(store, token, 1)
        a_receipt(store, token, 1, "rolled_back", detail="egov.kz was not found")
    metrics = tmp_path / "providers.prom"

    told = _run(data, "report", "--check", "--metrics-file", str(metrics))
    (row,) = json.loads(_run(data, "report", "--json").stdout)

    assert told.exit_code == EXIT_ALERTS
    assert "north-net: serial 1 since" in told.output
    assert "ALERT not_applied: rolled_back the list 1: egov[.]kz was not found" in told.output
    assert (row["serial"], row["alerts"][0]["kind"]) == (1, "not_applied")
    families = {one.name: one for one in text_string_to_metric_families(metrics.read_text())}
    (serial,) = families["qalqan_provider_serial"].samples
    assert (serial.labels, serial.value) == ({"provider": "north-net"}, 1)
    assert families["qalqan_provider_alerts"].samples[0].value == 1
    assert families["qalqan_provider_lift_hours_longest"].samples == []


def test_a_report_says_how_many_came_without_a_token_that_counts(data: Path) -> None:
    _new(data)
    with open_store(data) as store:
        pulls.record(store, [], [pulls.Refusals(store.now(), "192.0.2.7", "no token", 31)])
        pulls.record(store, [], [pulls.Refusals("2020-01-01", "192.0.2.7", "no token", 5)])

    told = _run(data, "report", "--days", "7").output

    assert "requests without a token that counts, in 7 days: 31\n" in told


def test_every_figure_of_providers_stands_in_the_docs(data: Path, tmp_path: Path) -> None:
    _new(data)
    metrics = tmp_path / "providers.prom"
    _run(data, "report", "--metrics-file", str(metrics))
    told = {family.name for family in text_string_to_metric_families(metrics.read_text())}
    docs = (Path(__file__).parents[2] / "docs/feed.md").read_text(encoding="utf-8")

    assert told == set(re.findall(r"\bqalqan_(?:providers?|list)_\w+", docs))
