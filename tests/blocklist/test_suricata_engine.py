"""What Suricata itself makes of the rules and the hosts: which connections it drops, and what a bad line does."""

import string
import time
from itertools import islice

import pytest

from blocklist import guards
from blocklist.consumers import programs
from blocklist.consumers.programs import DoesNotStartError
from blocklist.consumers.questions import Question, Run
from blocklist.consumers.suricata import BINARY, CONSUMER, PACKAGE, Ask
from blocklist.formats.suricata import MOST_DOMAINS, MOST_URLS
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.records import Entry
from tests.blocklist.canaries import ENTRIES, EXPECTED
from tests.blocklist.consumers_proxy import path_of
from tests.blocklist.consumers_suricata import (
    RULES,
    SET,
    asked_for,
    files,
    found,
    hello,
    page,
    ways,
    written,
)
from tests.blocklist.odd_names import above, fits, longest_of, odd_names
from tests.blocklist.samples import domain, entry, left_out

PLATFORM = "http://platform.example/users/evil/page.html"
# every printable character that may stand in an address as it is
PRINTABLE = "".join(sign for sign in string.punctuation if sign not in "#%<>\"'`{|}\\")
ODD_URLS = (
    f"http://odd.example:8080/{PRINTABLE}?{PRINTABLE}{{|}}`\\x",
    "http://odd.example/%D2%9B%D0%B0%D0%B7%D0%B0%D2%9B?q=%FF",
    "http://odd.example/a%20b%22%3C%3E%3B%7C%5C",
    "http://odd.example/|41|",
    "http://odd.example/Case",
    "http://odd.example/a//b/%2e%2e%2fc",
    "http://xn--80aodfsg.example/",
    "http://198.51.100.7/page",
    "http://odd.example:65535/page",
    "http://odd.example/" + "x" * 254,
)


def url(name: str) -> Entry:
    return entry(normal(Scope.URL, name), Scope.URL)


def of_url(name: str) -> Ask:
    """The request of a browser for the address."""
    host, _, tail = name.removeprefix("http://").partition("/")
    return page(host, f"/{tail}", int(host.partition(":")[2] or 80))


def test_suricata_drops_every_name_as_far_as_its_scope_says_however_it_is_asked_for() -> None:
    spoken = [(name, ask) for name in EXPECTED for ask in asked_for(name) if len(name) < 253]

    told = found(files(*ENTRIES), [ask for _, ask in spoken])

    wrong = [(name, ask.data) for (name, ask), state in zip(spoken, told, strict=True)
             if state != EXPECTED[name]]  # fmt: skip
    assert wrong == []


def test_names_that_look_like_a_listed_one_are_let_through() -> None:
    near = (
        "xcasino.example",
        "x-casino.example",
        "casino.example.other.example",
        "casino.examples",
        "casino.exampl",
        "casino-example",
        "casino.example.com",
        "example",
        "ashop.mixed.example",
        "a.shop.mixed.example",
        "shop.mixed.example.com",
        "mixed.example",
        "platform.example",
        "a.platform.example",
    )
    asks = [ask for name in near for ask in asked_for(name)]
    # a name in the path, or another one of the connection, is not the one that is asked for
    asks += [
        page("other.example", "/http://casino.example/"),
        page("other.example", "/?casino.example"),
    ]
    listed = files(domain("casino.example"), entry("shop.mixed.example"), url(PLATFORM))

    assert set(found(listed, asks)) == {"open"}


def test_a_listed_name_that_stands_twice_in_another_one_does_not_hide_itself() -> None:
    name = "casino.example.casino.example"
    asks = [*asked_for(name), *asked_for(f"a.{name}")]

    assert set(found(files(domain("casino.example")), asks)) == {"blocked"}


def test_suricata_drops_a_listed_page_and_no_other_page_of_its_site() -> None:
    listed = [url(name) for name in (PLATFORM, *ODD_URLS)]
    beside = (
        "http://platform.example/",
        "http://platform.example/users/evil/",
        f"{PLATFORM}?q",
        f"{PLATFORM}x",
        PLATFORM[:-1],
        PLATFORM.upper().replace("HTTP", "http"),
        PLATFORM.replace("example/", "example:8080/"),
        PLATFORM.replace("platform", "a.platform"),
        PLATFORM.replace("platform", "xplatform"),
        PLATFORM.replace("example", "example.other.example"),
        f"http://other.example/?u={PLATFORM}",
        "http://odd.example/case",
        "http://odd.example/A",
        "http://odd.example/" + "x" * 253,
        "http://odd.example/" + "x" * 255,
    )
    spellings = [
        page("PLATFORM.example:80", "/users/evil/page.html"),
        page("platform.example.", "/users/evil/page.html"),
    ]

    assert left_out("suricata", listed) == {}
    blocked = [*map(of_url, (each.name for each in listed)), *spellings]
    told = found(files(*listed), [*blocked, *map(of_url, beside), hello("platform.example")])
    assert told == ["blocked"] * len(blocked) + ["open"] * (len(beside) + 1)


def test_odd_and_longest_names_are_dropped_and_their_neighbours_are_not() -> None:
    names = [*dict.fromkeys(islice(odd_names(253), 1500))]
    hosts, domains = [longest_of(253), *names[::2]], {*names[1::2]}
    asked = [*hosts[:60], *sorted(domains, key=len)[-30:], *sorted(domains)[:30]]
    said = [*asked, *(f"a.{name}" for name in asked if name in domains)]
    listed = {*hosts, *domains}
    beside = [
        near for name in asked for near in (f"a.{name}", f"a{name}")
        if near not in listed and not domains & {*above(near)}
    ]  # fmt: skip
    said, beside = [*filter(fits, said)], [*filter(fits, beside)]
    entries = [*map(entry, hosts), *map(domain, sorted(domains))]

    told = found(files(*entries), [way for name in (*said, *beside) for way in ways(name)])

    assert len(max(said, key=len)) == 253
    assert told == ["blocked"] * len(said) * 3 + ["open"] * len(beside) * 3


def test_as_many_rules_as_there_may_be_are_loaded_and_the_last_of_them_drop() -> None:
    names = [f"n{number:05}.zz-qalqan.example" for number in range(MOST_DOMAINS)]
    pages = [f"http://p{number:05}.zz-qalqan.example/page" for number in range(MOST_URLS)]
    lists = files(*map(domain, names), *map(url, pages), entry("h.zz-qalqan.example"))
    ends = (names[0], names[-1], "h.zz-qalqan.example", f"a.{names[-1]}")
    blocked = [
        *(way for name in ends for way in ways(name)),
        *map(of_url, (pages[0], pages[-1])),
    ]
    beside = (
        "zz-qalqan.example",
        "p00000.zz-qalqan.example",
        f"x{names[0]}",
        "a.h.zz-qalqan.example",
    )

    told = found(lists, [*blocked, *(way for name in beside for way in ways(name))])

    assert len(lists[RULES]) == 1 + 14_001
    assert told == ["blocked"] * len(blocked) + ["open"] * len(beside) * 3


def test_an_empty_list_is_loaded_and_lets_everything_through() -> None:
    assert found(files(), [hello("egov.kz"), page("egov.kz")]) == ["open"] * 2


def test_a_connection_that_suricata_finds_no_name_in_is_not_taken_for_an_open_one() -> None:
    asks = [Ask(bytes(40), 443), Ask(bytes(40), 8443), Ask((bytes(1200),), 443), hello("")]

    assert found(files(), [*asks, hello("kz")]) == ["no answer"] * 4 + ["open"]


def answers(lists: dict[str, list[str]], *asked: str, of_url: str = "") -> list[str]:
    """What the gate is told of each address; the one `of_url` is asked for as a listed page."""
    path_of(BINARY, PACKAGE)
    with programs.own_folder() as folder:
        written(folder / "lists", lists)
        run = Run(folder, time.monotonic() + 60)
        questions = [Question(each, is_of_url=each == of_url) for each in asked]
        return [
            state
            for _, state in CONSUMER.answers(CONSUMER.uses[0], folder / "lists", questions, run)
        ]


def test_a_name_that_is_dropped_in_http_alone_is_told_and_a_listed_front_page_is_blocked() -> None:
    lists = files(domain("casino.example"), url("http://front.example/"), url(PLATFORM))
    lists[RULES] = [line for line in lists[RULES] if " http " in line]
    asked = (
        "http://casino.example/",
        "http://front.example/",
        "http://platform.example/",
        PLATFORM,
    )

    more = (f"{PLATFORM}x", "http://198.51.100.7/", "http://egov.kz/")
    assert answers(lists, *asked, *more, of_url="http://front.example/") == [
        "blocked in http, open in TLS, open in QUIC", "blocked", "open", "blocked", "open", "open", "open",
    ]  # fmt: skip


GOOD = (domain("casino.example"), entry("shop.mixed.example"), entry("z.example"))
OF_GOOD = [
    hello("casino.example"),
    hello("shop.mixed.example"),
    hello("z.example"),
    hello("egov.kz"),
]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (RULES, "<!DOCTYPE html>"),
        (RULES, 'drop tls any any -> any any (msg:"cut off'),
        (RULES, 'drop http any any -> any any (msg:"x"; http.host; content:"Z.example"; sid:1;)'),
        (RULES, 'drop tls any any -> any any (msg:"x"; tls.sni; content:"a"; sid:1700000;)'),
        (SET, "zoo.example"),
        (SET, "<!DOCTYPE html>"),
    ],
)
def test_a_line_that_suricata_does_not_read_fails_the_gate(file: str, line: str) -> None:
    lists = files(*GOOD)
    lists[file].append(line)

    with pytest.raises(DoesNotStartError, match="it ended with 1"):
        found(lists, OF_GOOD)


# what the last check keeps away: measured with Suricata 7.0.10, which says nothing of any of these
@pytest.mark.parametrize(
    "line",
    [
        'drop ip any any -> any any (msg:"x"; sid:1;)',
        'drop tls any any -> any any (msg:"x"; tls.sni; content:"e"; sid:1;)',
        'drop tls any any -> any any (msg:"x"; tls.sni; dotprefix; content:".kz"; sid:1;)',
        'reject tcp any any -> any any (msg:"x"; sid:1;)',
    ],
)
def test_without_the_last_check_one_bad_rule_drops_far_more(line: str) -> None:
    lists = files(*GOOD)
    lists[RULES].append(line)

    assert set(found(lists, OF_GOOD)) == {"blocked"}


def test_without_the_last_check_a_set_that_is_cut_off_loses_its_last_name_in_silence() -> None:
    lists = files(*GOOD)

    assert found(lists, OF_GOOD) == ["blocked", "blocked", "blocked", "open"]
    assert found(lists, OF_GOOD, end="") == ["blocked", "blocked", "open", "open"]


def test_no_name_of_these_tests_is_one_the_guards_would_refuse() -> None:
    assert not any(guards.refusal(each.scope, each.name) for each in GOOD)
