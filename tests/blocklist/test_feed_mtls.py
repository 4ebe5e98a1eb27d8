"""The feed behind the samples of nginx in its documentation: who is let in, and what passes unchanged."""

import gzip
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from blocklist.feed.app import FeedConfig, Limits
from review_queue import providers, pulls
from tests.blocklist.certificates import Authority, Certificate, authority
from tests.blocklist.feeding import UNLIMITED, Site, a_text, pulls_of, running
from tests.blocklist.fronts import Front, front
from tests.provider.clients import NOT_FETCHED, OK, SETTINGS, Client, client
from tests.provider.lists import Publisher, resigned
from tests.review_queue.takers import DANA

LARGE = 96 * 1024 * 1024  # more than all sockets and buffers on the way hold
NGINX = frozenset({"127.0.0.1"})


@dataclass(frozen=True, slots=True)
class World:
    """A published list, and certificates of two authorities; `provider` is an authority for the strict sample."""

    publisher: Publisher
    site: Site
    server: tuple[Authority, Certificate]
    provider: Authority
    north: Certificate
    south: Certificate
    expired: Certificate
    revoked: Certificate
    foreign: Certificate

    def token(self, name: str, bound_to: Certificate | None = None) -> str:
        """A token of the provider, who is bound to that certificate."""
        text = a_text(self.site, name=name)
        with self.site.opened() as store:
            providers.bind(store, name, bound_to.fingerprint if bound_to else "", DANA)
        return text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("mtls")
    publisher = Publisher(home / "publisher", formats=("rpz", "hosts"))
    snapshot = publisher.publish("one.example", "two.example")
    with (snapshot / "hosts.txt").open("r+b") as file:
        file.truncate(LARGE)
    resigned(snapshot, publisher.key, _with_large_hosts)
    ours, others = authority(home / "providers"), authority(home / "others")
    servers = authority(home / "servers")
    revoked = ours.certificate("revoked")
    found = World(
        publisher,
        Site(publisher.home / "data", publisher.lists),
        (servers, servers.certificate("lists")),
        ours,
        ours.certificate("north"),
        ours.certificate("south"),
        ours.certificate("expired", is_expired=True),
        revoked,
        others.certificate("north"),
    )
    ours.revoke(revoked)
    return found


def _with_large_hosts(manifest: bytes) -> bytes:
    found = json.loads(manifest)
    size = found["files"]["hosts.txt"]["size_bytes"]
    place = manifest.index(b'"hosts.txt"')
    return manifest[:place] + manifest[place:].replace(
        f'"size_bytes": {size}'.encode(), f'"size_bytes": {LARGE}'.encode(), 1
    )


@pytest.fixture(scope="module")
def feed(world: World) -> Iterator[Site]:
    config = FeedConfig(world.site.data, world.site.lists, trusted=NGINX, limits=UNLIMITED)
    with running(world.site, config) as found:
        yield found


@pytest.fixture(scope="module")
def sample(world: World, feed: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The sample as it stands."""
    with front(tmp_path_factory.mktemp("front") / "nginx", feed.port, world.server) as found:
        yield found


@pytest.fixture(scope="module")
def strict(world: World, feed: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The sample with the lines for providers with certificates of one authority."""
    home = tmp_path_factory.mktemp("strict") / "nginx"
    with front(home, feed.port, world.server, world.provider) as found:
        yield found


def test_a_bound_provider_reads_with_their_certificate_alone(world: World, sample: Front) -> None:
    token = world.token("bound", world.north)

    assert sample.ask("/v1/rpz.zone", token, world.north).status == 200
    for shown in (None, world.south, world.foreign, world.revoked):
        reply = sample.ask("/v1/rpz.zone", token, shown)
        assert (reply.status, "certificate" in reply.text) == (401, True), shown
    # nginx sees to the dates whoever has signed it
    assert sample.ask("/v1/rpz.zone", token, world.expired).status == 400


def test_a_certificate_does_not_make_up_for_the_token_of_another_provider(
    world: World, sample: Front
) -> None:
    north, south = world.token("norths", world.north), world.token("souths", world.south)

    assert sample.ask("/v1/rpz.zone", "", world.north).status == 401
    assert sample.ask("/v1/rpz.zone", south, world.north).status == 401
    assert sample.ask("/v1/rpz.zone", north, world.south).status == 401
    assert sample.ask("/v1/rpz.zone", south, world.south).status == 200
    # who is bound to none reads with any or none
    free = world.token("free")
    for shown in (None, world.north, world.foreign):
        assert sample.ask("/v1/rpz.zone", free, shown).status == 200


@pytest.mark.parametrize("name", ["X-Client-Certificate", "X_Client_Certificate"])
def test_no_reader_can_write_the_certificate_themselves(
    world: World, feed: Site, sample: Front, name: str
) -> None:
    """A certificate is no secret: every server it was shown to has it."""
    token = world.token("copied", world.north)
    written = quote(world.north.path.read_text())
    for shown in (None, world.south):
        with sample.connection(shown) as connection:
            headers = {"Authorization": f"Bearer {token}", name: written}
            connection.request("GET", "/v1/rpz.zone", headers=headers)
            assert connection.getresponse().status == 401, shown
    # past nginx, from an address that is not its own
    direct = feed.ask("/v1/rpz.zone", token, source="127.0.0.9", X_Client_Certificate=written)
    assert direct.status == 401


def test_where_all_have_certificates_of_one_authority_nobody_else_comes_near(
    world: World, strict: Front
) -> None:
    token = world.token("strict")

    assert strict.ask("/v1/rpz.zone", token, world.north).status == 200
    assert strict.ask("/v1/rpz.zone", "x", world.north).status == 401
    assert strict.ask("/v1/rpz.zone", token).status == 403
    for shown in (world.foreign, world.expired, world.revoked):
        assert strict.ask("/v1/rpz.zone", token, shown).status == 400, shown
    for path in ("/lookup", "/why/none"):
        assert strict.ask(path).status == 200
    bound = world.token("strict-bound", world.north)
    assert strict.ask("/v1/rpz.zone", bound, world.north).status == 200
    assert strict.ask("/v1/rpz.zone", bound, world.south).status == 401


def test_tags_ranges_and_gzip_pass_unchanged(world: World, sample: Front) -> None:
    token = world.token("passes")
    whole = sample.ask("/v1/manifest.json", token)
    packed = sample.ask("/v1/manifest.json", token, Accept_Encoding="gzip")
    tag = whole.headers["ETag"]

    assert gzip.decompress(packed.body) == whole.body
    assert packed.headers["ETag"] == f'{tag[:-1]}-gzip"'
    for known in (tag, packed.headers["ETag"]):
        again = sample.ask("/v1/manifest.json", token, If_None_Match=known)
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", known)
    part = sample.ask("/v1/manifest.json", token, Range="bytes=5-14", If_Range=tag)
    assert (part.status, part.body) == (206, whole.body[5:15])
    other = sample.ask("/v1/manifest.json", token, Range="bytes=5-14", If_Range='"other"')
    assert (other.status, other.body) == (200, whole.body)
    assert sample.ask("/v1/manifest.json", token, Range="bytes=99999999-").status == 416


def test_the_limits_count_the_readers_own_address(world: World, tmp_path: Path) -> None:
    limits = Limits(address_burst=3, address_per_s=0.01)
    config = FeedConfig(world.site.data, world.site.lists, trusted=NGINX, limits=limits)
    site = Site(world.site.data, world.site.lists)
    with running(site, config), front(tmp_path / "nginx", site.port, world.server) as sample:
        told = [
            sample.ask("/none", source="127.0.0.7", X_Forwarded_For=f"192.0.2.{number}").status
            for number in range(4)
        ]
        assert told == [404, 404, 404, 429]
        assert sample.ask("/none", source="127.0.0.8").status == 404


def test_what_a_reader_did_not_take_is_not_counted_as_taken(world: World, sample: Front) -> None:
    """A buffer on the way would swallow the whole file at once."""
    token = world.token("breaks-off")
    with sample.connection() as connection:
        connection.request("GET", "/v1/hosts.txt", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        assert answer.getheader("Content-Length") == str(LARGE)
        answer.read(1000)
        end = time.monotonic() + 1
        while not (early := _pulls(world.site, "breaks-off")) and time.monotonic() < end:
            time.sleep(0.05)

    assert early == []
    (pull,) = pulls_of(world.site, "breaks-off")
    assert (pull.status, pull.is_whole) == (200, False)
    assert 1000 <= pull.bytes < LARGE


def _pulls(site: Site, name: str) -> list[pulls.Pull]:
    with site.opened() as store:
        return pulls.of_provider(store, providers.find(store, name).id)


def test_what_an_owner_asks_is_neither_written_down_nor_told_by_the_length(
    sample: Front,
) -> None:
    replies = [
        sample.ask(f"/lookup?name={name}", Accept_Encoding="gzip")
        for name in ("one.example", "ten.example")
    ]

    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].text != replies[1].text.replace("ten.example", "one.example")
    assert len(replies[0].body) == len(replies[1].body)
    assert not any(reply.headers["Content-Encoding"] for reply in replies)
    written = [
        path for path in sample.home.rglob("*") if path.is_file() and path.name != "site.conf"
    ]
    assert not any(b"one.example" in path.read_bytes() for path in written)


def _client(world: World, sample: Front, home: Path, fetcher: str, token: str) -> Client:
    found = client(
        home, sample.url, world.publisher.public_key,
        FETCHER=fetcher, TLS_CA=str(sample.authority), ALLOW_HTTP="no", FETCH_TIME="20", SLOW_TIME="20",
    )  # fmt: skip
    (home / "token").write_text(f"{token}\n")
    return found


@pytest.mark.parametrize("fetcher", ["curl", "wget"])
def test_the_pull_client_shows_its_certificate(
    world: World, sample: Front, tmp_path: Path, fetcher: str
) -> None:
    name = f"pulls-by-{fetcher}"
    reader = _client(world, sample, tmp_path / "client", fetcher, world.token(name, world.north))

    without = reader.run()
    assert without.returncode == NOT_FETCHED
    assert re.search("answered 401 for manifest.json.*TLS_CERT", without.stderr)
    reader.set(TLS_CERT=str(world.expired.path), TLS_KEY=str(world.expired.key))
    expired = reader.run()
    assert expired.returncode == NOT_FETCHED
    assert re.search("answered 400 for manifest.json.*TLS_CERT", expired.stderr)
    reader.set(TLS_CERT=str(world.north.path), TLS_KEY=str(tmp_path / "none"))
    assert "TLS_KEY" in reader.run().stderr
    assert reader.run().returncode == SETTINGS
    both = tmp_path / "both.pem"
    both.write_text(world.north.path.read_text() + world.north.key.read_text())
    reader.set(TLS_CERT=str(both), TLS_KEY="")
    assert reader.run().returncode == OK
    reader.set(TLS_CERT=str(world.north.path), TLS_KEY=str(world.north.key))
    again = reader.run()
    assert (again.returncode, reader.is_whole()) == (OK, True), again.stderr
    assert "nothing new: serial 1 is in force" in again.stderr
    # a feed that is not who it says it is gets no token
    reader.set(TLS_CA=str(world.provider.path))
    assert reader.run().returncode == NOT_FETCHED

    log = pulls_of(world.site, name, 7)  # two runs, the second of which finds nothing new
    assert {pull.path for pull in log if pull.is_whole and pull.status == 200} >= {
        "/v1/manifest.json", "/v1/manifest.json.minisig", "/v1/rpz.zone",
    }  # fmt: skip
    assert 304 in {pull.status for pull in log}
