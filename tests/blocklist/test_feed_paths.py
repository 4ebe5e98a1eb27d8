"""No path, as written or made up, leads a token to the list of another category."""

import http.client
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from review_queue.categories import Category
from tests.blocklist.feeding import (
    SELF_HARM,
    Site,
    a_text,
    copied,
    running,
)

TRICKS = (
    "/v1/../part-self_harm/rpz.zone",
    "/v1/part-self_harm/rpz.zone",
    "/v1/part-violence/../part-self_harm/rpz.zone",
    "/v1/%2e%2e/rpz.zone",
    "/v1/..%2frpz.zone",
    "/v1/%2e%2e%2fpart-self_harm%2fentries.jsonl",
    "/v1/snapshots/0000000001/rpz.zone",
    "/v1/snapshots/1/../../rpz.zone",
    "/v1/snapshots/1/part-self_harm/rpz.zone",
    "/v1/snapshots/-1/rpz.zone",
    "/v1/snapshots/../current/rpz.zone",
    "//v1//rpz.zone",
    "/v1//rpz.zone",
    "/v1/./rpz.zone",
    "/v1/RPZ.ZONE",
    "/V1/rpz.zone",
    "/v1/rpz.zone%00",
    "/v1/rpz.zone%00.txt",
    "/v1/%00",
    "/v1/rpz.zone/",
    "/v1/rpz.zone%0a",
    "/v1/rpz.zone;x",
    "/v1/" + "a" * 5000,
    "/v1/" + "../" * 500 + "etc/passwd",
    "/v1/.export.lock",
    "/v1/current",
    "/v1/changes",
    "/v1/planted",
    "/v1/planted.txt",
    "/v1/manifest.json.planted",
    "/v1/since/01",
    "/v1/since/1/..",
    "/v1/since/99999999999",
    "/v1/since/-1",
    "/v1/\uff0e\uff0e/rpz.zone",
)


def _plant(site: Site) -> None:
    """Links somebody put among the files, to the list of the other category."""
    for folder in (site.lists / "current/part-violence", site.lists / "current"):
        for name in ("planted.txt", "manifest.json.planted"):
            (folder / name).symlink_to(site.lists / "current/part-self_harm/entries.jsonl")
        (folder / "planted").symlink_to(site.lists / "current/part-self_harm")


def _raw(site: Site, path: str, token: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    connection._validate_path = lambda _url: None  # type: ignore[attr-defined]  # noqa: SLF001  # what a client refuses
    connection._encode_request = lambda text: text.encode("utf-8", "surrogateescape")  # type: ignore[attr-defined]  # noqa: SLF001
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def planted(
    published_site: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, str]]:
    """A feed with planted links, and a token for violence that reads every format."""
    site = copied(published_site, tmp_path_factory.mktemp("planted"))
    _plant(site)
    with running(site):
        yield site, a_text(site, Category.VIOLENCE)


@pytest.mark.parametrize("path", TRICKS)
def test_no_path_leads_to_another_category(planted: tuple[Site, str], path: str) -> None:
    site, token = planted
    status, body = _raw(site, path, token)

    assert SELF_HARM[0].encode() not in body
    if status == 200:  # the very file in another spelling
        assert path.rpartition("/")[2] == "rpz.zone"


_PIECES = st.sampled_from(
    ["..", ".", "%2e%2e", "%2f", "/", "\\", "%5c", "part-self_harm", "part-violence", "snapshots", "1", "v1",
     "current", "entries.jsonl", "rpz.zone", "manifest.json", "changes.jsonl", "planted", "planted.txt", "%00",
     "%25", "since", "%c0%ae", ";", "?", "&", "0000000001", "heartbeat"]
)  # fmt: skip
_PATHS = st.lists(_PIECES | st.text(string.printable.replace(" ", "").replace("\n", "").replace("\r", "")
                                    .replace("\t", "").replace("\x0b", "").replace("\x0c", ""), max_size=6),
                  max_size=8).map(lambda pieces: "/v1/" + "/".join(pieces))  # fmt: skip


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=_PATHS)
def test_no_made_up_path_leads_to_another_category(planted: tuple[Site, str], path: str) -> None:
    site, token = planted
    status, body = _raw(site, path, token)

    assert SELF_HARM[0].encode() not in body
    assert status != 500
