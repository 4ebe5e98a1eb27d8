"""The client and Suricata inline on a wire, set up by the sample of the kit: put in force, refused, rolled back."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest

from blocklist.consumers import programs
from blocklist.consumers.nftables import namespace
from review_queue.blocks import normal
from review_queue.categories import Scope
from tests.blocklist.consumers_proxy import path_of
from tests.blocklist.consumers_suricata import RULES, SET, files, written
from tests.blocklist.odd_names import longest_of, odd_names
from tests.blocklist.samples import domain, entry
from tests.provider.clients import CHECK, KIT, OK, PATH, ROLLED_BACK, Client, client
from tests.provider.feeds import PlainFeed, proxy
from tests.provider.lists import Publisher
from tests.provider.test_consumers import spoil
from tests.provider.test_samples import functions

SAMPLE = (KIT / "samples" / "suricata" / "qalqan.yaml").read_text()
SETTINGS = Path("/etc/suricata/suricata.yaml")
ROOT = Path(__file__).parents[2]
ASKED = tuple(
    f"{speaks} {name}"
    for name in ("shop.example", "a.casino.example", "egov.example")
    for speaks in ("tls", "http", "quic")
)


def sample(lists: Path) -> str:
    """The sample, with the lists where the test has them, as a part of other settings."""
    return SAMPLE.partition("---\n")[2].replace("/var/lib/qalqan/current", str(lists))


@dataclass(frozen=True, slots=True)
class Inline:
    """Suricata on its wire."""

    process: "subprocess.Popen[str]"
    path: str  # the PATH of a client

    def states(self, asked: Sequence[str] = ASKED) -> str:
        """Of each connection: b where it is blocked, o where it is open."""
        assert self.process.stdin
        assert self.process.stdout
        found = []
        for each in asked:
            self.process.stdin.write(f"{each}\n")
            self.process.stdin.flush()
            found.append(self.process.stdout.readline()[:1])
        return "".join(found)


@contextmanager
def inline(settings: str, folder: Path) -> Iterator[Inline]:
    """Suricata runs on a wire with these settings; a wrapper in the folder leads `suricatasc` to it."""
    path_of("suricata", "suricata")
    path_of("unshare", "util-linux")
    place = folder / "engine"
    place.mkdir()
    (place / "sample").write_text(settings)
    can = [*namespace(), path_of("ip", "iproute2"), "link", "add", "dev", "one", "type", "veth"]
    if subprocess.run(can, capture_output=True, check=False).returncode:
        pytest.skip("this machine gives no network namespace with a wire in it")
    wrapper = place / "wrappers" / "suricatasc"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec {path_of("suricatasc", "suricata")} "$@" {place}/socket\n')
    wrapper.chmod(0o755)
    command = [
        *namespace(),
        sys.executable,
        "-m",
        "tests.provider.inline",
        str(place),
        str(place / "sample"),
    ]
    with subprocess.Popen(
        programs.tied(command), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            raise AssertionError((place / "output").read_text())
        yield Inline(process, f"{wrapper.parent}:{PATH}")
        assert process.stdin
        process.stdin.close()


@contextmanager
def published(
    tmp_path: Path, own: Path, read: str = "current"
) -> Iterator[tuple[Publisher, Client, Inline]]:
    """A publisher, a client that has fetched nothing yet, and Suricata, which reads its own rules and the client's."""
    publisher = Publisher(tmp_path / "publisher", formats=("suricata",))
    publisher.publish("casino.example", scope=Scope.DOMAIN)
    with (
        programs.own_folder() as folder,
        proxy(PlainFeed(publisher.lists / "current").answer) as feed,
    ):
        found = client(tmp_path / "client", feed.url, publisher.public_key,
                       CONSUMER="suricata", FILES="", TARGET=str(folder / "lists"), CANARY_TIME="1")  # fmt: skip
        assert found.run("--prepare").returncode == OK
        settings = sample(folder / "lists" / read).replace("files:\n", f"files:\n  - {own}\n")
        with inline(settings, folder) as engine:
            yield publisher, found, engine


@pytest.fixture(scope="module")
def one_list(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    """A publisher with a list of one domain."""
    path_of("suricata", "suricata")
    publisher = Publisher(tmp_path_factory.mktemp("publisher"), formats=("suricata",))
    publisher.publish("casino.example", scope=Scope.DOMAIN)
    return publisher


def test_suricata_drops_what_the_client_puts_in_force_and_lets_go_what_it_takes_back(
    tmp_path: Path,
) -> None:
    # a rule of the provider has the number of our fourth one, so Suricata leaves ours out and says that all is done
    own = tmp_path / "own.rules"
    own.write_text('alert ip any any -> any any (msg:"x"; ip_proto:250; sid:1700003; rev:99;)\n')
    with published(tmp_path, own) as (publisher, found, engine):
        before = engine.states()
        first = found.run(path=engine.path)
        after_first = engine.states()
        publisher.publish("shop.example")
        second = found.run(path=engine.path)
        after_second = engine.states()
        own.write_text("")
        third = found.run("--now", path=engine.path)
        after_third = engine.states()

    assert (before, first.returncode, after_first) == ("ooooooooo", OK, "ooobbbooo"), first.stderr
    assert (second.returncode, after_second) == (ROLLED_BACK, "ooobbbooo"), second.stderr
    assert "does not say that it has loaded serial 2" in second.stderr
    assert (third.returncode, after_third) == (OK, "bbbbbbooo"), third.stderr


def test_a_list_that_suricata_was_not_told_to_read_is_taken_back(tmp_path: Path) -> None:
    own = tmp_path / "own.rules"
    own.write_text("")
    with published(tmp_path, own, read="elsewhere") as (_, found, engine):
        done = found.run(path=engine.path)

    assert done.returncode == ROLLED_BACK, done.stderr
    assert "does not say that it has loaded serial 1" in done.stderr


# a rule such as ours, with what only Suricata itself sees
NO_HEX = (
    b'drop http any any -> any 80 (msg:"Qalqan block list"; flow:established,to_server; http.host;'
    b' to_lowercase; content:"a.example"; startswith; pcre:"/^\\.?$/R"; http.uri.raw;'
    b' content:"|zz|"; bsize:1; sid:1700009; rev:1;)\n'
)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (RULES, b'drop ip any any -> any any (msg:"x"; sid:9;)\n'),
        (
            RULES,
            b'drop tls any any -> any any (msg:"Qalqan block list"; tls.sni; content:"e"; sid:1700009; rev:1;)\n',
        ),
        (RULES, NO_HEX),
        (RULES, b"<!DOCTYPE html>\n"),
        (RULES, b"drop tls any any -> any any (msg"),
        (RULES, b"\n"),
        (SET, b"zoo.example\n"),
        (SET, b"em9vLmV4YW1wbGU="),
    ],
)
def test_a_list_that_suricata_would_take_wrongly_is_refused_although_it_is_signed(
    name: str, line: bytes, one_list: Publisher, tmp_path: Path
) -> None:
    served = tmp_path / "served"
    shutil.copytree(one_list.lists / "current", served)
    spoil(served, one_list.key, name, line)
    with proxy(PlainFeed(served).answer) as feed:
        found = client(tmp_path / "client", feed.url, one_list.public_key,
                       CONSUMER="suricata", FILES="", RELOAD="true")  # fmt: skip
        refused = found.run()

    assert (refused.returncode, found.serial) == (CHECK, 0), refused.stderr
    assert "the check of suricata does not accept the list" in refused.stderr


def test_the_same_list_as_it_was_is_taken(one_list: Publisher, tmp_path: Path) -> None:
    with proxy(PlainFeed(one_list.lists / "current").answer) as feed:
        found = client(tmp_path / "client", feed.url, one_list.public_key,
                       CONSUMER="suricata", FILES="", RELOAD="true", LOADED="true")  # fmt: skip
        assert found.run().returncode == OK


def test_no_list_of_ours_is_taken_for_a_bad_one(tmp_path: Path) -> None:
    path_of("suricata", "suricata")
    names = [*islice(odd_names(253), 200)]
    odd = {
        normal(Scope.URL, f"http://odd.example:8080/{chr(sign)}?;|\\") for sign in range(0x21, 0x7F)
    }
    pages = [entry(each, Scope.URL) for each in odd]
    lists = files(
        *map(entry, names[::2]), *map(domain, names[1::2]), *pages, domain(longest_of(253))
    )
    written(tmp_path / "new", lists)
    written(tmp_path / "empty", files())

    done = functions(
        f"validate {tmp_path}/new && validate {tmp_path}/empty", tmp_path, CONSUMER="suricata"
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_the_sample_has_suricata_read_the_list_beside_the_rules_of_the_provider(
    tmp_path: Path,
) -> None:
    binary = path_of("suricata", "suricata")
    if not SETTINGS.exists():
        pytest.skip(f"{SETTINGS} is not here")
    lists = tmp_path / "lists"
    written(lists, files(domain("casino.example"), entry("shop.example")))
    own = tmp_path / "own.rules"
    own.write_text('alert ip any any -> any any (msg:"x"; ip_proto:250; sid:9;)\n')
    usual = SETTINGS.read_text().replace("\n  - suricata.rules\n", f"\n  - {own}\n")
    (policy,) = re.findall(r"(?m)^exception-policy: .*\n", SAMPLE)
    rules = sample(lists).partition("rule-files:\n")[2]
    (tmp_path / "qalqan.yaml").write_text(SAMPLE.replace("/var/lib/qalqan/current", str(lists)))
    written_in = re.sub(r"(?m)^exception-policy: .*\n", policy, usual)
    written_in = written_in.replace("\nrule-files:\n", f"\nrule-files:\n{rules}")

    def told(text: str) -> str:
        (tmp_path / "suricata.yaml").write_text(text)
        done = subprocess.run(
            [binary, "-T", "-v", "-c", str(tmp_path / "suricata.yaml"), "-l", str(tmp_path)],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        return done.stdout + done.stderr

    assert "2 rule files processed. 7 rules successfully loaded, 0 rules failed" in told(written_in)
    assert "exception-policy set to: ignore" in told(written_in)
    # what the sample warns of
    assert "1 rule files processed. 6 rules" in told(f"{usual}\ninclude: {tmp_path}/qalqan.yaml\n")


@pytest.mark.parametrize(("policy", "state"), [("", "o"), ("exception-policy: auto\n", "b")])
def test_a_connection_that_was_there_before_suricata_goes_on_with_the_sample_alone(
    policy: str, state: str, tmp_path: Path
) -> None:
    settings = sample(tmp_path / "none")
    if policy:
        settings = settings.replace("exception-policy: ignore\n", policy)

    with programs.own_folder() as folder, inline(settings, folder) as engine:
        assert engine.states(["old egov.example", "tls egov.example"]) == f"{state}o"
