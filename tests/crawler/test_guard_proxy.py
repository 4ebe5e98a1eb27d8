"""With a proxy, or a name server that changes its answers, the guard sees least: what it lets through all the same."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from crawler.guard import AddressPolicy
from crawler.plan import Network
from crawler.run import crawl
from review_queue.records import Seed
from review_queue.store import open_store
from tests.crawler.conftest import no_language, plan_for
from tests.site.web import Answer, Web

# no proxy may be asked for these
PRIVATE: Final = (
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0X7F.0.0.1",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "017700000001",
    "0177.0.0.01",
    "0177.0x0.1",
    "127.0.0.1.",
    "0",
    "0x0",
    "0.0.0.0",  # noqa: S104  # nothing is bound
    "0.0.0.0.",
    "%31%32%37.0.0.1",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "user:word@127.0.0.1",
    "user@localhost",
    "10.0.0.1",
    "0xa.1",
    "167772161",
    "172.16.0.1",
    "192.168.1.1",
    "3232235777",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "224.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:0001]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "localhost",
    "LocalHost",
    "localhost.",
    "a.localhost",
    "localhost.localdomain",
    "ｌｏｃａｌｈｏｓｔ",
    "local%68ost",
    "metadata",
    "router.",
    "metadata.google.internal",
    "wiki.intranet",
    "printer.local",
    "nas.lan",
    "box.home.arpa",
    "home.arpa",
    "db.corp",
)
# no URL at all
BROKEN: Final = ("[fe80::1%25eth0]", "[::1%25lo]", "[::1", "127.0.0.1.0.0", "a b", "%00", "[v1.x]")
PUBLIC: Final = ("name.kz", "8.8.8.8", "[2606:4700::1111]", "localhost.kz", "internal.example.kz")


@pytest.mark.parametrize("host", PUBLIC)
def test_a_public_name_or_address_is_handed_to_a_proxy(host: str) -> None:
    assert AddressPolicy().permits_literal(host, 80)


def test_a_proxy_is_asked_for_none_of_75_spellings_by_seed_redirect_or_link(
    web: Web, data: Path
) -> None:
    """`web` is the proxy, and whatever host it is asked for would have been reached."""
    assert len(set(PRIVATE)) == 75
    hosts = (*PRIVATE, *BROKEN)
    links = [f'<a href="http://{host}:81/in/{n}">x</a>' for n, host in enumerate(hosts)]
    web.put("http://a.example/", '<meta charset="utf-8">' + "".join(links[:40]))
    web.put("http://a.example/more", '<meta charset="utf-8">' + "".join(links[40:]))
    for n, host in enumerate(hosts):
        where = f"http://{host}:81/to/{n}"
        raw = f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n"
        web.answer(f"http://a.example/r{n}", Answer(raw=raw.encode()))
    away = tuple(f"http://a.example/r{n}" for n in range(len(hosts)))
    seeds = (*away, "http://a.example/", "http://a.example/more")
    private = tuple(f"{s}://{h}:82/" for h in PRIVATE for s in ("http", "https"))
    plan = replace(plan_for(web), network=Network(proxy=web.proxy), discover=500)
    plan = replace(plan, budget=replace(plan.budget, max_pages=300))

    report = crawl(data, tuple(map(Seed, (*seeds, *private))), plan, detect_language=no_language)

    assert {host for host, _ in web.requests} == {"a.example"}
    assert report.pages == 2
    with open_store(data) as store:
        asked = {row["url"] for row in store.rows("SELECT url FROM frontier WHERE last_error = ''")}
    assert asked == {"http://a.example/", "http://a.example/more"}


def test_the_proxy_is_not_asked_for_itself(web: Web, data: Path) -> None:
    web.put("http://a.example/", "text")
    proxy = f"http://localhost:{web.port}"
    plan = replace(plan_for(web), network=Network(proxy=proxy))

    report = crawl(
        data,
        tuple(map(Seed, ("http://a.example/", f"{proxy}/", "http://localhost:1/"))),
        plan,
        detect_language=no_language,
    )

    assert {host for host, _ in web.requests} == {"a.example"}
    assert report.errors == {"address_refused": 2}


_REBINDING = """
import sys
from scrapy.utils.reactor import install_reactor
install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
from twisted.internet import defer, reactor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.web.client import Agent
from crawler.guard import AddressPolicy, Allowance
from crawler.resolver import GuardedResolver

canary, open_port = int(sys.argv[1]), int(sys.argv[2])
ANSWERS = [
    ["127.0.0.1"],                      # looked at: allowed
    ["127.0.0.2"], ["::1"], ["::ffff:127.0.0.2"], ["0.0.0.0"], ["10.0.0.1", "127.0.0.2"],
    ["127.0.0.2", "127.0.0.1"], ["::ffff:7f00:2"], ["fe80::1%lo"], [], ["169.254.169.254"],
]


class Rebinding:
    def __init__(self):
        self.asked = 0

    def resolveHostName(self, receiver, hostName, portNumber=0, addressTypes=None, transportSemantics="TCP"):
        answer = ANSWERS[self.asked % len(ANSWERS)]
        self.asked += 1
        receiver.resolutionBegan(self)
        for address in answer:
            made = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(made("TCP", address, portNumber))
        receiver.resolutionComplete()
        return self


rebinding = Rebinding()
reactor.installNameResolver(rebinding)
policy = AddressPolicy((Allowance.parse(f"127.0.0.1/32:{open_port}"),))
GuardedResolver(reactor, policy, (), None).install_on_reactor()
agent = Agent(reactor, connectTimeout=3)


async def ask():
    reached = refused = 0
    for _ in range(3):
        for port in (open_port, canary):
            for _ in ANSWERS:
                try:
                    await agent.request(b"GET", f"http://turns.example:{port}/".encode())
                    reached += 1
                except Exception:
                    refused += 1
    print(reached, refused, rebinding.asked)
    reactor.stop()


reactor.callWhenRunning(lambda: defer.ensureDeferred(ask()))
reactor.run()
"""


def test_a_name_server_that_changes_its_answers_never_leads_to_the_canary() -> None:
    """Each connection is judged by the very addresses it is given, so an earlier harmless answer helps nobody."""
    with Web() as allowed, Web("127.0.0.2") as canary:
        done = subprocess.run(
            [sys.executable, "-c", _REBINDING, str(canary.port), str(allowed.port)],
            capture_output=True,
            text=True,
            check=True,
            timeout=200,
        )

        reached, refused, asked = map(int, done.stdout.split())
        assert canary.requests == []
        # 127.0.0.1 is among two of the eleven answers, and allowed on one of the two ports
        assert (reached, len(allowed.requests)) == (6, 6)
        assert reached + refused == asked == 66
