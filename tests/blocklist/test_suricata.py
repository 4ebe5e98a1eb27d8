"""The rules and hosts for Suricata, read back by a parser of its rule language, and the last look at them."""

import base64
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocklist import guards, lint, publish
from blocklist.entries import admit
from blocklist.formats import FORMATS
from blocklist.formats.suricata import MOST_DOMAINS, MOST_URLS
from review_queue.blocks import normal
from review_queue.categories import Scope
from review_queue.errors import BadHostError, ExportError
from review_queue.records import Entry
from review_queue.store import Store
from tests.blocklist import samples
from tests.blocklist.approvals import approve
from tests.blocklist.canaries import ENTRIES, EXPECTED
from tests.blocklist.samples import domain, entry, left_out
from tests.blocklist.test_breakages_export import a_bad_export, published

RULES, HOSTS = FORMATS["suricata"].files
PLATFORM = "http://platform.example/users/evil/page.html"
SET = (
    r'to_lowercase; pcrexform:"^(.*?)\.?$";'
    " dataset:isset,qalqan-hosts,type string,load suricata-hosts.lst,hashsize 1024;"
)
BAD = r'to_lowercase; dotprefix; content:".bad.example"; pcre:"/^\.?$/R";'
TCP = "flow:established,to_server;"
PAGE_OF_PLATFORM = (
    rf'{TCP} http.host; to_lowercase; content:"platform.example"; startswith; pcre:"/^\.?$/R";'
    ' http.uri.raw; content:"/users/evil/page.html"; bsize:21;'
)


def url(name: str) -> Entry:
    return entry(name, Scope.URL)


def checked(file: str, *entries: Entry) -> list[str]:
    """The file, its last check passed."""
    return samples.passed("suricata", samples.lines_of("suricata", entries, file), file)


@dataclass(frozen=True)
class Rule:
    """A rule as Suricata takes it apart: header, then options in their order."""

    proto: str
    port: str
    options: tuple[tuple[str, str], ...]

    def matches(self, buffers: dict[str, bytes], port: str, hosts: set[bytes]) -> bool:
        """Whether every option of the rule holds for a connection with these buffers."""
        if self.port not in ("any", port):
            return False
        buffer = b""
        for position, (key, value) in enumerate(self.options):
            if key in BUFFERS:
                if key not in buffers:
                    return False
                buffer = buffers[key]
            elif key in TRANSFORMS:
                buffer = TRANSFORMS[key](buffer)
            else:
                ends = {name for name, _ in self.options[position + 1 : position + 3]}
                if not holds(key, value, buffer, ends, hosts):
                    return False
        return True


BUFFERS = ("tls.sni", "http.host", "http.uri.raw", "quic.sni")
TRANSFORMS: dict[str, Callable[[bytes], bytes]] = {
    "dotprefix": lambda buffer: b"." + buffer,
    "to_lowercase": bytes.lower,
    "pcrexform": lambda buffer: buffer.removesuffix(b"."),
}


def holds(key: str, value: str, buffer: bytes, after: set[str], hosts: set[bytes]) -> bool:
    """Whether one option holds for a buffer, with those that stand after it; those that say nothing of it do."""
    if key == "bsize":
        return len(buffer) == int(value)
    if key == "dataset":
        return buffer in hosts
    if key == "content":
        wanted = content_of(value)
        if "pcre" not in after:
            return wanted in buffer
        text = buffer.removesuffix(b".")
        return text == wanted if "startswith" in after else text.endswith(wanted)
    if key == "pcre":
        assert value == r'"/^\.?$/R"'
    assert key in {"msg", "flow", "startswith", "pcre", "sid", "rev"}
    return True


def parse(line: str) -> Rule:
    """Takes a rule apart where Suricata would: at each `;` that no backslash stands before."""
    head, body = re.fullmatch(r"([^(]*) \((.*;)\)", line).groups()  # type: ignore[union-attr]
    action, proto, *addresses, port = head.split()
    assert (action, addresses) == ("drop", ["any", "any", "->", "any"])
    options = [part.strip().partition(":") for part in re.split(r"(?<!\\);", body)[:-1]]
    assert all(value == r'"^(.*?)\.?$"' for key, _, value in options if key == "pcrexform")
    return Rule(proto, port, tuple((key, value) for key, _, value in options))


def content_of(value: str) -> bytes:
    """The bytes of a content: text, and between bars hexadecimal numbers."""
    assert value[0] == value[-1] == '"'
    parts = value[1:-1].split("|")
    assert len(parts) % 2 == 1
    assert not any(re.search(r'[";:\\]', text) for text in parts[::2])
    return b"".join(
        bytes.fromhex(part) if place % 2 else part.encode() for place, part in enumerate(parts)
    )


def is_dropped(entries: tuple[Entry, ...], buffers: dict[str, str], port: str = "80") -> bool:
    hosts = {base64.b64decode(line) for line in checked(HOSTS, *entries)}
    seen = {name: text.encode() for name, text in buffers.items()}
    return any(parse(line).matches(seen, port, hosts) for line in checked(RULES, *entries)[1:])


def is_url_dropped(entries: tuple[Entry, ...], name: str) -> bool:
    parts = urlsplit(name)
    raw = name.partition("://")[2].partition("/")[2]
    buffers = {"http.host": parts.netloc.partition(":")[0], "http.uri.raw": f"/{raw}"}
    return is_dropped(entries, buffers, str(parts.port or 80))


def test_a_domain_is_dropped_in_tls_and_http_and_a_host_stands_in_the_set() -> None:
    found = checked(RULES, domain("bad.example"), entry("shop.mixed.example"), url(PLATFORM))

    assert [line.partition('list"; ')[2].partition(" sid")[0] for line in found[1:]] == [
        rf"{TCP} tls.sni; {BAD}",
        rf"{TCP} http.host; {BAD}",
        rf"flow:to_server; quic.sni; {BAD}",
        rf"{TCP} tls.sni; {SET}",
        rf"{TCP} http.host; {SET}",
        rf"flow:to_server; quic.sni; {SET}",
        PAGE_OF_PLATFORM,
    ]
    assert found[1].endswith("sid:1700000; rev:7;)")
    assert checked(HOSTS, entry("shop.mixed.example")) == ["c2hvcC5taXhlZC5leGFtcGxl"]


@pytest.mark.parametrize("buffer", ["tls.sni", "http.host", "quic.sni"])
def test_the_rules_match_every_name_as_far_as_its_scope_says(buffer: str) -> None:
    hosts = {base64.b64decode(line) for line in checked(HOSTS, *ENTRIES)}
    rules = [parse(line) for line in checked(RULES, *ENTRIES)[1:]]
    assert {
        name: any(rule.matches({buffer: name.encode()}, "443", hosts) for rule in rules)
        for name in EXPECTED
    } == {name: state == "blocked" for name, state in EXPECTED.items()}


URL_TAILS = st.text(string.printable + "қазақ", max_size=40) | st.sampled_from(
    ['";) drop', "|41|", ";sid:1;", "!not", "\\", "a:b", "%0a", '"', "page"]
)


@given(st.lists(URL_TAILS, max_size=5), URL_TAILS, st.sampled_from(["", ":8080"]))
def test_the_rules_match_the_listed_urls_and_no_other(
    tails: list[str], other: str, port: str
) -> None:
    listed = [normal(Scope.URL, f"http://odd.example{port}/{tail}") for tail in tails]
    asked = normal(Scope.URL, f"http://odd.example{port}/{other}")
    entries = tuple(map(url, listed))

    # the longest tail here, each letter six bytes, fits
    assert left_out("suricata", entries) == {}
    assert all(is_url_dropped(entries, name) for name in listed)
    assert is_url_dropped(entries, asked) == (asked in listed)
    assert not is_url_dropped(entries, asked.replace(f"odd.example{port}", "odd.example:81"))


NAMES = st.text(max_size=40) | st.sampled_from(
    [
        'a";) drop.example',
        ".",
        "kz",
        "a.example.",
        "қазақ.example",
        "1.2.3.4",
        "b.a.example",
        "a.example",
    ]
)


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=8))
def test_the_names_read_back_as_the_entries(found: list[tuple[str, bool]]) -> None:
    entries = []
    for text, is_domain in found:
        scope = Scope.DOMAIN if is_domain else Scope.HOST
        try:
            name = normal(scope, text)
        except BadHostError:
            continue
        if not guards.refusal(scope, name) and not guards.is_address(name):
            entries.append(entry(name, scope))

    assert all(is_dropped(tuple(entries), {"tls.sni": each.name}) for each in entries)
    assert not is_dropped(tuple(entries), {"tls.sni": "a.example.unlisted"})


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (url("https://platform.example/page"), "only the host can be seen"),
        (url("http://[2620:4f:8000::66]/page"), "IPv6"),
        (url('http://a";b.example/page'), "no name of the DNS"),
        (url("http://platform.example/" + "x" * 255), "longer than 255 bytes"),
        (entry("192.88.99.66", Scope.IP), "cannot say the scope ip"),
        (entry("203.0.113.66"), "not a DNS name"),
    ],
)
def test_what_the_rules_cannot_say_is_left_out(listed: Entry, why: str) -> None:
    assert why in left_out("suricata", [listed])[listed.name]
    assert checked(RULES, listed)[1:] == []


def test_what_is_more_than_suricata_can_load_is_left_out_with_the_reason() -> None:
    domains = [domain(f"d{number:05}.example") for number in range(MOST_DOMAINS + 3)]
    urls = [url(f"http://u{number:05}.example/") for number in range(MOST_URLS + 2)]
    entries = (*domains, *domains[:5], *urls, entry("shop.mixed.example"))

    lines = checked(RULES, *entries)
    found = left_out("suricata", entries)

    assert len(lines) == 1 + 14_001
    assert set(found) == {each.name for each in (*domains[-3:], *urls[-2:])}
    assert all("more of the scope" in reason for reason in found.values())
    kept = {each.name for each, _ in samples.view("suricata", entries).records()}
    assert kept == {each.name for each in entries} - set(found)


GOOD = samples.lines_of("suricata", (domain("bad.example"), entry("h.example"), url(PLATFORM)))
NEXT = 'drop tls any any -> any any (msg:"Qalqan block list"; flow:established,to_server;{} sid:1700007; rev:7;)'
PAGE = NEXT.replace("tls", "http").replace("any (", "80 (")
NAME = r'to_lowercase; dotprefix; content:".zoo.example"; pcre:"/^\.?$/R";'
OF_ZOO = (
    r'http.host; to_lowercase; content:"zoo.example"; startswith; pcre:"/^\.?$/R"; http.uri.raw;'
)


@pytest.mark.parametrize(
    "line",
    [
        NEXT.format(""),
        NEXT.format(" tls.sni;"),
        NEXT.format(f" tls.sni; {NAME}"),
        NEXT.format(f" tls.sni; {NAME}".replace("zoo.example", "kz")),
        NEXT.format(f" tls.sni; {NAME}".replace(".zoo", "zoo")),
        NEXT.format(f" tls.sni; {NAME}".partition(" pcre")[0]),
        NEXT.format(f" tls.sni; {NAME}".replace("?", "*")),
        NEXT.format(f" tls.sni; {NAME} noalert;"),
        NEXT.format(' tls.sni; content:"e";'),
        PAGE.format(f' {OF_ZOO} content:"/";'),
        PAGE.format(f' {OF_ZOO} content:"/"; bsize:2;'),
        PAGE.format(f' {OF_ZOO} content:"/"; bsize:1;'.replace("startswith; ", "")),
        PAGE.format(f' {OF_ZOO} content:"/"; bsize:1;'.replace("zoo", "a")),
        PAGE.format(f' {OF_ZOO} content:"/"; bsize:1;'.replace("zoo.example", "github.io")),
        PAGE.format(f' {OF_ZOO} content:"/|0A|"; bsize:2;'),
        PAGE.format(f' {OF_ZOO} content:"/|"; bsize:2;'),
        GOOD[-1],
        "drop ip any any -> any any (sid:1700007; rev:7;)",
        "alert tls any any -> any any (sid:1700007; rev:7;)",
        "# comment",
        "<!DOCTYPE html>",
        "",
    ],
)
def test_one_bad_rule_keeps_the_file_from_being_published(line: str) -> None:
    with pytest.raises(ExportError, match=r"line (9|10) "):
        lint.check("suricata", RULES, (f"{each}\n" for each in [*GOOD, line]), serial=7)


def test_a_rule_more_than_there_may_be_is_refused() -> None:
    ways = (
        ("tls", f"{TCP} tls.sni;"),
        ("http", f"{TCP} http.host;"),
        ("quic", "flow:to_server; quic.sni;"),
    )
    rules = [GOOD[0]]
    for number in range(4668):
        name = NAME.replace("zoo", f"d{number:04}")
        for proto, buffer in ways:
            sid = 1_700_000 + len(rules) - 1
            head = f'drop {proto} any any -> any any (msg:"Qalqan block list"; {buffer}'
            rules.append(f"{head} {name} sid:{sid}; rev:7;)")
    lines = [f"{each}\n" for each in rules]

    assert lint.check("suricata", RULES, lines[:14_002], serial=7) == 14_001
    with pytest.raises(ExportError, match=r"line 14003 .* a rule more"):
        lint.check("suricata", RULES, lines, serial=7)


def test_a_set_that_is_cut_off_is_refused() -> None:
    with pytest.raises(ExportError, match=r"line 1 .* cut off"):
        lint.check(
            "suricata",
            HOSTS,
            [samples.lines_of("suricata", [entry("h.example")], HOSTS)[0]],
            serial=7,
        )


@pytest.mark.parametrize("missing", range(len(GOOD) - 1))
def test_a_file_without_one_of_its_rules_is_refused(missing: int) -> None:
    lines = [*GOOD[:missing], *GOOD[missing + 1 :]]

    with pytest.raises(ExportError):
        lint.check("suricata", RULES, (f"{each}\n" for each in lines), serial=7)


def test_rules_of_another_serial_are_refused() -> None:
    with pytest.raises(ExportError, match="serial of another"):
        lint.check("suricata", RULES, (f"{each}\n" for each in GOOD), serial=8)


@pytest.mark.parametrize(
    "line",
    [
        "zoo.example",
        base64.b64encode(b"kz").decode(),
        base64.b64encode(b"*.zoo.example").decode(),
        base64.b64encode(b"a.example").decode(),
        base64.b64encode(b"Zoo.example").decode(),
        base64.b64encode("қазақ.example".encode()).decode(),
        base64.b64encode(b"zoo.example").decode() + ",7",
        "# comment",
        "",
    ],
)
def test_one_bad_host_keeps_the_set_from_being_published(line: str) -> None:
    lines = [*samples.lines_of("suricata", [entry("h.example")], HOSTS), line]

    with pytest.raises(ExportError, match="line 2 "):
        lint.check("suricata", HOSTS, (f"{each}\n" for each in lines), serial=7)


def test_no_bad_line_of_a_writer_is_published_and_the_last_good_list_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(store, "shop.mixed.example")
    approve(store, "bad.example", scope=Scope.DOMAIN)
    admit(store)
    publish.export(store, tmp_path, ["suricata"], actor="test")
    before = published(tmp_path)

    for file, line in (
        (RULES, "drop ip any any -> any any (sid:1700009;)"),
        (HOSTS, "zoo.example"),
    ):
        with pytest.raises(ExportError, match="nothing was published"):
            a_bad_export(store, tmp_path, ("suricata", file), line, monkeypatch)

    assert published(tmp_path) == before
