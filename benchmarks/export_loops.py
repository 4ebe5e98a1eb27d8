"""Bare loops that write the files of a block list: an f-string an entry, filled from fields that are ready.

What an export is measured against (export_speed.py). They know the made-up entries: three decisions each, no papers, no
text that needs more escaping than is done beforehand.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring_ascii as quoted

from blocklist import coverage
from blocklist.canonical import GRANULARITIES
from blocklist.formats import misp_feed, stix_bundle
from blocklist.formats.json_rows import ids_in
from blocklist.rendering import Skipped, View
from review_queue.categories import Scope
from review_queue.records import Entry


@dataclass(frozen=True, slots=True)
class Ready:
    """An entry with all that costs more than filling it in."""

    entry: Entry
    json_name: str
    xml_name: str
    stix: str
    pattern: str
    misp: str
    seconds: str
    md5: str


def ready(listed: Iterable[Entry]) -> Iterator[Ready]:
    """The entries, made ready."""
    stix, misp = ids_in(stix_bundle.NAMESPACE), ids_in(misp_feed.NAMESPACE)
    for each in listed:
        yield Ready(
            each,
            quoted(each.unicode_name),
            each.unicode_name.encode("ascii", "xmlcharrefreplace").decode(),
            stix(each.id),
            stix_bundle.pattern_of(each.scope, each.name),
            misp(f"{each.scope} {each.name}"),
            str(int(datetime.fromisoformat(each.listed_at).timestamp())),
            hashlib.md5(each.name.encode(), usedforsecurity=False).hexdigest(),
        )


def of_names(view: View, file: str) -> Iterator[str]:  # noqa: C901  # a case a file
    """A loop for a file of names."""
    both = list(coverage.covering(view))
    hosts = list(view.of(Scope.HOST))
    urls = list(view.of(Scope.URL))
    match file:
        case "rpz.zone":
            return (f"{n} CNAME .\n*.{n} CNAME .\n" if d else f"{n} CNAME .\n" for n, d in both)
        case "rpz-garden.zone":
            to = "CNAME blocked.qalqan.invalid."
            return (f"{n} {to}\n*.{n} {to}\n" if d else f"{n} {to}\n" for n, d in both)
        case "domains.txt":
            return (f"{n}\n*.{n}\n" if d else f"{n}\n" for n, d in both)
        case "hosts.txt":
            return (f"0.0.0.0 {n}\n:: {n}\n" for n in hosts)
        case "dnsmasq-hosts.txt":
            return (f"0.0.0.0 {n}\n:: {n}\n" for n, d in both if not d)
        case "dnsmasq.conf":
            return (f"address=/{n}/\n" for n, d in both if d)
        case "adguard.txt":
            return (f"||{n}^\n" if d else f"|{n}^\n" for n, d in both)
        case "squid-dstdomain.txt":
            return (f".{n}\n" if d else f"{n}\n" for n, d in both)
        case "squidguard-domains.txt" | "e2guardian-bannedsitelist":
            return (f"{n}\n" for n, d in both if d)
        case "unbound.conf":
            return (
                f'local-zone: "{n}" always_nxdomain\n'
                if d
                else f'local-zone: "{n}" transparent\nlocal-data: "{n} 300 IN A 0.0.0.0"\n'
                f'local-data: "{n} 300 IN AAAA ::"\n'
                for n, d in both
            )
        case "squid-url.txt":
            texts = [url.replace(".", r"\.").replace("?", r"\?") for url in urls]
            return (f"^{text}$\n" for text in texts)
        case _:
            return iter(())


def of_entries(rows: Iterable[Ready], file: str) -> Iterator[str]:
    """A loop for a file of whole entries."""
    match file:
        case "entries.jsonl":
            return (
                f'{{"schema": 2, "id": "{e.id}", "granularity": "{GRANULARITIES[e.scope]}", "name": "{e.name}",'
                f' "unicode_name": {u}, "category": "{e.category}", "reason": {{"code": "{e.policy_code}",'
                f' "version": {e.policy_version}}}, "legal_ground": {{"code": "{e.legal_ground_code}",'
                f' "version": {e.legal_ground_version}}}, "case": "{e.case_ref}", "decisions": ['
                f'"{e.decision_ids[0]}", "{e.decision_ids[1]}", "{e.decision_ids[2]}"], "papers": [],'
                f' "people": {e.people}, "overrides": [], "listed_at": "{e.listed_at}",'
                f' "review_at": "{e.review_at}", "expires_at": "{e.expires_at}", "appeal": ""}}\n'
                for e, u in ((row.entry, row.json_name) for row in rows)
            )
        case "csv-entries.csv":
            return (
                f'"{e.id}","{GRANULARITIES[e.scope]}","{e.name}",{u},"{e.category}","{e.policy_code}",'
                f'"{e.policy_version}","{e.legal_ground_code}","{e.legal_ground_version}","{e.case_ref}",'
                f'"[""{e.decision_ids[0]}"", ""{e.decision_ids[1]}"", ""{e.decision_ids[2]}""]","[]",'
                f'"{e.people}","[]","{e.listed_at}","{e.review_at}","{e.expires_at}",""\r\n'
                for e, u in ((row.entry, row.json_name) for row in rows)
            )
        case "xml-entries.xml":
            return (_xml(row.entry, row.xml_name) for row in rows)
        case "stix-bundle.json":
            return (_stix(row.entry, row.json_name, row.stix, row.pattern) for row in rows)
        case "misp-event.json":
            return (_misp(row.entry, row.misp, row.seconds) for row in rows)
        case "misp-hashes.csv":
            return (f"{row.md5},{misp_feed.EVENT}\n" for row in rows)
        case _:
            return iter(())


def of_skipped(rows: Iterable[Skipped]) -> Iterator[str]:
    """A loop for what a format leaves out."""
    return (
        f'{{"id": "{i}", "scope": "{s}", "name": "{n}", "reason": "{r}"}},\n' for i, s, n, r in rows
    )


def _xml(e: Entry, u: str) -> str:
    kind, tag = KINDS[e.scope]
    return (
        f'<content id="{e.id}" entryType="{kind}" includeTime="{e.listed_at}" reviewTime="{e.review_at}"'
        f' expiryTime="{e.expires_at}" category="{e.category}" people="{e.people}"><{tag}>{e.name}</{tag}>'
        f'<unicodeName>{u}</unicodeName><reason version="{e.policy_version}">{e.policy_code}</reason>'
        f'<legalGround version="{e.legal_ground_version}">{e.legal_ground_code}</legalGround>'
        f"<case>{e.case_ref}</case><decision>{e.decision_ids[0]}</decision>"
        f"<decision>{e.decision_ids[1]}</decision><decision>{e.decision_ids[2]}</decision></content>\n"
    )


KINDS = {
    Scope.URL: ("default", "url"),
    Scope.HOST: ("domain", "domain"),
    Scope.DOMAIN: ("domain-mask", "domain"),
    Scope.IP: ("ip", "ip"),
    Scope.CIDR: ("ipSubnet", "ipSubnet"),
}


def _stix(e: Entry, u: str, made: str, pattern: str) -> str:
    return (
        f'{{"type":"indicator","spec_version":"2.1","id":"indicator--{made}","created_by_ref":"{IDENTITY}",'
        f'"created":"{e.listed_at}","modified":"{e.listed_at}","name":{u},"description":"Decided by {e.people}'
        f' people. To be looked at again at {e.review_at}.","pattern":"{pattern}","pattern_type":"stix",'
        f'"pattern_version":"2.1","valid_from":"{e.listed_at}","valid_until":"{e.expires_at}",'
        f'"labels":["{e.category}"],"external_references":[{{"source_name":"qalqan entry","external_id":"{e.id}"}},'
        f'{{"source_name":"qalqan case","external_id":"{e.case_ref}"}},'
        f'{{"source_name":"qalqan reason","external_id":"{e.policy_code}","description":"version {e.policy_version}"}},'
        f'{{"source_name":"qalqan legal ground","external_id":"{e.legal_ground_code}",'
        f'"description":"version {e.legal_ground_version}"}},'
        f'{{"source_name":"qalqan decision","external_id":"{e.decision_ids[0]}"}},'
        f'{{"source_name":"qalqan decision","external_id":"{e.decision_ids[1]}"}},'
        f'{{"source_name":"qalqan decision","external_id":"{e.decision_ids[2]}"}}]}},\n'
    )


IDENTITY = f"identity--{ids_in(stix_bundle.NAMESPACE)('identity')}"


def _misp(e: Entry, made: str, seconds: str) -> str:
    return (
        f'{{"uuid":"{made}","type":"{misp_feed.TYPES[e.scope]}","category":"Network activity","value":"{e.name}",'
        f'"to_ids":true,"timestamp":"{seconds}","comment":"{e.id}, case {e.case_ref}, {e.category},'
        f' decided by {e.people} people","distribution":"5","disable_correlation":false,"deleted":false}},\n'
    )
