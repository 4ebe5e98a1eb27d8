"""One publication: what people approved becomes a signed list that is proved before anybody can read it.

Where nothing has changed there is no new serial, but a new heartbeat. Whatever goes wrong on the way, the last good
list stays served.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from blocklist import gate, heartbeat, served
from blocklist.entries import AdmitReport, admit
from blocklist.gate import Gate, Place, Proof
from blocklist.manifest import PROOFS_NAME, Manifest
from blocklist.publish import VALID_FOR, export
from blocklist.served import Served
from blocklist.signers import Signers
from blocklist.snapshots import Snapshot
from review_queue import allowances, lifts, publications
from review_queue.categories import Category
from review_queue.clock import later
from review_queue.errors import ExportError
from review_queue.lifts import Lift
from review_queue.store import Store


class Verify(StrEnum):
    """Whether a list is proved before it is served."""

    LOCAL = "local"  # by the programs installed here
    NONE = "none"


class Outcome(StrEnum):
    """What a publication came to."""

    PUBLISHED = "published"
    HEARTBEAT = "heartbeat"  # nothing has changed, and that is signed
    UNCHANGED = "unchanged"  # nothing has changed, and there is no key to sign that with


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be published, and what a person has said they know of."""

    formats: Sequence[str]
    parts: Sequence[Category] = ()
    verify: Verify = Verify.LOCAL
    require: Sequence[str] = ()  # consumers without which nothing is published
    program: str = ""  # the version of this program: another may write the same list in another way
    is_new_key: bool = False
    is_restored: bool = False
    is_clock_right: bool = False


@dataclass(frozen=True, slots=True)
class Publication:
    """What was published."""

    outcome: Outcome
    serial: int
    not_after: str
    manifest: (
        Manifest  # of the list that was made; it is what is served where the outcome is PUBLISHED
    )
    proofs: tuple[Proof, ...]
    told: tuple[str, ...]  # what was wrong with the list served before, or that it was gone
    admitted: AdmitReport
    lifted: tuple[Lift, ...]


class _UnchangedError(ExportError):
    """The list that was made says what is served already; it is dropped."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__("nothing has changed")
        self.manifest = manifest


class _Hook:
    """Looks at each list of a snapshot once it is finished: whether it is new, and whether it is proved."""

    def __init__(
        self, store: Store, before: Served | None, wanted: Wanted, *, actor: str,
        signers: Signers, gate: Gate,
    ) -> None:  # fmt: skip
        self._store = store
        self._before = before
        self._wanted = wanted
        self._actor = actor
        self._signers = signers
        self._gate = gate
        self._places: list[Place] = []
        self.proofs: tuple[Proof, ...] = ()
        self.is_unchanged = False

    def __call__(self, folder: Path, manifest: Manifest) -> None:
        """The list waits for the whole one, which comes last; then all of them are proved.

        Raises:
            _UnchangedError: they all say what is served already.
            GateError: a consumer got one wrong.
        """
        self._places.append(Place(folder, manifest))
        if manifest.part:
            return
        if self._before and self._says_the_same(self._before, manifest):
            self.is_unchanged = True
            raise _UnchangedError(manifest)
        if self._wanted.verify is Verify.LOCAL:
            self.proofs = self._gate.prove(self._places)
            gate.refuse_failed(self.proofs)
        text = gate.report_text(manifest, self._wanted.verify, self._wanted.program, self.proofs)
        Snapshot(folder).put(PROOFS_NAME, f"{text}\n".encode("ascii"))
        publications.record_proved(
            self._store, serial=manifest.serial, actor=self._actor, verify=self._wanted.verify,
            keys=self._signers.keys, proofs=gate.as_json(self.proofs),
        )  # fmt: skip

    def _says_the_same(self, before: Served, manifest: Manifest) -> bool:
        """Whether a reader of what is served misses nothing, and may go on with it for long enough."""
        # who reads no heartbeat goes by the manifest alone, so it is made anew long before its time is over
        fresh_until = later(self._store.clock(), VALID_FOR.total_seconds() / 2)
        if str(before.found["not_after"]) < fresh_until:
            return False
        said = served.proofs(before)
        if (said.get("verify"), said.get("program")) != (self._wanted.verify, self._wanted.program):
            return False
        old = served.parts(before)
        if not all(self._is_signed(each) for each in (before, *old.values())):
            return False
        new = {place.folder.name: place for place in self._places[:-1]}
        return (
            before.is_same(manifest)
            and old.keys() == new.keys()
            and all(old[name].is_same(place.manifest) for name, place in new.items())
        )

    def _is_signed(self, one: Served) -> bool:
        """Whether all the signatures are there that the keys of now make."""
        return all((one.folder / name).exists() for name in self._signers.files(one.manifest))


def publish(
    store: Store, out: Path, wanted: Wanted, *, actor: str, signers: Signers, gate: Gate
) -> Publication:
    """What people approved stands in `out`, signed and proved; where nothing has changed, that is signed.

    Raises:
        AllowancesError: the store may list reserved names.
        OlderStoreError, ClockError, OtherKeyError: what is served speaks against it; a person can say they know.
        ExportError: the list could not be made, or failed its last check or its proof. The last good list stays.
    """
    allowances.check_none(store)
    if wanted.verify is Verify.LOCAL:
        gate.require(wanted.require)
    before = served.served(out)
    told = _checked(store, out, before, wanted, signers)
    lifted = tuple(lifts.lift_expired(store))
    admitted = admit(store)
    # a store that was restored knows nothing of what is served, so it gets a list that it does know
    is_anew = told or wanted.is_new_key or wanted.is_clock_right or wanted.is_restored
    keeps = None if is_anew else before
    hook = _Hook(store, keeps, wanted, actor=actor, signers=signers, gate=gate)
    try:
        manifest = _exported(store, out, wanted, actor, signers, hook)
        outcome, serial, not_after = Outcome.PUBLISHED, manifest.serial, manifest.not_after
        if before and hook.is_unchanged:
            serial = before.serial
            outcome, not_after = _still_holds(store, out, before, actor, signers)
    except ExportError as error:
        publications.record_refused(store, actor=actor, reason=str(error))
        raise
    return Publication(
        outcome, serial, not_after, manifest, hook.proofs, tuple(told), admitted, lifted
    )


def _exported(
    store: Store, out: Path, wanted: Wanted, actor: str, signers: Signers, hook: _Hook
) -> Manifest:
    """The list that was made; it is served unless the hook found that it says what is served already."""
    try:
        return export(
            store, out, wanted.formats, actor=actor, parts=wanted.parts, prove=hook,
            sign=signers.files if signers.keys else None,
        )  # fmt: skip
    except _UnchangedError as error:
        return error.manifest


def _checked(
    store: Store, out: Path, before: Served | None, wanted: Wanted, signers: Signers
) -> list[str]:
    """What is wrong with the list that is served; what speaks against a publication is an error."""
    if not wanted.is_clock_right:
        served.check_clock(store, before, store.clock())
    if not wanted.is_new_key:
        served.check_keys(store, signers)
    if before is None:
        return _gone(store, out)
    if not wanted.is_restored:
        served.check_store(store, before)
    # nobody can tell the signature of the key before from a forged one by the new key
    return served.faults(store, before, Signers() if wanted.is_new_key else signers)


def _gone(store: Store, out: Path) -> list[str]:
    """That no list is served, though one was made before: `out` is mistyped, not mounted, or was emptied."""
    newest = publications.newest_export(store)
    if newest is None:
        return []
    made = f"serial {newest.serial} at {newest.created_at}"
    return [
        f"{out} served no list, though this store made {made}: see that it is the folder you mean"
    ]


def _still_holds(
    store: Store, out: Path, before: Served, actor: str, signers: Signers
) -> tuple[Outcome, str]:
    if not signers.keys:
        return Outcome.UNCHANGED, str(before.found["not_after"])
    not_after = heartbeat.renew(out, before, signers, valid_for=VALID_FOR)
    publications.record_heartbeat(store, serial=before.serial, actor=actor, not_after=not_after)
    return Outcome.HEARTBEAT, not_after
