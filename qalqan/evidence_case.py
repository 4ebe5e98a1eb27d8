"""All that is kept about one case: who fetched what, when and by which rules, what scored it, and who decided."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qalqan.evidence_manifest import EvidenceError, span_of
from review_queue import audit, captures, cases, manifests
from review_queue.captures import CaptureRow
from review_queue.manifests import Manifest, Stamp
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
    with store.atomic():
        case = cases.get(store, ref)
        rows = captures.of_site(store, case.site)
        own = {table: captures.rows_of_case(store, table, case.id, case.site) for table in TABLES}
        sealings = tuple(_sealings(store, case))
        log = [row for row in audit.of_subject(store, case.ref) if row.action != EXPORTED]
        custody = {
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
            "manifests": [
                {
                    "name": one.manifest.name,
                    "sha256": one.manifest.sha256,
                    "made_at": one.manifest.made_at,
                    "authority": one.stamp.authority if one.stamp else "",
                    "stamped_at": one.stamp.stamped_at if one.stamp else "",
                }
                for one in sealings
            ],
            "audit": [
                {"seq": row.seq, "at": row.at, "actor": row.actor, "action": row.action,
                 "detail": row.detail, "hash": row.hash}
                for row in log
            ],
        }  # fmt: skip
        sealed = sum(table.own.count(b"\n") for one in sealings for table in one.tables.values())
    return Kept(
        case=case,
        captures=tuple(rows),
        sealings=sealings,
        unsealed=sum(len(found) for found in own.values()) - sealed,
        custody=custody,
        audit=b"".join(audit.hashed_text(row) + b"\n" for row in log),
    )


def _sealings(store: Store, case: Case) -> Iterator[Sealing]:
    """The manifests that stand for rows of the case, the first one first."""
    stamps = {stamp.manifest_seq: stamp for stamp in manifests.stamps(store)}
    before: Mapping[str, Any] = {}
    pages: set[int] = set()
    for manifest in manifests.all_of(store):
        try:
            content = json.loads(manifest.content)
        except ValueError:
            raise EvidenceError(
                f"the manifest {manifest.name} cannot be read; see `qalqan evidence verify`"
            ) from None
        tables = {}
        for table in TABLES:
            own, digests = [], []
            for row, line in manifests.lines(store, table, span_of(table, content, before)):
                digests.append(manifests.digest_line(line))
                if table == "pages" and row["site"] == case.site:
                    pages.add(row["id"])
                if _is_of(table, row, case, pages):
                    own.append(line)
            if own:
                tables[table] = SealedRows(b"".join(own), b"".join(digests))
        if tables:
            yield Sealing(manifest, stamps.get(manifest.seq), tables)
        before = content


def _is_of(table: str, row: Mapping[str, Any], case: Case, pages: set[int]) -> bool:
    match table:
        case "pages":
            return row["id"] in pages
        case "decisions":
            return bool(row["case_id"] == case.id)
        case _:
            return row["page_id"] in pages
