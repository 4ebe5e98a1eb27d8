"""What consumers are asked of a list: nothing listed is expected open; a cut or a widening is always asked for."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist import canaries, canonical
from blocklist.canaries import MUST_RESOLVE, SAMPLE, Listed, choose, questions, read
from blocklist.consumers import CONSUMERS
from blocklist.consumers.questions import BLOCKED, OPEN, Asked
from blocklist.formats import FORMATS
from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist.odd_names import longest_of
from tests.blocklist.samples import domain, entry, ordered

LABELS = st.sampled_from(["a", "b", "xn--80aodfsg", "_s", "w" * 63])
NAMES = st.lists(LABELS, min_size=2, max_size=4).map(lambda labels: ".".join([*labels[:-1], "kz"]))
HOSTS = st.builds(entry, NAMES)
DOMAINS = st.builds(domain, NAMES)
NETWORKS = st.tuples(
    st.sampled_from(["192.88.99.66", "192.31.196.9", "2620:4f:8000::66"]), st.integers(0, 6)
).map(
    lambda each: str(
        ipaddress.ip_network(
            (each[0], ipaddress.ip_address(each[0]).max_prefixlen - each[1]), strict=False
        )
    )
)
URLS = st.builds(
    lambda name, page: entry(f"http://{name}/{page}", Scope.URL), NAMES, LABELS | st.just("")
)


def network(name: str) -> Entry:
    address, _, length = name.partition("/")
    is_one = length in ("32", "128")
    return entry(address if is_one else name, Scope.IP if is_one else Scope.CIDR)


ENTRIES = st.lists(HOSTS | DOMAINS | URLS | st.builds(network, NETWORKS), max_size=30)


def listed_of(folder: Path, entries: list[Entry]) -> Listed:
    path = folder / canonical.FILE_NAME
    lines = "".join(f"{canonical.line_of(each)}\n" for each in ordered(entries))
    path.write_text(lines, encoding="ascii", newline="\n")
    return read(path)


@given(entries=ENTRIES, seed=st.integers(1, 99))
def test_nothing_that_is_listed_is_expected_to_be_open(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], seed: int
) -> None:
    listed = listed_of(tmp_path_factory.mktemp("list"), entries)
    names = {each.name for each in entries if each.scope is Scope.HOST}
    tails = tuple(f".{each.name}" for each in entries if each.scope is Scope.DOMAIN)
    networks = [
        ipaddress.ip_network(each.name) for each in entries if each.scope in (Scope.IP, Scope.CIDR)
    ]

    found = choose(listed, seed=seed, never=("egov.kz", "a.kz"))

    for name in found.open_names:
        assert name not in names
        assert not f".{name}".endswith(tails)
    for address in map(ipaddress.ip_address, found.open_addresses):
        assert not any(address in each for each in networks if each.version == address.version)
    urls = {each.name for each in entries if each.scope is Scope.URL}
    assert not urls & set(found.open_urls)
    assert set(found.open_names) >= {
        name for name in MUST_RESOLVE if not f".{name}".endswith(tails) and name not in names
    }


@given(entries=ENTRIES, seed=st.integers(1, 99))
def test_no_question_is_asked_with_two_answers(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], seed: int
) -> None:
    found = choose(listed_of(tmp_path_factory.mktemp("list"), entries), seed=seed)

    for consumer in CONSUMERS.values():
        for use in consumer.uses:
            asked = [*questions(use, consumer.asked, FORMATS[use.form].capability, found)]
            states: dict[tuple[str, str], set[str]] = {}
            for question, state in asked:
                states.setdefault((question.what, question.address), set()).add(state)
            assert [key for key, each in states.items() if len(each) > 1] == []


def test_a_listed_front_page_beside_a_listed_host_is_not_expected_to_be_open(
    tmp_path: Path,
) -> None:
    entries = [entry("a.x.kz"), entry("http://x.kz/", Scope.URL)]
    found = choose(listed_of(tmp_path, entries), seed=1)

    assert "x.kz" in found.open_names
    for consumer in (CONSUMERS["squid"], CONSUMERS["suricata"]):
        for use in consumer.uses:
            asked = questions(use, consumer.asked, FORMATS[use.form].capability, found)
            assert OPEN not in [
                state for question, state in asked if question.what == "http://x.kz/"
            ]


def test_first_last_and_longest_name_and_the_canary_are_in_every_sample(tmp_path: Path) -> None:
    entries = [entry(f"n{number:04}.kz") for number in range(500)]
    entries += [entry("n0250-which-is-the-longest-of-them.kz")]
    listed = listed_of(tmp_path, entries)

    for seed in range(20):
        found = choose(listed, seed=seed, always="n0123.kz").listed[Scope.HOST]
        assert len(found) == SAMPLE
        assert {
            "n0000.kz",
            "n0499.kz",
            "n0123.kz",
            "n0250-which-is-the-longest-of-them.kz",
        } <= set(found)
    assert choose(listed, seed=1).listed != choose(listed, seed=2).listed
    assert choose(listed, seed=3) == choose(listed, seed=3)


def test_what_lies_next_to_a_listed_name_has_to_be_left_alone(tmp_path: Path) -> None:
    listed = listed_of(
        tmp_path, [entry("shop.mixed.kz"), domain("deep.down.kz"), network("192.31.196.0/28")]
    )

    found = choose(listed, seed=1)

    label = found.label
    assert set(found.open_names) == {
        *MUST_RESOLVE,
        "mixed.kz",
        f"{label}.mixed.kz",
        f"{label}shop.mixed.kz",
        f"{label}.shop.mixed.kz",
        "down.kz",
        f"{label}.down.kz",
        f"{label}deep.down.kz",
    }
    assert {"192.31.195.255", "192.31.196.16"} <= set(found.open_addresses)


def test_names_that_resolvers_answer_by_themselves_are_not_expected_to_be_open(
    tmp_path: Path,
) -> None:
    listed = listed_of(tmp_path, [entry("a.b.test"), entry("a.b.onion")])

    assert set(choose(listed, seed=1).open_names) == set(MUST_RESOLVE)


def test_of_a_domain_a_name_below_it_is_asked_and_of_a_network_both_ends(tmp_path: Path) -> None:
    listed = listed_of(tmp_path, [domain("wide.kz"), network("192.31.196.0/28")])
    found = choose(listed, seed=1)
    use = CONSUMERS["bind"].uses[0]

    asked = [*questions(use, Asked.NAMES, FORMATS["rpz"].capability, found)]

    blocked = {question.address or question.what for question, state in asked if state == BLOCKED}
    assert blocked == {"wide.kz", f"{found.label}.wide.kz", "192.31.196.0", "192.31.196.15"}
    assert {"kz", "192.31.196.16"} <= {
        question.address or question.what for question, state in asked if state == OPEN
    }


def test_a_format_is_not_asked_what_it_cannot_say(tmp_path: Path) -> None:
    listed = listed_of(tmp_path, [domain("wide.kz"), entry("one.kz")])
    found = choose(listed, seed=1)
    (_, use) = CONSUMERS["dnsmasq"].uses

    asked = [*questions(use, Asked.NAMES, FORMATS[use.form].capability, found)]

    assert [question.what for question, state in asked if state == BLOCKED] == ["one.kz"]


def test_a_name_too_long_to_be_asked_of_a_consumer_is_not_asked_of_it(tmp_path: Path) -> None:
    longest, fits = longest_of(252), longest_of(251)
    listed = listed_of(tmp_path, [entry(longest), entry(fits)])
    found = choose(listed, seed=1)

    def asked(key: str) -> set[str]:
        use = CONSUMERS[key].uses[0]
        every = questions(use, Asked.NAMES, FORMATS["domains"].capability, found)
        return {question.what for question, state in every if state == BLOCKED}

    assert asked("rbldnsd") == {fits}
    assert asked("bind") == {fits, longest}


def test_of_names_that_are_never_blocked_there_is_a_sample(tmp_path: Path) -> None:
    never = [f"office{number:03}.gov.kz" for number in range(200)]
    listed = listed_of(tmp_path, [entry("office000.gov.kz")])

    found = set(choose(listed, seed=1, never=never).open_names)

    assert SAMPLE - 1 <= len(found & set(never)) <= SAMPLE
    assert "office000.gov.kz" not in found
    assert canaries.SAMPLE == 34
