import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocklist.primary import PrimaryError
from qalqan.cli.primary import primary
from review_queue import providers, tokens
from review_queue.categories import HARMS, Category
from review_queue.providers import UnknownProviderError
from review_queue.store import open_store
from tests.blocklist.approvals import PEOPLE

LATER = "2100-01-01T00:00:00.000Z"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three providers: one reads the zone of the whole list, one of a category, one reads no zone."""
    folder = tmp_path / "data"
    with open_store(folder) as store:
        for name, categories, formats in (
            ("acme", HARMS, ["rpz", "hosts"]),
            ("Narrow", [Category.VIOLENCE], ["rpz"]),
            ("proxy", HARMS, ["squid"]),
        ):
            providers.add(store, name, PEOPLE[0])
            tokens.issue(store, name, categories, formats, LATER, PEOPLE[0])
    return folder


def run(data: Path, *more: str) -> Result:
    """The command as a person gives it; errors meant for the front door come out as they are."""
    words = ["--data", data, "--lists", data.parent / "lists", "--out", data.parent / "primary"]
    return CliRunner().invoke(
        primary, [*map(str, words), "--address", "192.0.2.53", *more], catch_exceptions=False
    )


def test_each_provider_may_transfer_what_their_tokens_read(data: Path) -> None:
    found = json.loads(run(data, "--notify", "ACME=198.51.100.7", "--json").stdout)
    conf = (data.parent / "primary" / "named.conf").read_text()
    whole, part = conf.split('zone "violence.rpz.qalqan.invalid"')

    assert found["zones"] == ["rpz.qalqan.invalid", "violence.rpz.qalqan.invalid"]
    assert found["new_keys"] == ["Narrow", "acme"]
    assert 'allow-transfer { key "qalqan-acme"; };' in whole
    assert 'also-notify { 198.51.100.7 port 53 key "qalqan-acme"; };' in whole
    assert 'allow-transfer { key "qalqan-narrow"; };' in part
    assert "proxy" not in conf


def test_what_to_do_next_is_told(data: Path) -> None:
    found = run(data)

    assert "acme: the whole list, told at no address" in found.stdout
    assert f"hand {data.parent / 'primary' / 'providers' / 'acme'}.conf to acme" in found.stdout
    assert f"start it with: sh {data.parent / 'primary' / 'start'}" in found.stdout
    assert f"rndc -c {data.parent / 'primary' / 'rndc.conf'} reconfig" in found.stdout
    assert "Warning: rpz.qalqan.invalid has no list yet" in found.stderr


def test_a_revoked_token_takes_the_key_with_it(data: Path) -> None:
    run(data)
    with open_store(data) as store:
        for token in tokens.counting(store):
            if token.provider == "acme":
                tokens.revoke(store, token.id, PEOPLE[0])

    assert "acme may transfer nothing any longer" in run(data).stdout
    assert "acme" not in (data.parent / "primary" / "named.conf").read_text()


def test_nobody_to_serve_is_warned_of(data: Path) -> None:
    with open_store(data) as store:
        for name in ("acme", "Narrow"):
            providers.end(store, name, PEOPLE[0])

    assert "no provider has a token that reads the format rpz" in run(data).stderr


def test_nobody_unknown_is_told_of_anything(data: Path) -> None:
    with pytest.raises(UnknownProviderError):
        run(data, "--notify", "nobody=192.0.2.1")
    with pytest.raises(PrimaryError, match="nothing to tell them"):
        run(data, "--notify", "proxy=192.0.2.1")
    assert "is not PROVIDER=ADDRESS" in run(data, "--notify", "192.0.2.1").stderr
