"""A page opened in the browser tries every way it has to a canary on a private address."""

import json
import socket
from dataclasses import replace
from typing import Self

from crawler.browser import Visit
from crawler.browser_job import Browsing
from crawler.guard import AddressPolicy, Allowance, Override
from crawler.plan import Network
from tests.crawler.browsing import SANDBOX, needs_chromium, visits
from tests.crawler.conftest import plan_for
from tests.crawler.test_guard import SPELLINGS
from tests.site.web import Answer, Web

pytestmark = needs_chromium

# the title tells when the page has tried everything
ATTACK = """<!DOCTYPE html><html><head>
<link rel="dns-prefetch" href="//inside.lan:PORT"><link rel="preconnect" href="http://127.0.0.1:PORT">
<link rel="prefetch" href="http://127.0.0.1:PORT/prefetch"><link rel="stylesheet" href="http://127.0.0.1:PORT/css">
<link rel="prerender" href="http://127.0.0.1:PORT/prerender"><link rel="icon" href="http://127.0.0.1:PORT/icon">
<link rel="manifest" href="http://127.0.0.1:PORT/manifest">
<style>@import url(http://127.0.0.1:PORT/import);
@font-face { font-family: f; src: url(http://127.0.0.1:PORT/font) }
body { font-family: f; background: url(http://127.0.0.1:PORT/background) }</style>
<script src="http://127.0.0.1:PORT/script"></script>
<script type="speculationrules">{"prefetch": [{"source": "list", "urls": ["http://127.0.0.1:PORT/speculation"]}]}</script>
</head><body>text
<img src="http://127.0.0.1:PORT/img"><video src="http://127.0.0.1:PORT/video" autoplay></video>
<object data="http://127.0.0.1:PORT/object"></object><embed src="http://127.0.0.1:PORT/embed">
<iframe src="/refresh"></iframe><iframe src="/away"></iframe><iframe src="file:///etc/hostname"></iframe>
<iframe src="view-source:http://127.0.0.1:PORT/source"></iframe>
<form id="form" action="http://127.0.0.1:PORT/form" method="post" target="frame"></form><iframe name="frame"></iframe>
<a id="ping" href="#x" ping="http://127.0.0.1:PORT/ping">x</a>
<script>
const quietly = work => { try { const made = work(); if (made && made.catch) made.catch(() => 0) } catch (e) {} };
const hosts = HOSTS;
hosts.forEach((host, i) => {
  const at = `://${host}:PORT`;
  quietly(() => fetch('http' + at + '/fetch/' + i, {mode: 'no-cors'}));
  quietly(() => new WebSocket('ws' + at + '/socket/' + i));
  quietly(() => { const xhr = new XMLHttpRequest(); xhr.open('POST', 'http' + at + '/xhr/' + i); xhr.send('x') });
  quietly(() => { const f = document.createElement('iframe'); f.src = 'http' + at + '/iframe/' + i;
    document.body.append(f) });
});
const base = 'http://127.0.0.1:PORT';
quietly(() => fetch('/wait'));
quietly(() => fetch('/away', {mode: 'no-cors'}));
quietly(() => fetch('file:///etc/hostname'));
quietly(() => fetch('https://127.0.0.1:PORT/tls'));
quietly(() => new WebSocket('wss://127.0.0.1:PORT/tls'));
quietly(() => new EventSource(base + '/events'));
quietly(() => navigator.sendBeacon(base + '/beacon', 'x'));
quietly(() => navigator.serviceWorker.register('/worker.js'));
quietly(() => new Worker('/worker.js'));
quietly(() => new SharedWorker('/worker.js'));
quietly(() => new WebTransport('https://127.0.0.1:PORT/transport').ready);
quietly(() => open(base + '/window'));
quietly(() => document.getElementById('form').submit());
quietly(() => document.getElementById('ping').click());
quietly(() => {
  const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:UDP'}, {urls: 'stun:inside.lan:UDP'},
    {urls: ['turn:127.0.0.1:UDP?transport=udp', 'turn:127.0.0.1:PORT?transport=tcp'],
     username: 'u', credential: 'c'}]});
  peer.createDataChannel('x');
  peer.createOffer().then(offer => peer.setLocalDescription(offer));
  const other = new RTCPeerConnection();
  peer.onicecandidate = e => e.candidate && other.addIceCandidate(e.candidate).catch(() => 0);
  peer.addIceCandidate({candidate: 'candidate:1 1 udp 2122260223 127.0.0.1 UDP typ host', sdpMid: '0'});
});
setTimeout(() => { document.title = 'tried' }, 1500);
setTimeout(() => { location.href = base + '/location' }, 1600);
</script></body></html>"""
WORKER = "fetch('http://127.0.0.1:PORT/worker', {mode: 'no-cors'}); importScripts('http://127.0.0.1:PORT/imported')"
REFRESH = '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:PORT/refreshed">'
NAMES = tuple(
    map(
        Override.parse,
        ("inside.lan:127.0.0.1", "mapped.lan:::ffff:127.0.0.1", "sixth.lan:::1"),
    )
)
CALM = Browsing(sandbox=SANDBOX, page_s=40.0)


class _Udp:
    """A canary for datagrams."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def heard(self) -> bool:
        try:
            return bool(self._socket.recv(2048))
        except BlockingIOError:
            return False


def _attacked(web: Web, canary: Web, udp_port: int, network: Network) -> Visit:
    """The visit of a page of `web` that tries to reach `canary`; the browser's own pages come right after."""
    hosts = json.dumps([host for host in SPELLINGS if "@" not in host])
    for path, text in (("/", ATTACK), ("/refresh", REFRESH), ("/worker.js", WORKER)):
        body = text.replace("PORT", str(canary.port)).replace("UDP", str(udp_port))
        kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
        web.put(f"http://a.test{path}", body.replace("HOSTS", hosts), content_type=kind)
    web.put(
        "http://a.test/away", "", status=302, Location=f"http://127.0.0.1:{canary.port}/redirected"
    )
    # the page is not at rest before that
    web.answer("http://a.test/wait", Answer(body=b"", pause_s=4.0))
    [visit] = visits(web, network, "/", browsing=CALM)
    return visit


def test_no_way_out_of_a_page_reaches_the_canary(web: Web) -> None:
    with Web() as canary, _Udp() as udp:
        network = plan_for(web).network
        network = replace(network, overrides=(*network.overrides, *NAMES))

        visit = _attacked(web, canary, udp.port, network)

        assert visit.rendered.error == ""
        assert b"<title>tried</title>" in visit.rendered.html
        assert canary.requests == []
        assert canary.connections == 0
        assert not udp.heard()
        assert f"127.0.0.1:{canary.port}" in visit.refused
        assert f"inside.lan:{canary.port}" in visit.refused
        assert len(visit.refused) >= 8


def test_the_same_page_reaches_the_canary_where_the_guard_lets_it(web: Web) -> None:
    here = AddressPolicy((Allowance.parse("127.0.0.1/32"),))
    with Web() as canary, _Udp() as udp:
        network = Network(addresses=here, overrides=(Override.parse("*.test:127.0.0.1"), *NAMES))

        visit = _attacked(web, canary, udp.port, network)

        ways = {path.split("/")[1] for _, path in canary.requests}
        assert ways >= {"fetch", "xhr", "iframe", "socket", "script", "redirected", "refreshed"}
        assert len(canary.requests) > 20
        assert f"127.0.0.1:{canary.port}" not in visit.refused
        # the way for datagrams is shut whatever the guard allows: the proxy carries none
        assert not udp.heard()


def test_a_page_that_redirects_to_a_private_address_is_not_read(web: Web) -> None:
    with Web() as canary:
        secret = "SECRET"
        canary.put("http://127.0.0.1/", secret)
        web.put("http://a.test/", "", status=302, Location=f"http://127.0.0.1:{canary.port}/")

        [visit] = visits(web, plan_for(web).network, "/", browsing=CALM)

        assert canary.requests == []
        assert visit.rendered.error
        assert secret.encode() not in visit.rendered.html
        assert visit.refused == (f"127.0.0.1:{canary.port}",)
