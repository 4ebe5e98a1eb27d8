"""Failures of a fetch and the kinds they are told by."""

import pytest
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from twisted.internet import error as tx

from crawler.faults import kind_of, kind_of_status, may_pass
from crawler.resolver import AddressRefusedError


@pytest.mark.parametrize(
    ("error", "direct", "proxied"),
    [
        (CannotResolveHostError("x"), "dns", "proxy"),
        (DownloadConnectionRefusedError("x"), "refused", "proxy"),
        (tx.ConnectError("x"), "unreachable", "proxy"),  # type: ignore[no-untyped-call]  # Twisted's
        (DownloadTimeoutError("x"), "timeout", "timeout"),
        (AddressRefusedError("x"), "address_refused", "address_refused"),
    ],
)
def test_through_a_proxy_no_connection_is_the_proxys_fault(
    error: BaseException, direct: str, proxied: str
) -> None:
    assert (kind_of(error), kind_of(error, proxied=True)) == (direct, proxied)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("{'status': 407, 'reason': b''}", "proxy"),
        ("{'status': 403, 'reason': b'no 502'}", "proxy"),
        ("b'garbage'", "proxy"),
        ("{'status': 502, 'reason': b''}", "unreachable"),
        ("{'status': 504, 'reason': b''}", "unreachable"),
    ],
)
def test_a_proxy_that_has_no_way_to_the_site_is_told_from_one_that_refuses(
    answer: str, kind: str
) -> None:
    error = TunnelError(f"Could not open CONNECT tunnel with proxy 127.0.0.1:5020 [{answer}]")

    assert kind_of(error, proxied=True) == kind


def test_a_proxy_that_asks_for_a_password_is_the_proxys_fault() -> None:
    assert (kind_of_status(407), kind_of_status(404)) == ("proxy", "http_404")


def test_server_errors_and_silence_may_pass_and_refusals_do_not() -> None:
    passing = {"dns", "timeout", "http_503", "http_429", "http_500"}
    lasting = {"robots", "address_refused", "proxy", "http_404", "not_html"}

    assert {kind for kind in passing | lasting if may_pass(kind)} == passing
