"""Evidence is sealed and time-stamped in one go, as the command does it and a round at its end."""

from dataclasses import dataclass

from qalqan.evidence_manifest import seal
from qalqan.evidence_stamps import StampError, Trust, stamp_all
from qalqan.settings import Stamping
from review_queue.manifests import Manifest
from review_queue.store import Store


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a seal came to: the new manifest if there was anything new, and how many were time-stamped.

    `problem` says why a manifest has no time-stamp yet; it stands all the same, and the next seal asks again.
    """

    manifest: Manifest | None
    stamped: int = 0
    problem: str = ""


def seal_and_stamp(store: Store, stamping: Stamping, *, actor: str) -> Sealed:
    """Everything that is new is in a manifest, and every manifest has its time-stamp where an authority gave one.

    Raises:
        EvidenceError: something that is to be sealed is not there, or another seal was faster.
    """
    manifest = seal(store, actor=actor)
    if not stamping.authority:
        return Sealed(manifest)
    try:
        trust = Trust.read(stamping.certificate) if stamping.certificate else None
        return Sealed(manifest, stamp_all(store, stamping.authority, trust, actor=actor))
    except StampError as error:
        return Sealed(manifest, problem=str(error))
