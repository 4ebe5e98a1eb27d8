"""The browser's only way out: what it lets through, what it keeps back, and when it ends."""

import asyncio
import base64
import re
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import pytest

from crawler.egress import Egress, Pass, PassLimits
from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Network
from tests.crawler.conftest import plan_for
from tests.crawler.test_guard import SPELLINGS
from tests.site.web import Answer, Web

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
LIMITS = PassLimits(max_bytes=1_000_000, seconds=20.0)
PRIVATE_NAMES = tuple(
    map(
        Override.parse,
        ("inside.lan:127.0.0.1", "mapped.lan:::ffff:127.0.0.1", "sixth.lan:::1"),
    )
)


def _allowing(web: Web) -> Network:
    return plan_for(web).network


def _within(network: Network, work: Callable[[Egress], Awaitable[None]]) -> None:
    async def run() -> None:
        egress = Egress(network)
        await egress.start()
        try:
            await work(egress)
        finally:
            await egress.close()

    asyncio.run(run())


async def _said(egress: Egress, request: str, taken: Pass | None, *, more: bytes = b"") -> bytes:
    """All that the proxy answers to `request`, and to `more` sent after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", egress.port)
    line, _, fields = request.partition("\n")
    if taken is not None:
        basic = base64.b64encode(f"{taken.user}:{taken.password}".encode()).decode()
        fields += f"Proxy-Authorization: Basic {basic}\n"
    writer.write(f"{line}\n{fields}\n".replace("\n", "\r\n").encode() + more)
    said = b""
    try:
        while not _is_whole(said) and (data := await reader.read(65536)):
            said += data
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return said


def _is_whole(said: bytes) -> bool:
    """Whether the last head in `said` promised so many bytes, and they have come."""
    head, _, body = said.removeprefix(ESTABLISHED).partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    return length is not None and len(body) >= int(length.group(1))


@pytest.fixture
def canary() -> Iterator[Web]:
    with Web() as running:
        running.put("http://*/", "SECRET")
        yield running


def test_an_allowed_page_comes_through_as_a_request_of_its_own(web: Web) -> None:
    web.put("http://a.test/p?q=1", "hello")

    async def work(egress: Egress) -> None:
        taken = egress.open(LIMITS)
        answer = await _said(
            egress,
            f"GET http://a.test:{web.port}/p?q=1 HTTP/1.1\nHost: a.test\nConnection: keep-alive\n",
            taken,
        )
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert b"Connection: close" in answer
        assert answer.endswith(b"hello")
        assert 0 < taken.bytes < 2_000
        assert taken.refused == []

    _within(_allowing(web), work)
    assert web.requests == [("a.test", "/p?q=1")]


def test_a_tunnel_to_an_allowed_address_carries_what_is_sent(web: Web) -> None:
    web.put("http://a.test/", "through the tunnel")

    async def work(egress: Egress) -> None:
        answer = await _said(
            egress,
            f"CONNECT a.test:{web.port} HTTP/1.1\n",
            egress.open(LIMITS),
            more=b"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n",
        )
        assert b"200 Connection established" in answer
        assert b"through the tunnel" in answer

    _within(_allowing(web), work)


@pytest.mark.parametrize("verb", ["GET", "CONNECT"])
def test_no_spelling_of_a_private_address_reaches_the_canary(canary: Web, verb: str) -> None:
    async def work(egress: Egress) -> None:
        for spelling in SPELLINGS:
            taken = egress.open(LIMITS)
            place = f"{spelling}:{canary.port}"
            target = place if verb == "CONNECT" else f"http://{place}/"
            answer = await _said(egress, f"{verb} {target} HTTP/1.1\nHost: x\n", taken)
            assert answer.split(b" ")[1] in {b"400", b"403", b"502"}, spelling

    _within(Network(overrides=PRIVATE_NAMES), work)
    assert canary.requests == []


def test_without_the_guard_the_same_spellings_do_reach_the_canary(canary: Web) -> None:
    everywhere = AddressPolicy((Allowance.parse("0.0.0.0/0"), Allowance.parse("::/0")))
    reached = []

    async def work(egress: Egress) -> None:
        for spelling in ("127.1", "2130706433", "inside.lan", "localhost"):
            request = f"GET http://{spelling}:{canary.port}/ HTTP/1.1\nHost: x\n"
            reached.append(b"SECRET" in await _said(egress, request, egress.open(LIMITS)))

    _within(Network(addresses=everywhere, overrides=PRIVATE_NAMES), work)
    assert all(reached)


def test_what_the_guard_kept_back_is_told(canary: Web) -> None:
    async def work(egress: Egress) -> None:
        taken = egress.open(LIMITS)
        await _said(egress, f"CONNECT inside.lan:{canary.port} HTTP/1.1\n", taken)
        assert taken.refused == [f"inside.lan:{canary.port}"]

    _within(Network(overrides=PRIVATE_NAMES), work)


def test_a_name_that_changes_its_answer_is_connected_to_where_it_was_checked(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server in two minds: first an address that may be reached, ever after a private one."""
    answers = iter(["127.0.0.1"])
    asked = []
    real = socket.getaddrinfo

    def two_minds(host: str, port: int | None, *rest: int, **more: int) -> object:
        if host != "rebinding.kz":
            return real(host, port, *rest, **more)
        asked.append(host)
        return real(next(answers, "127.0.0.2"), port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", two_minds)

    async def work(egress: Egress) -> None:
        request = f"GET http://rebinding.kz:{web.port}/ HTTP/1.1\nHost: x\n"
        first = await _said(egress, request, egress.open(LIMITS))
        second = await _said(egress, request, egress.open(LIMITS))
        assert b" 404 " in first.split(b"\r\n")[0]
        assert b" 403 " in second.split(b"\r\n")[0]

    _within(_allowing(web), work)
    assert len(web.requests) == 1
    assert asked == ["rebinding.kz"] * 2


@pytest.mark.parametrize("password", ["", "guessed"])
def test_nobody_gets_through_without_the_password_of_an_open_page(web: Web, password: str) -> None:
    async def work(egress: Egress) -> None:
        stranger = egress.open(LIMITS)
        egress.shut(stranger)
        known = replace(stranger, password=password) if password else None
        for verb in (f"GET http://a.test:{web.port}/", f"CONNECT a.test:{web.port}"):
            for one in (known, stranger):
                answer = await _said(egress, f"{verb} HTTP/1.1\nHost: x\n", one)
                assert answer.startswith(b"HTTP/1.1 407 ")

    _within(_allowing(web), work)
    assert web.requests == []


def test_a_pass_ends_with_its_seconds(web: Web) -> None:
    async def work(egress: Egress) -> None:
        taken = egress.open(replace(LIMITS, seconds=0.05))
        await asyncio.sleep(0.1)
        request = f"GET http://a.test:{web.port}/ HTTP/1.1\nHost: x\n"
        assert (await _said(egress, request, taken)).startswith(b"HTTP/1.1 407 ")

    _within(_allowing(web), work)
    assert web.requests == []


def test_a_page_gets_no_more_bytes_than_it_may_have(web: Web) -> None:
    web.answer("http://a.test/", Answer(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000_000))

    async def work(egress: Egress) -> None:
        taken = egress.open(replace(LIMITS, max_bytes=300_000))
        request = f"GET http://a.test:{web.port}/ HTTP/1.1\nHost: x\n"
        assert len(await _said(egress, request, taken)) < 300_200
        assert len(await _said(egress, request, taken)) < 200

    _within(_allowing(web), work)


def test_a_page_gets_no_more_connections_than_it_may_have(web: Web) -> None:
    web.put("http://a.test/", "hello")

    async def work(egress: Egress) -> None:
        taken = egress.open(replace(LIMITS, connections=2))
        request = f"GET http://a.test:{web.port}/ HTTP/1.1\nHost: x\n"
        heads = [(await _said(egress, request, taken))[:12] for _ in range(3)]
        assert heads == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 429"]

    _within(_allowing(web), work)


def test_a_mute_site_ends_with_the_page(web: Web) -> None:
    web.answer("http://a.test/", Answer(body=b"late", pause_s=5.0))

    async def work(egress: Egress) -> None:
        taken = egress.open(replace(LIMITS, seconds=0.5))
        began = time.monotonic()
        request = f"GET http://a.test:{web.port}/ HTTP/1.1\nHost: x\n"
        assert await _said(egress, request, taken) == b""
        assert time.monotonic() - began < 4

    _within(_allowing(web), work)


@pytest.mark.parametrize(
    "request_text",
    [
        "GET / HTTP/1.1\n",
        "GET https://a.test/ HTTP/1.1\n",
        "GET file:///etc/passwd HTTP/1.1\n",
        "GET ftp://a.test/ HTTP/1.1\n",
        "GET http://user:word@a.test/ HTTP/1.1\n",
        "GET http://a.test:99999/ HTTP/1.1\n",
        "GET http://[::1/ HTTP/1.1\n",
        "CONNECT a.test HTTP/1.1\n",
        "CONNECT a.test:0 HTTP/1.1\n",
        "CONNECT a.test:80:80 HTTP/1.1\n",
        "CONNECT a@b.test:80 HTTP/1.1\n",
        "get http://a.test/ HTTP/1.1\n",
        "GET http://a.test/ HTTP/2\n",
        "GET http://a.test/ HTTP/1.1\nno field\n",
        "nothing\n",
    ],
)
def test_what_no_browser_asks_a_proxy_is_refused(web: Web, request_text: str) -> None:
    async def work(egress: Egress) -> None:
        answer = await _said(egress, request_text, egress.open(LIMITS))
        assert answer.startswith(b"HTTP/1.1 400 ")

    _within(_allowing(web), work)
    assert web.requests == []


def test_a_head_without_end_is_cut_off(web: Web) -> None:
    async def work(egress: Egress) -> None:
        answer = await _said(egress, f"GET http://a.test/ HTTP/1.1\nX: {'x' * 200_000}\n", None)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")

    _within(_allowing(web), work)


def test_where_the_plan_has_a_proxy_it_is_asked_and_plainly_private_hosts_are_not_handed_to_it(
    web: Web,
) -> None:
    web.put("http://a.test/", "hello")

    async def work(behind: Egress) -> None:
        its = behind.open(LIMITS)
        network = Network(proxy=f"http://{its.user}:{its.password}@127.0.0.1:{behind.port}")
        egress = Egress(network)
        await egress.start()
        taken = egress.open(LIMITS)
        request = f"GET http://a.test:{web.port}/ HTTP/1.1\nHost: a.test\n"
        assert (await _said(egress, request, taken)).endswith(b"hello")
        tunnelled = await _said(
            egress,
            f"CONNECT a.test:{web.port} HTTP/1.1\n",
            taken,
            more=b"GET / HTTP/1.0\r\nHost: a.test\r\n\r\n",
        )
        assert tunnelled.endswith(b"hello")
        for host in ("localhost", "127.1", "[::ffff:7f00:1]", "printer", "db.internal"):
            refused = await _said(egress, f"CONNECT {host}:{web.port} HTTP/1.1\n", taken)
            assert refused.startswith(b"HTTP/1.1 403 ")
        await egress.close()

    _within(_allowing(web), work)
    assert len(web.requests) == 2


def test_after_the_end_nothing_answers(web: Web) -> None:
    async def run() -> None:
        egress = Egress(_allowing(web))
        await egress.start()
        taken = egress.open(LIMITS)
        await egress.close()
        with pytest.raises(OSError, match=r"."):
            await _said(egress, f"GET http://a.test:{web.port}/ HTTP/1.1\n", taken)

    asyncio.run(run())
    assert web.requests == []
