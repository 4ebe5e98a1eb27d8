"""All that is kept about one case: who fetched what, when and by which rules, what scored it, and who decided."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qalqan.evidence_manifest import EvidenceError, span_of
from review_queue import audit, captures, cases, manifests
from review_queue.captures import CaptureRow
from review_queue.manifests import Manifest, Span, Stamp
from review_queue.records import Case
from review_queue.store import Store

# the rows that a case rests on, and the column by which they are known to be its own
TABLES: Final = ("pages", "captures", "scores", "decisions")
EXPORTED: Final = "evidence.exported"


@dataclass(frozen=True, slots=True)
class SealedRows:
    """The rows of one table that one manifest stands for: those of the case, and the digests of all."""

    own: bytes  # a line for each row of the case
    digests: bytes  # a line for each row


@dataclass(frozen=True, slots=True)
class Sealing:
    """A manifest that stands for rows of a case, with its time-stamp where it has one."""

    manifest: Manifest
    stamp: Stamp | None
    tables: Mapping[str, SealedRows]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept about a case."""

    case: Case
    captures: tuple[CaptureRow, ...]
    sealings: tuple[Sealing, ...]
    unsealed: int  # rows of the case that no manifest stands for yet
    custody: Mapping[str, Any]  # all of it, for people and programs to read
    audit: bytes  # the case's rows of the audit log, a line each, as their hashes are taken of


def collect(store: Store, ref: str) -> Kept:
    """What is kept about the case with this reference.

    Raises:
        UnknownCaseError: there is none.
        EvidenceError: a manifest is not readable.
    """
    # the manifests first: every row that they stand for is there by then
    known = manifests.all_of(store)
    case = cases.get(store, ref)
    own = {table: captures.rows_of_case(store, table, case.id, case.site) for table in TABLES}
    ids = {table: frozenset(row["id"] for row in rows) for table, rows in own.items()}
    sealings = tuple(_sealings(store, known, ids))
    log = [row for row in audit.of_subject(store, case.ref) if row.action != EXPORTED]
    sealed = sum(table.own.count(b"\n") for one in sealings for table in one.tables.values())
    return Kept(
        case=case,
        captures=tuple(row for row in captures.of_site(store, case.site) if row.id in ids["captures"]),
        sealings=sealings,
        unsealed=sum(map(len, ids.values())) - sealed,
        custody={
            "case": {
                "reference": case.ref,
                "site": case.site,
                "category": case.category,
                "lane": case.lane,
                "state": case.state,
                "opened_at": case.opened_at,
            },
            **own,
            "rounds": captures.rounds_of(store, case.site),
            "manifests": [_described(one) for one in sealings],
            "audit": [
                {"seq": row.seq, "at": row.at, "actor": row.actor, "action": row.action,
                 "detail": row.detail, "hash": row.hash}
                for row in log
            ],
        },
        audit=b"".join(audit.hashed_text(row) + b"\n" for row in log),
    )  # fmt: skip


def _described(sealing: Sealing) -> dict[str, str]:
    manifest, stamp = sealing.manifest, sealing.stamp
    return {
        "name": manifest.name,
        "sha256": manifest.sha256,
        "made_at": manifest.made_at,
        "authority": stamp.authority if stamp else "",
        "stamped_at": stamp.stamped_at if stamp else "",
    }


def _sealings(
    store: Store, known: Sequence[Manifest], ids: Mapping[str, frozenset[int]]
) -> Iterator[Sealing]:
    """The manifests that stand for rows with these ids, the first one first."""
    stamps = {stamp.manifest_seq: stamp for stamp in manifests.stamps(store)}
    before: Mapping[str, Any] = {}
    for manifest in known:
        try:
            content = json.loads(manifest.content)
        except ValueError:
            raise EvidenceError(
                f"the manifest {manifest.name} cannot be read; see `qalqan evidence verify`"
            ) from None
        tables = {}
        for table, wanted in ids.items():
            span = span_of(table, content, before)
            if any(span.after < one <= span.last for one in wanted):
                tables[table] = _sealed_rows(store, table, span, wanted)
        if tables:
            yield Sealing(manifest, stamps.get(manifest.seq), tables)
        before = content


def _sealed_rows(store: Store, table: str, span: Span, wanted: frozenset[int]) -> SealedRows:
    own, digests = [], []
    for row, line in manifests.lines(store, table, span):
        digests.append(manifests.digest_line(line))
        if row["id"] in wanted:
            own.append(line)
    return SealedRows(b"".join(own), b"".join(digests))
