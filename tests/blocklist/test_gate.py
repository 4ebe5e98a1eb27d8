"""The gate on real programs: what they must say of a list, and what keeps it from being published."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from blocklist import gate, lint, listing, publish
from blocklist.consumers import CONSUMERS, dnsmasq, resolver
from blocklist.consumers.questions import Question
from blocklist.formats import FORMATS
from blocklist.gate import ConsumerMissingError, Gate, GateError, Outcome, Place, Proof
from blocklist.manifest import Manifest
from blocklist.rendering import Format, View
from blocklist.snapshots import Snapshot
from review_queue.categories import Scope
from review_queue.store import Store, open_store
from tests.blocklist.odd_names import odd_names
from tests.blocklist.publications import host, listed, stand_in
from tests.blocklist.samples import HEADING, domain, entry, ordered
from tests.review_queue.lives import an_import, taken_over

RESOLVERS = ("bind", "unbound", "dnsmasq", "powerdns", "knot")
DOMAIN = "wide-zz-qalqan.kz"


def here(*keys: str) -> Gate:
    """A gate of these consumers; the test is skipped where one is missing."""
    for key in keys:
        if reason := CONSUMERS[key].why_not_here():
            pytest.skip(reason)
    return Gate({key: CONSUMERS[key] for key in keys}, deadline_s=60)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("data")) as store:
        listed(store, *map(host, range(40)))
        listed(store, DOMAIN, "deep.down-zz-qalqan.kz", scope=Scope.DOMAIN)
        listed(store, "192.88.99.66", "2620:4f:8000::66", scope=Scope.IP)
        listed(store, "192.31.196.0/28", scope=Scope.CIDR)
        listed(store, "http://page-zz-qalqan.kz/users/x/page.html", scope=Scope.URL)
        yield store


def exported(
    store: Store, out: Path, gate_: Gate, *formats: str
) -> tuple[tuple[Proof, ...], Manifest]:
    """What the gate says of an export; what it refuses is not published."""
    found: list[Proof] = []

    def prove(folder: Path, manifest: Manifest) -> None:
        found.extend(gate_.prove([Place(folder, manifest)]))
        gate.refuse_failed(found)

    manifest = publish.export(store, out, formats, actor="test", prove=prove)
    return tuple(found), manifest


def with_lines(patch: pytest.MonkeyPatch, form: str, file: str, *bad_lines: str) -> None:
    """The writer of the file has a fault, and the last check is gone."""
    good = FORMATS[form]

    def lines(view: View) -> Iterator[str]:
        return chain(good.files[file](view), bad_lines)

    faulty: dict[str, Format] = {
        **FORMATS,
        form: replace(good, files={**good.files, file: lines}),
    }
    patch.setattr(publish, "FORMATS", faulty)
    patch.setattr(lint, "check", lambda *_args, **_named: 0)


def test_every_resolver_here_proves_what_it_loads(shared_store: Store, tmp_path: Path) -> None:
    proofs, _ = exported(
        shared_store, tmp_path / "lists", here(*RESOLVERS), "rpz", "unbound", "dnsmasq", "hosts"
    )

    assert {each.outcome for each in proofs} == {Outcome.PROVED}
    assert {(each.file, each.consumer) for each in proofs} == {
        *(("rpz.zone", CONSUMERS[key].name) for key in ("bind", "unbound", "powerdns", "knot")),
        *(("rpz-garden.zone", CONSUMERS[key].name) for key in ("bind", "unbound", "powerdns")),
        ("unbound.conf", "Unbound"),
        ("dnsmasq.conf", "dnsmasq"),
        ("hosts.txt", "dnsmasq"),
    }
    by_file = {each.file: each for each in proofs if each.consumer != "Knot Resolver"}
    assert by_file["hosts.txt"].blocked == 34
    # hosts, domains each with a name below, two addresses, both ends of a network
    assert by_file["rpz.zone"].blocked == 34 + 2 * 2 + 2 + 2
    assert all(each.open > 70 and each.version for each in proofs)


@pytest.mark.parametrize("keys", [("squid", "squidguard", "e2guardian", "nftables"), ("suricata",)])
def test_proxies_and_packet_filters_prove_what_they_load(
    shared_store: Store, tmp_path: Path, keys: tuple[str, ...]
) -> None:
    proofs, _ = exported(shared_store, tmp_path / "lists", here(*keys), *keys)

    assert {(each.consumer, each.outcome) for each in proofs} == {
        (CONSUMERS[key].name, Outcome.PROVED) for key in keys
    }
    assert all(each.blocked >= 4 and each.open >= 4 for each in proofs)


def test_the_plain_list_of_names_is_proved_by_what_reads_it_as_it_stands(
    shared_store: Store, tmp_path: Path
) -> None:
    (proof,), manifest = exported(shared_store, tmp_path / "lists", here("rbldnsd"), "domains")

    assert (proof.outcome, proof.consumer, proof.version) == (Outcome.PROVED, "rbldnsd", "1.0")
    assert (proof.blocked, proof.open > 70) == (34 + 2 * 2, True)
    assert gate.unproved(manifest, [proof]) == []


@pytest.mark.parametrize(
    ("key", "line"), [("powerdns", "* CNAME ."), ("knot", "* CNAME ."), ("knot", "kz CNAME .")]
)
def test_what_the_last_check_would_have_seen_the_gate_sees_on_the_real_resolver(
    shared_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, line: str
) -> None:
    out = tmp_path / "lists"
    how = here(key)
    exported(shared_store, out, how, "rpz")
    before = {path.name: path.read_bytes() for path in (out / "current").iterdir()}
    with_lines(monkeypatch, "rpz", "rpz.zone", line)

    with pytest.raises(GateError, match=r"got rpz\.zone wrong: .*must be left alone") as caught:
        exported(shared_store, out, how, "rpz")

    assert CONSUMERS[key].name in str(caught.value)
    assert before == {path.name: path.read_bytes() for path in (out / "current").iterdir()}


@pytest.mark.parametrize(
    ("key", "place", "line"),
    [
        ("powerdns", ("rpz", "rpz.zone"), f"{DOMAIN} CNAME ."),  # drops the list, runs unfiltered
        ("unbound", ("rpz", "rpz.zone"), "zoo.example. CNAME ."),  # does not start
        ("bind", ("rpz", "rpz.zone"), f"{DOMAIN} A 192.0.2.1"),
        ("dnsmasq", ("dnsmasq", "dnsmasq.conf"), "address=/kz/"),
        ("squid", ("squid", "squid-dstdomain.txt"), ".kz"),
        ("squidguard", ("squidguard", "squidguard-domains.txt"), "kz"),
        ("rbldnsd", ("domains", "domains.txt"), ".kz"),
        ("nftables", ("nftables", "nftables.nft"), "add element inet qalqan listed4 { 0.0.0.0/0 }"),
        (
            "suricata",
            ("suricata", "suricata.rules"),
            'drop ip any any -> any any (msg:"x"; sid:9;)',
        ),
        ("suricata", ("suricata", "suricata-hosts.lst"), "zoo.example"),
    ],
)
def test_a_breakage_fails_the_gate_of_the_program_it_breaks(
    shared_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    place: tuple[str, str],
    line: str,
) -> None:
    how = here(key)
    with_lines(monkeypatch, *place, line)

    with pytest.raises(GateError, match="the last good list stays"):
        exported(shared_store, tmp_path / "lists", how, place[0])

    assert not (tmp_path / "lists" / "current").exists()


def test_a_listed_name_that_is_open_in_tls_is_not_proved_by_its_listed_front_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, good = "both.zz-qalqan.kz", FORMATS["suricata"]
    rules, hosts = good.files
    how = here("suricata")

    def in_http_alone(view: View) -> Iterator[str]:
        return (
            line
            for line in good.files[rules](view)
            if not line.startswith(("drop tls", "drop quic"))
        )

    faulty = replace(good, files={rules: in_http_alone, hosts: good.files[hosts]})
    with open_store(tmp_path / "data") as store:
        an_import(
            store,
            taken_over(name),
            taken_over(f"http://{name}/", scope=Scope.URL),
        )
        ((proof,), _) = exported(store, tmp_path / "whole", how, "suricata")
        monkeypatch.setattr(publish, "FORMATS", {**FORMATS, "suricata": faulty})
        monkeypatch.setattr(lint, "check", lambda *_args, **_named: 0)
        with pytest.raises(GateError, match=r"blocked in http, open in TLS, open in QUIC"):
            exported(store, tmp_path / "lists", how, "suricata")

    assert (proof.outcome, proof.blocked) == (Outcome.PROVED, 2)


def test_a_list_that_is_cut_off_fails_the_gate_where_a_resolver_loads_the_rest(
    shared_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Knot Resolver reads what is there and says nothing: the last name of the list is always asked for."""
    good = FORMATS["rpz"]

    def cut(view: View) -> Iterator[str]:
        lines = [*good.files["rpz.zone"](view)]
        yield from lines[: 4 + 41]

    faulty = {**FORMATS, "rpz": replace(good, files={**good.files, "rpz.zone": cut})}
    monkeypatch.setattr(publish, "FORMATS", faulty)
    monkeypatch.setattr(lint, "check", lambda *_args, **_named: 0)

    with pytest.raises(GateError, match="is not blocked, but is listed"):
        exported(shared_store, tmp_path / "lists", here("knot"), "rpz")


def test_a_program_that_hangs_is_killed_at_the_deadline_and_has_failed(
    shared_store: Store, tmp_path: Path
) -> None:
    with pytest.raises(GateError, match="did not answer in time and was killed"):
        exported(shared_store, tmp_path / "lists", stand_in("sleep", "600", deadline_s=1), "rpz")


def test_a_program_that_ends_at_once_has_failed(shared_store: Store, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="it ended"):
        exported(shared_store, tmp_path / "lists", stand_in("false"), "rpz")


def test_a_program_whose_port_was_taken_is_started_once_more(
    shared_store: Store, tmp_path: Path
) -> None:
    here("dnsmasq")
    marker = tmp_path / "started"
    script = f"[ -e {marker} ] || {{{{ : > {marker}; exit 2; }}}}"
    command = f"{script}; exec dnsmasq -k --log-facility=- --conf-file={{folder}}/dnsmasq.conf"
    program = replace(dnsmasq.PROGRAM, binary="sh", command=("-c", command))
    how = Gate({"dnsmasq": resolver.consumer("dnsmasq", program)}, deadline_s=60)

    proofs, _ = exported(shared_store, tmp_path / "lists", how, "hosts")

    assert marker.exists()
    assert [each.outcome for each in proofs] == [Outcome.PROVED]


def test_a_program_that_answers_less_than_it_is_asked_has_failed(
    shared_store: Store, tmp_path: Path
) -> None:
    silent = replace(
        CONSUMERS["dnsmasq"],
        answers=lambda *_asked: iter(()),
        why_not_here=lambda: "",
        version=lambda: "",
    )

    with pytest.raises(GateError, match=r"it answered 0 of \d+ questions"):
        exported(shared_store, tmp_path / "lists", Gate({"dnsmasq": silent}), "hosts")


def test_a_program_that_is_missing_is_named_and_its_format_is_not_proved(
    shared_store: Store, tmp_path: Path
) -> None:
    how = stand_in("no-such-resolver")

    proofs, manifest = exported(shared_store, tmp_path / "lists", how, "rpz", "hosts")

    (proof,) = proofs
    assert (proof.outcome, proof.consumer) == (Outcome.NOT_HERE, "Stand-in")
    assert "not installed" in proof.told
    assert gate.unproved(manifest, proofs) == ["hosts", "rpz"]
    told = json.loads(gate.report_text(manifest, "local", "1.0", proofs))
    assert told["not_proved"] == ["hosts", "rpz"]
    assert told["checks"][0]["outcome"] == "not here"
    with pytest.raises(ConsumerMissingError, match=r"Stand-in is required, and .*not installed"):
        how.require(["bind"])


def test_a_canary_that_is_not_listed_keeps_the_list_back(
    shared_store: Store, tmp_path: Path
) -> None:
    how = replace(here("dnsmasq"), always="canary-zz-qalqan.kz")

    with pytest.raises(GateError, match=r"canary-zz-qalqan\[\.\]kz is not in the list"):
        exported(shared_store, tmp_path / "lists", how, "hosts")

    proofs, _ = exported(shared_store, tmp_path / "lists", replace(how, always=host(7)), "hosts")
    assert proofs[0].outcome is Outcome.PROVED


def test_progress_is_told_after_each_check(shared_store: Store, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    how = replace(here("dnsmasq"), advance=lambda done, total: told.append((done, total)))

    exported(shared_store, tmp_path / "lists", how, "hosts", "dnsmasq")

    assert told == [(0, 2), (1, 2), (2, 2)]


def test_odd_names_urls_and_networks_raise_no_false_alarm(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("snapshot")
    source = odd_names(253)
    names = list(dict.fromkeys(next(source) for _ in range(300)))
    entries = [domain(name) if place % 2 else entry(name) for place, name in enumerate(names)]
    entries += [entry(name) for name in ("8.8.8.8", "1.1.1.1", "[2620:4f:8000::99]")]
    entries += [
        entry(f"http://{name}/a?q=%D2%9B&x=~!$", Scope.URL)
        for name in names[:60]
        if len(name) < 200
    ]
    entries += [entry("http://9.9.9.9:8080/x", Scope.URL), entry("192.31.196.0/24", Scope.CIDR)]
    entries += [entry(f"100.{part}.7.{part}", Scope.IP) for part in range(1, 60)]
    written = listing.write(
        Snapshot(folder), iter(ordered(entries)), list(FORMATS.values()), HEADING, lambda _: ""
    )

    # the other resolvers are asked odd names in test_odd_names
    how = here("powerdns", "squid", "e2guardian", "nftables")
    proofs = how.prove([Place(folder, written.manifest())])

    assert {each.outcome for each in proofs} == {Outcome.PROVED}


def test_who_interrupts_does_not_wait_for_what_has_not_begun(
    shared_store: Store, tmp_path: Path
) -> None:
    begun = []

    def answers(*_asked: object) -> Iterator[tuple[Question, str]]:
        begun.append(1)
        time.sleep(0.2)
        return iter(())

    def interrupt(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    one = replace(
        CONSUMERS["dnsmasq"], answers=answers, why_not_here=lambda: "", version=lambda: ""
    )
    how = Gate({str(number): one for number in range(10)}, advance=interrupt)

    with pytest.raises(KeyboardInterrupt):
        exported(shared_store, tmp_path / "lists", how, "hosts")

    assert len(begun) <= 2 * gate.AT_ONCE


def test_an_empty_list_is_proved_to_block_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path / "data") as store:
        proofs, _ = exported(store, tmp_path / "lists", here("dnsmasq", "knot"), "rpz", "hosts")

    assert {(each.outcome, each.blocked) for each in proofs} == {(Outcome.PROVED, 0)}
    assert all(each.open >= 5 for each in proofs)
