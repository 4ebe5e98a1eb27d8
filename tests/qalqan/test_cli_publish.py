import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from blocklist import key_files, sign
from blocklist.consumers import CONSUMERS
from blocklist.gate import GateError
from blocklist.key_files import BadKeyError
from blocklist.removals import StillBlockedError
from blocklist.served import OtherKeyError
from qalqan.cli import publish as publish_module
from qalqan.cli.keys import keys
from qalqan.cli.publish import publish
from review_queue import audit
from review_queue.allowances import AllowancesError
from review_queue.errors import ExportError, StoreDamagedError, StoreMissingError
from review_queue.store import FILE_NAME, open_store
from review_ui.accounts import add_user
from review_ui.config import ServeConfig
from tests.blocklist.approvals import approve
from tests.blocklist.holding import damage, lifted
from tests.blocklist.publications import approve_real, host, stand_in
from tests.review_queue.damage import emptied

PASSWORD = "correct horse battery staple"


def run(*args: str | Path, text: str | None = None) -> Result:
    """The command as a person gives it; errors meant for the front door come out as they are."""
    return CliRunner().invoke(publish, [str(arg) for arg in args], text, catch_exceptions=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with open_store(folder) as store:
        approve_real(store, *map(host, range(3)))
    return folder


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "list.key"
    made = CliRunner().invoke(keys, ["new", str(path)], catch_exceptions=False)
    (tmp_path / "list.pub").write_text(made.stdout)
    return path


def usual(data: Path, *more: str | Path) -> tuple[str | Path, ...]:
    return ("--data", data, "--out", data.parent / "lists", "--format", "hosts", *more)


def test_a_key_is_made_once_and_its_public_part_printed(key: Path, tmp_path: Path) -> None:
    again = CliRunner().invoke(keys, ["public", str(key)], catch_exceptions=False)

    assert again.stdout == (tmp_path / "list.pub").read_text()
    assert again.stdout.startswith("untrusted comment: minisign public key ")
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadKeyError, match="there already"):
        CliRunner().invoke(keys, ["new", str(key)], catch_exceptions=False)


def test_a_list_is_published_proved_and_the_next_time_only_said_to_hold(
    data: Path, key: Path
) -> None:
    if reason := CONSUMERS["dnsmasq"].why_not_here():
        pytest.skip(reason)

    first = run(*usual(data, "--minisign-key", key, "--require", "dnsmasq"))
    second = run(*usual(data, "--minisign-key", key))

    assert first.exit_code == second.exit_code == 0
    proved, outcome = first.stdout.splitlines()
    assert proved.startswith("proved   hosts.txt                  dnsmasq 2.")
    assert "3 listed, " in proved
    assert outcome.startswith(
        f"serial 1 is published in {data.parent / 'lists'}: 3 entries, 3 newly"
    )
    assert "nothing has changed: serial 1 stays, and a new heartbeat says so" in second.stdout
    assert host(0) not in first.output
    public = sign.minisign_key(key).public_key()
    served = data.parent / "lists"
    sign.verify_minisign(
        (served / "manifest.json").read_bytes(), (served / "heartbeat.minisig").read_text(), public
    )


def test_json_has_the_checks_and_what_was_not_proved(data: Path, key: Path) -> None:
    result = run(*usual(data, "--minisign-key", key, "--verify", "none", "--json"))

    (line,) = result.stdout.splitlines()
    told = json.loads(line)
    assert (told["outcome"], told["serial"], told["verify"]) == ("published", 1, "none")
    assert (told["checks"], told["not_proved"], told["admitted"]) == ([], ["hosts"], 3)
    assert "Warning: no format was proved: --verify none was asked for" in result.stderr
    assert "the list is empty" not in result.stderr
    with open_store(data) as store:
        assert audit.of_action(store, "list.proved")[-1].detail["verify"] == "none"


def test_an_empty_list_is_told_to_be_one_that_clients_refuse(tmp_path: Path) -> None:
    data = tmp_path / "data"
    open_store(data).close()

    first, again = (run(*usual(data, "--verify", "none")) for _ in range(2))

    assert "the list is empty" in first.stderr
    assert "ALLOW_EMPTY=yes" in first.stderr
    assert "the list is empty" not in again.stderr  # nothing was published


def test_a_format_without_a_program_is_told_to_be_not_proved(data: Path, key: Path) -> None:
    args = ("--data", data, "--out", data.parent / "lists", "--format", "csv")

    result = run(*args, "--minisign-key", key)

    assert result.exit_code == 0
    assert "Warning: not proved: csv" in result.stderr


def test_another_key_is_refused_and_a_person_with_an_account_may_say_it_is_new(
    data: Path, key: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.key"
    key_files.put_secret(other, sign.new_minisign_key())
    config = ServeConfig(data)
    add_user(config, "aliya", PASSWORD, role="exporter", full_name="Aliya", language="kk")
    add_user(config, "bota", PASSWORD, role="reviewer", full_name="Bota", language="kk")
    plain = usual(data, "--verify", "none", "--minisign-key")
    run(*plain, key)

    with pytest.raises(OtherKeyError):
        run(*plain, other)
    nameless = run(*plain, other, "--new-key")
    assert nameless.exit_code == 2
    assert "add --as with your account" in nameless.stderr
    said = ("--new-key", "--password-file", "-", "--as")
    with pytest.raises(Exception, match="may not export"):
        run(*plain, other, *said, "bota", text=f"{PASSWORD}\n")
    done = run(*plain, other, *said, "aliya", text=f"{PASSWORD}\n")

    assert done.exit_code == 0
    with open_store(data) as store:
        row = audit.of_action(store, "list.exported")[-1]
    assert row.subject == "2"
    assert not row.actor.startswith("cli:")


def test_what_each_program_made_of_a_list_that_fails_is_printed(
    data: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish_module, "Gate", lambda **_how: stand_in("false"))
    runner = CliRunner()

    result = runner.invoke(
        publish,
        ["--data", str(data), "--out", str(data.parent / "lists"), "--minisign-key", str(key)],
    )

    assert isinstance(result.exception, GateError)
    assert result.stderr.startswith("failed   rpz.zone")
    assert not (data.parent / "lists" / "current").exists()


def test_a_held_list_is_told_with_what_left_it_and_is_no_success(data: Path, key: Path) -> None:
    plain = usual(data, "--verify", "none", "--minisign-key", key)
    run(*plain)
    with open_store(data) as store:
        lifted(store, host(1))
    bad = damage(data)

    first, again, third = (held(*plain, *more) for more in ((), (), ("--json",)))
    with open_store(data) as store:
        lifted(store, host(2))
    fourth = held(*plain, "--json")

    assert first.stdout.startswith(
        f"removals only: serial 2 is published in {data.parent / 'lists'}: the list before without 1 of its"
        " entries, which no longer hold; 2 stay, nothing is new; good until"
    )
    assert str(first.exception).startswith(
        f"the list of all that people approved is held: {bad} is damaged"
    )
    assert again.stdout.startswith("nothing was lifted: serial 2 stays, and a new heartbeat")
    told = json.loads(third.stdout)
    assert (told["outcome"], told["serial"], told["entries"]) == ("held", 2, 2)
    told = json.loads(fourth.stdout)
    assert (told["outcome"], told["serial"], told["removed"]) == ("removals_only", 3, 1)
    assert told["held"].startswith(f"{bad} is damaged")


def test_what_each_program_made_of_a_list_that_is_held_is_printed_as_well(
    data: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = usual(data, "--minisign-key", key, "--format", "rpz")
    run(*plain, "--verify", "none")
    monkeypatch.setattr(publish_module, "Gate", lambda **_how: stand_in("false"))

    still = held(*plain)
    with open_store(data) as store:
        lifted(store, host(1))
    blocked = held(*plain)

    assert still.stdout.startswith("nothing was lifted: serial 1 stays")
    assert still.stderr.startswith("failed   rpz.zone")
    assert blocked.stderr.startswith("failed   rpz.zone")
    assert isinstance(blocked.exception, StillBlockedError)


def held(*args: str | Path) -> Result:
    """The command, of which the error is looked at."""
    result = CliRunner().invoke(publish, [str(arg) for arg in args])
    assert isinstance(result.exception, ExportError)
    return result


def test_a_store_of_a_demo_is_refused(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        approve(store, "casino.example")

    with pytest.raises(AllowancesError):
        run(*usual(tmp_path / "data"))

    assert not (tmp_path / "lists").exists()


def test_a_missing_store_or_key_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        run(*usual(tmp_path / "none"))
    with pytest.raises(BadKeyError, match=r"cannot read the key or password in .*none\.key"):
        run(*usual(data, "--minisign-key", tmp_path / "none.key"))


def test_a_program_that_is_required_and_not_known_is_named(data: Path) -> None:
    result = run(*usual(data, "--require", "excel"))

    assert result.exit_code == 2
    assert "'excel' is not one of" in result.stderr


@pytest.mark.parametrize("option", ["--require=bind", "--canary=a.zz-qalqan.kz"])
def test_what_only_programs_can_say_is_not_asked_without_them(data: Path, option: str) -> None:
    result = run(*usual(data, option, "--verify", "none"))

    assert result.exit_code == 2
    assert "--verify none asks none" in result.stderr


def test_nothing_is_published_of_a_damaged_store(data: Path, key: Path) -> None:
    emptied(data / FILE_NAME, "decisions_case")

    with pytest.raises(StoreDamagedError, match="restore the file from the last backup"):
        run(*usual(data, "--minisign-key", key, "--verify", "none"))

    assert not (data.parent / "lists").exists()
