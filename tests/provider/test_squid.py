"""The client and Squid, set up by the sample of the kit: sent to the block page, and rolled back."""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from blocklist.consumers import everything, programs, squid
from review_queue.categories import Scope
from tests.blocklist.consumers_proxy import path_of
from tests.provider.clients import KIT, OK, PATH, ROLLED_BACK, client
from tests.provider.feeds import PlainFeed, proxy
from tests.provider.lists import Publisher

PAGE = "http://blocked.provider.example/"
SAMPLE = (KIT / "samples" / "squid" / "qalqan.conf").read_text()


@contextmanager
def running(lists: Path, folder: Path) -> Iterator[int]:
    """Squid runs with the sample; gives its port. A wrapper in the folder leads `squid -k` to it."""
    settings = SAMPLE.replace("/var/lib/qalqan/current", str(lists / "current"))
    with everything.site() as origin:
        port = programs.free_port()
        addresses = dict.fromkeys(
            ("egov.example", "casino.example", "a.casino.example"), everything.OPEN_V4
        )
        conf = squid.write(folder, {}, addresses, port=port, origin=origin)
        text = conf.read_text().replace(
            "http_access allow all",
            f"cache_effective_user nobody\n{settings}\nhttp_access allow all",
        )
        conf.write_text(text.replace("pid_filename none", f"pid_filename {folder}/pid"))
        wrapper = folder / "wrappers" / "squid"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nexec {programs.path_of("squid")} -f {conf} "$@"\n')
        wrapper.chmod(0o755)
        with programs.started(
            [programs.path_of("squid"), "-N", "-f", str(conf)], folder,
            lambda: programs.takes_connections(port), time.monotonic() + 30, who=programs.as_nobody(),
        ):  # fmt: skip
            yield port


def answer(port: int, name: str) -> tuple[int, str]:
    """The status for the front page of a site through the proxy, and where it leads."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        connection.request("GET", f"http://{name}/", headers={"Connection": "close"})
        found = connection.getresponse()
        return found.status, found.getheader("Location", "")


def test_squid_leads_to_the_block_page_and_goes_back_where_a_site_must_go_on(
    tmp_path: Path,
) -> None:
    path_of("squid", "squid-openssl")
    publisher = Publisher(tmp_path / "publisher", formats=("squid",))
    publisher.publish("casino.example", scope=Scope.DOMAIN)
    with (
        programs.own_folder() as folder,
        proxy(PlainFeed(publisher.lists / "current").answer) as feed,
    ):
        found = client(
            tmp_path / "client", feed.url, publisher.public_key,
            CONSUMER="squid", FILES="", TARGET=str(folder / "lists"), MUST_RESOLVE="egov.example",
            BLOCK_PAGE=PAGE,
        )  # fmt: skip
        assert found.run("--prepare").returncode == OK
        with running(folder / "lists", folder) as port:
            found.set(PROXY=f"http://127.0.0.1:{port}")
            path = f"{folder}/wrappers:{PATH}"
            first = found.run(path=path)
            blocked = answer(port, "a.casino.example")
            publisher.publish("egov.example")
            found.set(CANARY_TIME="4")
            second = found.run(path=path)
            states = [answer(port, name)[0] for name in ("casino.example", "egov.example")]

    assert first.returncode == OK, first.stderr
    assert blocked == (302, PAGE)
    assert second.returncode == ROLLED_BACK, second.stderr
    assert states == [302, 200]
