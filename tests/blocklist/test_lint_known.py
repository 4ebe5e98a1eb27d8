"""The last check where it is told what the guards have let in: quicker, and its verdict the same or stricter."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocklist import guards, lint, lint_known, lint_lines
from blocklist.formats import FORMATS
from blocklist.lint_known import Known
from blocklist.rendering import columns_of
from review_queue.categories import Scope
from review_queue.errors import ExportError
from review_queue.records import Entry
from tests.blocklist.samples import HEADING, domain, entry, lines_of, ordered
from tests.blocklist.test_breakages import BAD_LINES, BAD_NAMES, SAY

OF_NAMES: Final = [
    *SAY,
    ("squid", "squid-dstdomain.txt"),
    ("squidguard", "squidguard-domains.txt"),
    ("e2guardian", "e2guardian-bannedsitelist"),
]
OF_ENTRIES: Final = [
    ("csv", "csv-entries.csv"),
    ("xml", "xml-entries.xml"),
    ("stix", "stix-bundle.json"),
    ("misp", "misp-event.json"),
    ("misp", "misp-hashes.csv"),
]
ENTRIES: Final = (
    domain("bad.example"),
    domain("c.bad.zz-qalqan.kz"),
    entry("bad.mixed.example"),
    entry("m.zz-qalqan.kz"),
    entry("192.88.99.66", Scope.IP),
    entry("shop.mixed.example"),
    entry("a.bad.example"),
    entry("http://platform.example/a'b?c=%22", Scope.URL),
)
SAY_MORE: Final = {
    **SAY,
    ("squid", "squid-dstdomain.txt"): ".{}",
    ("squidguard", "squidguard-domains.txt"): "{}",
    ("e2guardian", "e2guardian-bannedsitelist"): "{}",
}


@pytest.fixture(autouse=True, scope="module")
def small_batches() -> Iterator[None]:
    """So few lines a batch that the lists here have several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lint_known, "_BATCH", 3)
        patch.setattr(lint_lines, "_BATCH", 2)
        yield


def known_of(entries: Sequence[Entry]) -> Known:
    columns = columns_of(ordered(entries))
    return Known({scope: column.unique for scope, column in columns.items()})


def text_of(form: str, file: str, entries: Sequence[Entry] = ENTRIES) -> str:
    return "".join(f"{line}\n" for line in lines_of(form, entries, file))


def verdict(form: str, file: str, text: str, known: Known | None) -> int | str:
    """How much the file holds, or what is wrong with it."""
    try:
        lines = text.splitlines(keepends=True)
        return lint.check(form, file, lines, serial=HEADING.serial, known=known)
    except ExportError as error:
        return str(error)


@pytest.mark.parametrize(("form", "file"), [*OF_NAMES, *OF_ENTRIES])
def test_a_good_list_has_the_same_count_either_way(form: str, file: str) -> None:
    text = text_of(form, file)

    assert verdict(form, file, text, known_of(ENTRIES)) == verdict(form, file, text, None)
    assert isinstance(verdict(form, file, text, None), int)


@pytest.mark.parametrize(("form", "file"), OF_NAMES)
def test_names_that_are_known_are_not_asked_of_the_guards_again(
    form: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_args: object) -> str:
        return "it was asked"

    entries = [each for each in ENTRIES if each.scope is not Scope.IP]
    text = text_of(form, file, entries)
    monkeypatch.setattr(guards, "refusal", asked)

    assert isinstance(verdict(form, file, text, known_of(entries)), int)
    assert "it was asked" in str(verdict(form, file, text, None))


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=list(BAD_NAMES))
@pytest.mark.parametrize(("form", "file"), OF_NAMES)
def test_a_bad_name_is_in_no_list_either(form: str, file: str, name: str) -> None:
    text = text_of(form, file) + SAY_MORE[form, file].format(*[name] * 2) + "\n"

    assert "nothing was published: line " in str(verdict(form, file, text, known_of(ENTRIES)))


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=list(BAD_LINES))
@pytest.mark.parametrize(("form", "file"), OF_NAMES)
def test_a_bad_line_is_in_no_list_either(form: str, file: str, line: str) -> None:
    text = f"{text_of(form, file)}{line}\n"

    assert "nothing was published: line " in str(verdict(form, file, text, known_of(ENTRIES)))


@pytest.mark.parametrize(("form", "file"), OF_NAMES)
def test_a_name_that_is_in_no_entry_is_in_no_list(form: str, file: str) -> None:
    more = [*ENTRIES, domain("zoo.example"), entry("zoo.mixed.example")]
    text = text_of(form, file, more)

    assert isinstance(verdict(form, file, text, None), int)
    assert "not in the canonical list" in str(verdict(form, file, text, known_of(ENTRIES)))


WIDE: Final = [place for place in OF_NAMES if place[1] not in ("hosts.txt", "dnsmasq-hosts.txt")]


@pytest.mark.parametrize(("form", "file"), WIDE)
def test_an_exact_host_is_in_no_list_as_a_domain(form: str, file: str) -> None:
    """The first entry is said wider than it was decided."""
    listed = [entry("a.zz-qalqan.kz"), domain("z.zz-qalqan.kz")]
    text = text_of(form, file, [domain("a.zz-qalqan.kz"), domain("z.zz-qalqan.kz")])

    assert isinstance(verdict(form, file, text, None), int)
    assert "lies below an exact host" in str(verdict(form, file, text, known_of(listed)))


@pytest.mark.parametrize(
    "place", [each for each in OF_NAMES if "squid" in each[0] or "e2" in each[0]]
)
def test_a_name_below_a_listed_domain_stops_squid_though_both_are_known(
    place: tuple[str, str],
) -> None:
    listed = [domain("b.zz-qalqan.kz"), domain("c.b.zz-qalqan.kz")]
    mark = "." if place[0] == "squid" else ""
    text = f"{text_of(*place, listed[:1])}{mark}c.b.zz-qalqan.kz\n"

    assert "below a listed domain" in str(verdict(*place, text, known_of(listed)))


@pytest.mark.parametrize(("form", "file"), OF_NAMES)
def test_an_address_in_the_place_of_a_host_is_in_no_list_of_names(form: str, file: str) -> None:
    known = Known({Scope.HOST: ["192.88.99.66"], Scope.DOMAIN: ["192.88.99.66"]})
    text = f"{text_of(form, file, [])}{SAY_MORE[form, file].format(*['192.88.99.66'] * 2)}\n"

    assert "nothing was published: line " in str(verdict(form, file, text, known))


def test_what_is_learnt_later_is_known_with_what_lies_below_it() -> None:
    known = Known({Scope.HOST: ["c.b.zz-qalqan.kz"]})
    assert not known.below

    known.learn({Scope.DOMAIN: ["b.zz-qalqan.kz"]})

    assert known.of(Scope.DOMAIN) == {"b.zz-qalqan.kz"}
    assert known.below == {"c.b.zz-qalqan.kz"}


def test_a_known_name_too_long_for_a_zone_is_in_none() -> None:
    long = entry(f"{'.'.join(['l' * 60] * 3)}.zz-qalqan.kz")
    text = f"{text_of('rpz', 'rpz.zone', ENTRIES[:1])}{long.name} CNAME .\n"

    assert "too long" in str(verdict("rpz", "rpz.zone", text, known_of([*ENTRIES, long])))


@pytest.mark.parametrize(("form", "file"), [("rpz", "rpz.zone"), ("adguard", "adguard.txt")])
def test_no_known_name_stands_behind_the_addresses(form: str, file: str) -> None:
    zoo = [domain(f"z{number}.zz-qalqan.kz") for number in range(9)]
    more = text_of(form, file, zoo).split("\n", 4 if form == "rpz" else 1)[-1]

    refused = verdict(form, file, text_of(form, file) + more, known_of([*ENTRIES, *zoo]))

    assert "after the" in str(refused)


@pytest.mark.parametrize(("form", "file"), [each for each in OF_ENTRIES if each[0] != "csv"][:3])
def test_no_entry_stands_behind_the_end_and_no_comma_before_it(
    form: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_lines, "_BATCH", 1)
    zoo = [entry(f"z{number}.zz-qalqan.kz") for number in range(4)]
    known = known_of([*ENTRIES, *zoo])
    *lines, end = text_of(form, file).splitlines()
    more = text_of(form, file, zoo).splitlines()[-5:-2]

    behind = verdict(form, file, "\n".join([*lines, end, *more, ""]), known)
    before = verdict(form, file, "\n".join([*lines[:-1], f"{lines[-1]},", end, ""]), known)

    assert "stands after the end" in str(behind)
    assert ("not one whole" if form == "xml" else "comma") in str(before)


def _changed(text: str, draw: Callable[[st.SearchStrategy[int]], int]) -> str:
    """The text with a line taken away, said twice, moved, cut short or with one character changed."""
    lines = text.splitlines(keepends=True)
    at, to = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    line = lines[at]
    place = draw(st.integers(0, len(line)))
    match draw(st.integers(0, 5)):
        case 0:
            del lines[at]
        case 1:
            lines.insert(to, line)
        case 2:
            lines[at], lines[to] = lines[to], lines[at]
        case 3:
            lines[at] = line[:place]
        case 4:
            odd = '*. \n"\\/^|,{[:;=a0-\x00é\t'
            lines[at] = line[:place] + odd[draw(st.integers(0, len(odd) - 1))] + line[place:]
        case _:
            lines[at] = line[:place] + line[place + 1 :]
    return "".join(lines)


@pytest.mark.parametrize(("form", "file"), [*OF_NAMES, *OF_ENTRIES])
@settings(deadline=None, max_examples=200)  # nothing here is about time
@given(data=st.data())
def test_what_passes_quickly_would_have_passed_line_by_line(
    form: str, file: str, data: st.DataObject
) -> None:
    text = text_of(form, file)
    for _ in range(data.draw(st.integers(1, 2))):
        text = _changed(text, data.draw)

    quick = verdict(form, file, text, known_of(ENTRIES))

    if isinstance(quick, int):
        assert quick == verdict(form, file, text, None)


def test_every_list_of_names_and_of_entries_is_looked_at_here() -> None:
    here = {form for form, _ in (*OF_NAMES, *OF_ENTRIES)}

    assert {*FORMATS} - here == {"nftables", "suricata"}
