"""Which addresses may be reached, from the arithmetic to whole crawls that try to reach a canary."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.guard import AddressPolicy, Allowance, BadAllowanceError, Override, resolved_by
from crawler.plan import CrawlPlan, Network
from crawler.run import crawl
from review_queue.records import Seed
from tests.crawler.conftest import Crawl, no_language, plan_for
from tests.site.web import Web

PRIVATE = (
    "0.0.0.0",  # noqa: S104  # nothing is bound
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "2606:4700::5efe:7f00:1",
    "3fff::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)
PUBLIC = (
    "8.8.8.8",
    "1.1.1.1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2606:4700::1111",
    "2a02::5efe:808:808",
)
SPELLINGS = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "127.0.0.1.",
    "0",
    "0.0.0.0",  # noqa: S104  # nothing is bound
    "127.127.127.127",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "%31%32%37.0.0.1",
    "user:word@127.0.0.1",
    "inside.lan",
    "mapped.lan",
    "sixth.lan",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not AddressPolicy().permits(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert AddressPolicy().permits(address, 80)


def test_what_is_no_address_is_refused() -> None:
    assert not AddressPolicy().permits("name.kz", 80)


def test_an_allowance_holds_for_its_network_and_port_only() -> None:
    policy = AddressPolicy(
        (
            Allowance.parse("127.0.0.1/32:8000"),
            Allowance.parse("[fd00::/8]:80"),
            Allowance.parse("10.0.0.0/8"),
        )
    )

    assert policy.permits("127.0.0.1", 8000)
    assert policy.permits("::ffff:127.0.0.1", 8000)
    assert not policy.permits("127.0.0.1", 8001)
    assert not policy.permits("127.0.0.2", 8000)
    assert policy.permits("fd12::1", 80)
    assert not policy.permits("fd12::1", 81)
    assert policy.permits("10.200.0.1", 1)


@pytest.mark.parametrize(
    "text", ["", "name.kz", "127.0.0.1:0", "127.0.0.1:70000", "127.0.0.1:x", "[::1", "1.2.3.4/33"]
)
def test_an_allowance_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadAllowanceError, match="not an address range"):
        Allowance.parse(text)


def test_names_are_resolved_by_the_closest_override() -> None:
    overrides = tuple(
        map(
            Override.parse,
            ("*.test:127.0.0.1", "a.test:127.0.0.2", "*.b.test:::1", "қала.test:[::2]"),
        )
    )

    assert resolved_by(overrides, "x.y.test") == "127.0.0.1"
    assert resolved_by(overrides, "a.test") == "127.0.0.2"
    assert resolved_by(overrides, "c.b.test") == "::1"
    assert resolved_by(overrides, "xn--80aa6a83a.test") == "::2"
    assert resolved_by(overrides, "test") == resolved_by(overrides, "other.kz") == ""


@pytest.mark.parametrize(
    "text", ["a.test", "a.test:", ":127.0.0.1", "a b:127.0.0.1", "a.test:b.test"]
)
def test_an_override_that_cannot_be_read_is_told(text: str) -> None:
    with pytest.raises(BadAllowanceError, match="where a name leads"):
        Override.parse(text)


@pytest.mark.parametrize(
    "proxy",
    [
        "127.0.0.1:3128",
        "https://p.kz",
        "socks5://p.kz",
        "http://",
        "http://p.kz:99999",
        "http://p.kz/x",
    ],
)
def test_what_is_no_plain_http_proxy_is_told(proxy: str) -> None:
    with pytest.raises(BadAllowanceError, match="not a plain HTTP proxy"):
        Network(proxy=proxy)


def test_the_recorded_policy_does_not_hold_the_proxys_password() -> None:
    plan = CrawlPlan(network=Network(proxy="http://officer:secret@127.0.0.1:3128"))

    assert plan.policy()["proxy"] == "127.0.0.1:3128"
    assert "secret" not in str(plan.policy())


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "localhost", "a.localhost", "10.0.0.1", "a b"],
)
def test_a_private_host_is_not_handed_to_a_proxy(host: str) -> None:
    assert not AddressPolicy().permits_literal(host, 80)


def test_names_and_public_or_allowed_addresses_are_handed_to_a_proxy() -> None:
    policy = AddressPolicy((Allowance.parse("127.0.0.1:8000"),))

    assert policy.permits_literal("name.kz", 80)
    assert policy.permits_literal("8.8.8.8", 80)
    assert policy.permits_literal("127.0.0.1", 8000)
    assert not policy.permits_literal("127.0.0.1", 80)


def test_no_spelling_of_a_private_address_reaches_the_canary(web: Web, data: Path) -> None:
    """`web` is the canary here: it stands on loopback, and nothing is allowed."""
    overrides = tuple(
        map(
            Override.parse, ("inside.lan:127.0.0.1", "mapped.lan:::ffff:127.0.0.1", "sixth.lan:::1")
        )
    )
    # a path of its own each, so that spellings which mean the same are still all tried
    seeds = tuple(Seed(f"http://{host}:{web.port}/{i}") for i, host in enumerate(SPELLINGS))

    plan = replace(plan_for(web), network=Network(overrides=overrides))
    report = crawl(data, seeds, plan, detect_language=no_language)

    assert web.requests == []
    assert report.errors == {"address_refused": len(SPELLINGS)}


def test_redirects_and_links_do_not_reach_the_canary_on_another_port(web: Web, run: Crawl) -> None:
    with Web() as canary:
        away = f"http://in.a.test:{canary.port}"
        web.put(
            "http://a.test/",
            "".join(f'<a href="{href}">x</a>' for href in ("/r1", "/r2", f"{away}/link")),
        )
        web.put("http://a.test/r1", "", status=302, Location=f"{away}/redirect")
        web.put("http://a.test/r2", "", status=301, Location="/r3")
        web.put("http://a.test/r3", "", status=307, Location=f"{away}/far")

        report = run("http://a.test/")

        assert canary.requests == []
        assert report.pages == 1
        assert report.errors == {"address_refused": 3}


_RAW = """
import sys
from scrapy.utils.reactor import install_reactor
install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
from twisted.internet import defer, reactor
from twisted.web.client import Agent
from crawler.guard import AddressPolicy
from crawler.resolver import GuardedResolver
GuardedResolver(reactor, AddressPolicy(), (), None).install_on_reactor()
agent = Agent(reactor, connectTimeout=5)
hosts = sys.argv[2].split(" ")
wanted = [agent.request(b"GET", f"http://{h}:{sys.argv[1]}/".encode()) for h in hosts]
def done(results):
    print(sum(ok for ok, _ in results), len(results))
    reactor.stop()
defer.DeferredList(wanted, consumeErrors=True).addCallback(done)
reactor.run()
"""


def test_the_resolver_itself_refuses_spellings_that_no_url_parser_has_tidied(web: Web) -> None:
    hosts = [
        h
        for h in SPELLINGS
        if h.isascii() and "@" not in h and "%" not in h and not h.endswith(".lan")
    ]

    done = subprocess.run(
        [sys.executable, "-c", _RAW, str(web.port), " ".join(hosts)],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )

    assert done.stdout.split() == ["0", str(len(hosts))]
    assert web.requests == []
