"""Every bad line that is known to break a resolver, held up to the last check of every list of names."""

from typing import Final

import pytest

from blocklist import lint
from blocklist.formats import FORMATS
from review_queue.errors import ExportError
from tests.blocklist.samples import HEADING, domain, entry, lines_of

# a line of each file, which blocks a name
SAY: Final = {
    ("rpz", "rpz.zone"): "{} CNAME .",
    ("rpz", "rpz-garden.zone"): "{} CNAME blocked.qalqan.invalid.",
    ("domains", "domains.txt"): "{}",
    ("hosts", "hosts.txt"): "0.0.0.0 {}\n:: {}",
    ("unbound", "unbound.conf"): 'local-zone: "{}" always_nxdomain',
    ("dnsmasq", "dnsmasq.conf"): "address=/{}/",
    ("dnsmasq", "dnsmasq-hosts.txt"): "0.0.0.0 {}\n:: {}",
    ("adguard", "adguard.txt"): "||{}^",
}
# each sorts behind the names of the list, so that no line is refused for its place alone
BAD_NAMES: Final = {
    "duplicate, or out of order": "bad.example",
    "case-only duplicate": "Zoo.example",
    "absolute name": "zoo.example.",
    "label too long": f"{'z' * 64}.example",
    "name too long": ".".join(["z" * 60] * 5),
    "bare star": "*",
    "star and dot": "*.",
    "star below a top-level name": "*.zz",
    "star without its name": "*.zoo.example",
    "star inside": "zoo.*.example",
    "root": ".",
    "nothing": "",
    "blank": " ",
    "hash": "#",
    "top-level name": "zz",
    "public suffix": "xn--p1acf",
    "HTML": "<!DOCTYPE html>",
    "URL": "http://zoo.example/page",
    "raw IDN": "қазақ.example",
    "address": "203.0.113.66",
    "network": "203.0.113.0/24",
    "rule on addresses without a length": "4.3.2.1.rpz-ip",
    "rule on all addresses": "0.0.0.0.0.rpz-ip",
    "rule on local addresses": "8.0.0.0.10.rpz-ip",
    "rule on name servers": "zoo.example.rpz-nsdname",
    "two labels run together": "zoo..example",
    "space": "zoo example",
    "quote": 'zoo".example',
    "slash": "zoo/kz",
    "caret": "zoo^.example",
    "backslash": "zoo\\.example",
    "control character": "zoo\x00.example",
    "carriage return": "zoo.example\r",
    "comment behind": "zoo.example#",
}
BAD_LINES: Final = {
    "CNAME and another type": "shop.mixed.example A 192.0.2.1",
    "HTML": "<html><head>",
    "blank line": "",
    "another file": "$INCLUDE /etc/passwd",
    "another setting": "server:",
    "another include": 'include: "/etc/passwd"',
    "another conf-file": "conf-file=/etc/passwd",
    "another script": "dhcp-script=/bin/sh",
    "a python script": 'python-script: "/tmp/a.py"',
    "pass rule": "shop.mixed.example CNAME rpz-passthru.",
    "AdGuard exception": "@@||zoo.example^",
    "real address": "192.0.2.1 zoo.example",
}
ENTRIES: Final = (domain("bad.example"), entry("bad.mixed.example"), entry("shop.mixed.example"))


def a_list(form: str, file: str, *bad_lines: str) -> list[str]:
    """The lines of a good list and the bad ones behind them."""
    entries = [*ENTRIES, entry("a.example")] if form == "hosts" else ENTRIES
    lines = [*lines_of(form, entries, file), *bad_lines]
    return [f"{part}\n" for line in lines for part in line.split("\n")]


def test_every_list_of_names_is_held_up_to_the_breakages() -> None:
    of_dns = {"adguard", "dnsmasq", "domains", "hosts", "rpz", "unbound"}

    assert {(form, file) for form in of_dns for file in FORMATS[form].files} == set(SAY)


@pytest.mark.parametrize(("form", "file"), SAY)
def test_a_good_line_more_passes(form: str, file: str) -> None:
    before = lint.check(form, file, a_list(form, file), serial=HEADING.serial)
    lines = a_list(form, file, SAY[form, file].format(*["zoo.example"] * 2))

    assert lint.check(form, file, lines, serial=HEADING.serial) == before + 1


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=list(BAD_NAMES))
@pytest.mark.parametrize(("form", "file"), SAY)
def test_a_bad_name_is_in_no_list(form: str, file: str, name: str) -> None:
    lines = a_list(form, file, SAY[form, file].format(*[name] * 2))

    with pytest.raises(ExportError, match="nothing was published: line "):
        lint.check(form, file, lines, serial=HEADING.serial)


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=list(BAD_LINES))
@pytest.mark.parametrize(("form", "file"), SAY)
def test_a_bad_line_is_in_no_list(form: str, file: str, line: str) -> None:
    with pytest.raises(ExportError, match="nothing was published: line "):
        lint.check(form, file, a_list(form, file, line), serial=HEADING.serial)


@pytest.mark.parametrize(("form", "file"), SAY)
def test_a_list_cut_off_anywhere_in_its_last_line_is_refused(form: str, file: str) -> None:
    whole = "".join(a_list(form, file))
    last = len(whole.splitlines()[-1])

    for missing in range(1, last + 1):
        with pytest.raises(ExportError):
            lint.check(
                form, file, whole[:-missing].splitlines(keepends=True), serial=HEADING.serial
            )


@pytest.mark.parametrize("file", ["rpz.zone", "rpz-garden.zone"])
@pytest.mark.parametrize(
    ("owner", "why"),
    [
        ("32.67.99.88.192.rpz-ip", ""),
        ("24.0.99.88.192.rpz-ip", ""),
        ("128.66.zz.8000.4f.2620.rpz-ip", ""),
        ("48.zz.8000.4f.2620.rpz-ip", ""),
        ("67.99.88.192.rpz-ip", "without the length"),
        ("f00d.zz.8000.4f.2620.rpz-ip", "without the length"),
        ("32.192.88.99.rpz-ip", "without the length"),
        ("33.67.99.88.192.rpz-ip", "without the length"),
        ("24.67.99.88.192.rpz-ip", "without the length"),
        ("128.66..8000.4f.2620.rpz-ip", "without the length"),
        ("032.67.99.88.192.rpz-ip", "normal form"),
        ("128.066.zz.8000.4f.2620.rpz-ip", "normal form"),
        ("128.66.0.zz.8000.4f.2620.rpz-ip", "normal form"),
        ("128.66.zz.8000.4F.2620.rpz-ip", "normal form"),
        ("16.0.0.88.192.rpz-ip", "wider"),
        ("0.0.0.0.0.rpz-ip", "wider"),
        ("0.zz.rpz-ip", "wider"),
        ("128.1.zz.rpz-ip", "reserved"),
        ("32.1.0.0.127.rpz-ip", "reserved"),
        ("*.32.67.99.88.192.rpz-ip", "without the length"),
        ("rpz-ip", "top-level"),
        (".rpz-ip", "without the length"),
        ("32.67.99.88.192.rpz-client-ip", "rule on addresses"),
        ("32.67.99.88.192.rpz-nsip", "rule on addresses"),
    ],
)
def test_a_rule_on_addresses_passes_in_its_one_right_form(file: str, owner: str, why: str) -> None:
    lines = a_list("rpz", file, SAY["rpz", file].format(owner))

    if not why:
        assert lint.check("rpz", file, lines, serial=HEADING.serial) == len(lines) - 4
        return
    with pytest.raises(ExportError, match=why):
        lint.check("rpz", file, lines, serial=HEADING.serial)


@pytest.mark.parametrize(
    "owner", ["32.66.99.88.192.rpz-ip", "32.10.99.88.192.rpz-ip", "zoo.example"]
)
def test_a_rule_out_of_its_place_is_refused(owner: str) -> None:
    lines = a_list("rpz", "rpz.zone", "32.66.99.88.192.rpz-ip CNAME .", f"{owner} CNAME .")

    with pytest.raises(ExportError, match=r"out of order|after the rules"):
        lint.check("rpz", "rpz.zone", lines, serial=HEADING.serial)


def test_one_of_two_lines_of_an_exact_host_is_refused() -> None:
    hosts = a_list("hosts", "hosts.txt")
    unbound = a_list("unbound", "unbound.conf")

    with pytest.raises(ExportError):
        lint.check("hosts", "hosts.txt", hosts[:-1], serial=HEADING.serial)
    with pytest.raises(ExportError):
        lint.check("unbound", "unbound.conf", unbound[:-1], serial=HEADING.serial)
    with pytest.raises(ExportError, match="half of it"):
        lint.check("hosts", "hosts.txt", [*hosts[:2], *hosts[3:]], serial=HEADING.serial)
