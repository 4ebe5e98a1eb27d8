"""One publication: what people approved becomes a signed list that is proved before anybody can read it.

Where nothing has changed there is no new serial, but a new heartbeat. Whatever goes wrong on the way, the last good
list stays served, without what was lifted since; where nothing was, a new heartbeat says that it still holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from blocklist import gate, heartbeat, removals, served
from blocklist.entries import NOTHING_NEW, AdmitReport, admitted_or_not
from blocklist.gate import ConsumerMissingError, Gate, Place, Proof
from blocklist.guard_data import GuardDataError
from blocklist.manifest import PROOFS_NAME, Manifest
from blocklist.publish import VALID_FOR, Hold, UnchangedError, export, is_due
from blocklist.removals import HeldError
from blocklist.served import ClockError, Served
from blocklist.signers import Signers
from blocklist.snapshots import Snapshot
from review_queue import allowances, lifts, publications
from review_queue.allowances import AllowancesError
from review_queue.categories import Category
from review_queue.errors import DiskFullError, ExportError, QalqanError
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
    REMOVALS = "removals_only"  # the list is held; the one before is served without what was lifted
    HELD = "held"  # nothing was lifted either, and it is signed that the list before still holds


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
    """What was published.

    Attributes:
        manifest: of the list that was made; where it is held and none was, of the one that stays.
        told: what was wrong with the list served before, or that it was gone.
        held: why the list of all that people approved is not served; None where it is.
        gone: how many entries that no longer hold have left the list, where it is held.
    """

    outcome: Outcome
    serial: int
    not_after: str
    manifest: Manifest
    proofs: tuple[Proof, ...] = ()
    told: tuple[str, ...] = ()
    admitted: AdmitReport = NOTHING_NEW
    lifted: tuple[Lift, ...] = ()
    held: QalqanError | None = None
    gone: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """One publication: from where to where, and by whom."""

    store: Store
    out: Path
    wanted: Wanted
    actor: str
    signers: Signers


class _Hook:
    """Looks at each list of a snapshot once it is finished: whether it is new, and whether it is proved."""

    def __init__(self, run: _Run, before: Served | None, gate: Gate) -> None:
        self._store, self._wanted, self._signers = run.store, run.wanted, run.signers
        self._actor = run.actor
        self._before = before
        self._gate = gate
        self._places: dict[str, Place] = {}  # of a list that is tried again, the newer ones
        self.proofs: tuple[Proof, ...] = ()

    def __call__(self, folder: Path, manifest: Manifest) -> None:
        """The list waits for the whole one, which comes last; then all of them are proved.

        Raises:
            UnchangedError: they all say what is served already.
            GateError: a consumer got one wrong.
            ConsumerMissingError: one that is required is not here.
        """
        self._places[manifest.part] = Place(folder, manifest)
        if manifest.part:
            return
        if self._before and self._says_the_same(self._before, manifest):
            raise UnchangedError(manifest)
        if self._wanted.verify is Verify.LOCAL:
            self._gate.require(self._wanted.require)
            self.proofs = self._gate.prove([*self._places.values()])
            gate.refuse_failed(self.proofs)
        text = gate.report_text(manifest, self._wanted.verify, self._wanted.program, self.proofs)
        Snapshot(folder).put(PROOFS_NAME, f"{text}\n".encode("ascii"))
        publications.record_proved(
            self._store, serial=manifest.serial, actor=self._actor, verify=self._wanted.verify,
            keys=self._signers.keys, proofs=gate.as_json(self.proofs),
        )  # fmt: skip

    def prove_rest(self, folder: Path, manifest: Manifest) -> None:
        """As of any list, but that a canary may be among what was lifted: a lift waits for nobody's canary."""
        self._gate = replace(self._gate, is_always_needed=False)
        self(folder, manifest)

    def _says_the_same(self, before: Served, manifest: Manifest) -> bool:
        """Whether a reader of what is served misses nothing, and may go on with it for long enough."""
        # who reads no heartbeat goes by the manifest alone, so it is made anew long before its time is over
        if is_due(before.not_after, self._store.now()):
            return False
        said = served.proofs(before)
        if (said.get("verify"), said.get("program")) != (self._wanted.verify, self._wanted.program):
            return False
        old = served.parts(before)
        if not all(self._is_signed(each) for each in (before, *old.values())):
            return False
        new = {place.folder.name: place for part, place in self._places.items() if part}
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

    Where it is held, `held` says why, and the list before stands there without what was lifted since.

    Raises:
        AllowancesError: the store may list reserved names, and nothing was published before.
        OlderStoreError, ClockError, OtherKeyError: what is served speaks against it; a person can say they know.
        ExportError, GuardDataError: the list could not be made, or failed its last check or its proof, and the one
            without what was lifted as well. The last good list stays.
    """
    why = _against(store, wanted, gate)
    before = served.served(out)
    run = _Run(store, out, wanted, actor, signers)
    if why and before is None:
        _record_refused(run, why)
        raise why
    try:
        told = _checked(store, out, before, wanted, signers)
    except ClockError:
        raise  # by a clock that is wrong nothing is dated
    except ExportError as error:
        _record_refused(run, error)
        raise
    lifted = tuple(lifts.lift_expired(store))
    admitted = NOTHING_NEW
    if why is None:
        admitted, why = admitted_or_not(store)
    # a store that was restored knows nothing of what is served, so it gets a list that it does know
    is_anew = told or wanted.is_new_key or wanted.is_clock_right or wanted.is_restored
    keeps = None if is_anew else before
    hook = _Hook(run, keeps, gate)
    made = _made(run, before, hook, Hold(why, is_anew=keeps is None, prove=hook.prove_rest))
    return replace(made, told=tuple(told), admitted=admitted, lifted=lifted)


def _made(run: _Run, before: Served | None, hook: _Hook, hold: Hold) -> Publication:
    """The list is made and served, or where it is held or says nothing new, what is served in its place."""
    try:
        manifest = export(
            run.store, run.out, run.wanted.formats, actor=run.actor, parts=run.wanted.parts, prove=hook,
            sign=run.signers.files if run.signers.keys else None, hold=hold,
        )  # fmt: skip
    except UnchangedError as same:
        if before is None:
            raise
        return _unchanged(run, before, same.manifest)
    except HeldError as error:
        _record_refused(run, error)
        manifest = error.manifest
        return Publication(
            Outcome.REMOVALS, manifest.serial, manifest.not_after, manifest, hook.proofs,
            held=error.why, gone=error.gone,
        )  # fmt: skip
    except (ExportError, GuardDataError, AllowancesError, DiskFullError) as error:
        _record_refused(run, error)
        if before is None or hold.is_anew or not _holds_still(run, before):
            raise
        return _held(run, before, error)
    return Publication(
        Outcome.PUBLISHED, manifest.serial, manifest.not_after, manifest, hook.proofs
    )


def _unchanged(run: _Run, before: Served, manifest: Manifest) -> Publication:
    """What is served says what the list of now would; that is signed where there is a key."""
    if not run.signers.keys:
        publications.record_unchanged(run.store, serial=before.serial, actor=run.actor)
        return Publication(Outcome.UNCHANGED, before.serial, before.not_after, manifest)
    try:
        not_after = _renewed(run, before)
    except ExportError as error:
        _record_refused(run, error)
        raise
    return Publication(Outcome.HEARTBEAT, before.serial, not_after, manifest)


def _holds_still(run: _Run, before: Served) -> bool:
    """Whether the list that is served is still the best there is, and can be said to be: nothing in it was lifted."""
    if not run.signers.keys:
        return False
    rest = removals.rest_of(run.store, run.out, run.store.now(), is_published=True)
    return rest is not None and not rest.gone and rest.whole.manifest == before.manifest


def _held(run: _Run, before: Served, why: QalqanError) -> Publication:
    """The list that is served goes on as long as that of all that people approved is held, and that is signed.

    Raises:
        ExportError: no heartbeat can be made of it.
    """
    manifest = before.as_manifest
    try:
        not_after = _renewed(run, before, is_held=True)
    except ExportError as error:
        _record_refused(run, error)
        raise type(error)(
            f"{why}. Nor can it be said that the last list still holds: {error}"
        ) from why
    return Publication(Outcome.HELD, before.serial, not_after, manifest, held=why)


def _renewed(run: _Run, before: Served, *, is_held: bool = False) -> str:
    """The list that is served has a new heartbeat, and the store knows; returns until when it holds."""
    not_after = heartbeat.renew(run.out, before, run.signers, valid_for=VALID_FOR)
    publications.record_heartbeat(
        run.store, serial=before.serial, actor=run.actor, not_after=not_after, is_held=is_held
    )
    return not_after


def _record_refused(run: _Run, why: QalqanError) -> None:
    publications.record_refused(run.store, actor=run.actor, reason=str(why))


def _against(store: Store, wanted: Wanted, gate: Gate) -> QalqanError | None:
    """What keeps anything new from being published from this store, on this machine."""
    try:
        allowances.check_none(store)
        if wanted.verify is Verify.LOCAL:
            gate.require(wanted.require)
    except (AllowancesError, ConsumerMissingError) as error:
        return error
    return None


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
