"""The gate before the providers: each format of a finished snapshot is loaded by the programs that are to load it.

They are asked what the list names and what it must leave alone. What one of them gets wrong keeps the whole snapshot
from being served; a program that is not installed here is named, and its format is not called proved.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from blocklist import canaries, canonical
from blocklist.canaries import Asking
from blocklist.consumers import CONSUMERS, programs
from blocklist.consumers.programs import DoesNotStartError, EndedError
from blocklist.consumers.questions import (
    BLOCKED,
    GARDEN,
    NO_ANSWER,
    OPEN,
    Consumer,
    Question,
    Run,
    Use,
)
from blocklist.formats import FORMATS
from blocklist.manifest import Manifest
from review_queue.errors import ExportError
from review_queue.hosts import defang

AT_ONCE: Final = 2  # programs that run side by side
# a million entries take the slowest of them 20 s alone on two cores; here two run at a time, on a machine that is used
DEADLINE_S: Final = 300.0
_MOST_WRONG: Final = 3  # canaries that are told of
_LONGEST_TOLD: Final = 400


class GateError(ExportError):
    """A list that a program which loads it got wrong: nothing was published; `proofs` has all that was found."""

    def __init__(self, text: str, proofs: "Sequence[Proof]" = ()) -> None:
        super().__init__(text)
        self.proofs = tuple(proofs)


class ConsumerMissingError(ExportError):
    """A program that was said to be required is not here."""


class Outcome(StrEnum):
    """What is known of a format in one consumer."""

    PROVED = "proved"
    FAILED = "failed"
    NOT_HERE = "not here"


@dataclass(frozen=True, slots=True)
class Proof:
    """What one consumer made of one format."""

    part: str  # of which list; "" for the whole one
    form: str
    file: str
    consumer: str
    version: str
    outcome: Outcome
    blocked: int = 0  # canaries that are listed
    open: int = 0  # canaries that must be left alone
    told: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """One list of a snapshot: its folder, and what its manifest says."""

    folder: Path
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class Gate:
    """Which programs a list has to pass; `advance` is called once with how many checks there are, then after each."""

    consumers: Mapping[str, Consumer] = field(default_factory=lambda: CONSUMERS)
    always: str = ""  # a host or a domain that has to be in the list, and is always asked for
    is_always_needed: bool = True
    never: Sequence[str] = ()  # names that are never blocked; a sample of them is asked for
    deadline_s: float = DEADLINE_S
    advance: Callable[[int, int], None] = lambda _done, _total: None

    def require(self, keys: Sequence[str]) -> None:
        """The consumers of these names are here.

        Raises:
            ConsumerMissingError: one is not.
        """
        for key in keys:
            if reason := self.consumers[key].why_not_here():
                raise ConsumerMissingError(
                    f"nothing was published: {self.consumers[key].name} is required, and {reason}"
                )

    def prove(self, places: Sequence[Place]) -> tuple[Proof, ...]:
        """What each consumer makes of each format of these lists.

        Raises:
            GateError: the canary that has to be in every list is not in the whole one.
        """
        missing = {key: each.why_not_here() for key, each in self.consumers.items()}
        versions = {key: "" if missing[key] else _version(self.consumers[key]) for key in missing}
        found: list[Proof] = []
        checks: list[Callable[[], Proof]] = []
        for place in places:
            for key, use, asked in self._uses(place):
                proof = Proof(
                    place.manifest.part, use.form, use.files[0], self.consumers[key].name,
                    versions[key], Outcome.NOT_HERE, told=missing[key],
                )  # fmt: skip
                if missing[key]:
                    found.append(proof)
                else:
                    checks.append(self._check(proof, self.consumers[key], use, place.folder, asked))
        found.extend(self._all(checks))
        return tuple(sorted(found, key=lambda each: (each.part, each.form, each.file)))

    def _uses(self, place: Place) -> list[tuple[str, Use, list[Asking]]]:
        listed = canaries.read(place.folder / canonical.FILE_NAME)
        is_needed = self.is_always_needed and not place.manifest.part
        if self.always and is_needed and not listed.names_exactly(self.always):
            raise GateError(
                f"nothing was published: the canary {defang(self.always)} is not in the list; have it decided as any"
                " other name, or publish without it"
            )
        chosen = canaries.choose(
            listed, seed=place.manifest.serial, always=self.always, never=self.never
        )
        return [
            (
                key,
                use,
                [*canaries.questions(use, each.asked, FORMATS[use.form].capability, chosen)],
            )
            for key, each in self.consumers.items()
            for use in each.uses
            if use.form in place.manifest.formats
        ]

    def _check(
        self, proof: Proof, consumer: Consumer, use: Use, lists: Path, asked: list[Asking]
    ) -> Callable[[], Proof]:
        return lambda: _checked(proof, consumer, use, lists, asked, self.deadline_s)

    def _all(self, checks: Sequence[Callable[[], Proof]]) -> list[Proof]:
        found = []
        self.advance(0, len(checks))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done, proof in enumerate(pool.map(lambda check: check(), checks), start=1):
                found.append(proof)
                self.advance(done, len(checks))
        return found


def refuse_failed(proofs: Sequence[Proof]) -> None:
    """No consumer got a list wrong.

    Raises:
        GateError: one did; the message has format, consumer and canary.
    """
    failed = [each for each in proofs if each.outcome is Outcome.FAILED]
    if failed:
        first = failed[0]
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        where = f" of {first.part}" if first.part else ""
        raise GateError(
            f"nothing was published, the last good list stays: {first.consumer} {first.version} got {first.file}"
            f"{where} wrong: {first.told}{more}",
            proofs,
        )


def as_json(proofs: Sequence[Proof]) -> list[dict[str, object]]:
    """The proofs for a program to read."""
    return [asdict(each) for each in proofs]


def unproved(manifest: Manifest, proofs: Sequence[Proof]) -> list[str]:
    """The formats of the list that no consumer here has proved."""
    proved = {each.form for each in proofs if each.outcome is Outcome.PROVED}
    return sorted(set(manifest.formats) - proved)


def report_text(manifest: Manifest, verify: str, program: str, proofs: Sequence[Proof]) -> str:
    """What stands in the report that is published beside the lists, without the last line end."""
    return json.dumps(
        {
            "serial": manifest.serial,
            "verify": verify,
            "program": program,
            "not_proved": unproved(manifest, proofs),
            "checks": as_json(proofs),
        },
        indent=2,
    )


def _checked(
    proof: Proof, consumer: Consumer, use: Use, lists: Path, asked: list[Asking], deadline_s: float
) -> Proof:
    begun = time.monotonic()
    expected = dict(asked)
    try:
        wrong = _wrong(consumer, use, lists, expected, begun + deadline_s)
    except EndedError:
        # once more: its port may have been taken between the look for a free one and its start
        wrong = _wrong_again(consumer, use, lists, expected, begun + deadline_s)
    outcome = Outcome.FAILED if wrong else Outcome.PROVED
    states = [*expected.values()]
    return Proof(
        proof.part, proof.form, proof.file, proof.consumer, proof.version, outcome,
        blocked=len(states) - states.count(OPEN), open=states.count(OPEN), told="; ".join(wrong),
        seconds=round(time.monotonic() - begun, 2),
    )  # fmt: skip


def _wrong(
    consumer: Consumer, use: Use, lists: Path, expected: Mapping[Question, str], deadline: float
) -> list[str]:
    """What the consumer gets wrong, the first of it.

    Raises:
        EndedError: it ended by itself.
    """
    found: list[str] = []
    answered = 0
    try:
        with programs.own_folder() as folder:
            for question, state in consumer.answers(
                use, lists, list(expected), Run(folder, deadline)
            ):
                answered += 1
                if state != expected[question]:
                    found.append(f"{_shown(question)} {_said(state, expected[question])}")
                if len(found) == _MOST_WRONG or state == NO_ANSWER:
                    break
    except EndedError:
        raise
    except DoesNotStartError as error:
        found.append(f"it does not load the list: {_end_of(str(error))}")
    except OSError as error:
        found.append(f"it could not be run: {error.strerror}")
    if not found and answered < len(expected):
        found.append(f"it answered {answered} of {len(expected)} questions")
    return found


def _wrong_again(
    consumer: Consumer, use: Use, lists: Path, expected: Mapping[Question, str], deadline: float
) -> list[str]:
    try:
        return _wrong(consumer, use, lists, expected, deadline)
    except EndedError as error:
        return [f"it does not load the list: {_end_of(str(error))}"]


def _shown(question: Question) -> str:
    what = question.what
    return defang(f"{what} (at {question.address})" if question.address else what)


def _end_of(text: str) -> str:
    """The end of what a program logged, where it says why it ended, on one line."""
    shown = " ".join(text.split())
    return shown if len(shown) <= _LONGEST_TOLD else f"... {shown[-_LONGEST_TOLD:]}"


def _said(state: str, expected: str) -> str:
    told = {BLOCKED: "is blocked", OPEN: "is not blocked", GARDEN: "leads to the block page"}
    wanted = "must be left alone" if expected == OPEN else "is listed"
    return f"{told.get(state, f'gets {state!r}')}, but {wanted}"


def _version(consumer: Consumer) -> str:
    try:
        return consumer.version()
    except (OSError, subprocess.SubprocessError):
        return ""
