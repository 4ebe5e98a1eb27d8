"""Suricata, whose own check loads the rules and the set of hosts; no connection is tried."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from blocklist.consumers import programs
from blocklist.consumers.programs import DoesNotStartError
from blocklist.consumers.questions import Answers, Asked, Consumer, Question, Run, Use

BINARY: Final = "suricata"
PACKAGE: Final = "suricata"
_FILES: Final = ("suricata.rules", "suricata-hosts.lst")


def _answers(use: Use, lists: Path, _questions: Sequence[Question], run: Run) -> Answers:
    for name in use.files:
        shutil.copyfile(lists / name, run.folder / name)
    command = [programs.path_of(BINARY), "-T", "-S", _FILES[0], "-l", str(run.folder)]
    done = programs.told_by(command, run.folder, run.deadline)
    if done.returncode != 0:
        raise DoesNotStartError(
            f"it ended with {done.returncode}: {(done.stderr or done.stdout).strip()}"
        )
    return iter(())


CONSUMER: Final = Consumer(
    key="suricata",
    name="Suricata",
    package=PACKAGE,
    asked=Asked.PAGES,
    uses=(Use("suricata", _FILES, frozenset()),),
    why_not_here=lambda: programs.missing(BINARY, PACKAGE),
    version=lambda: programs.version_of(BINARY, "-V"),
    answers=_answers,
    falls_short="its own check accepts the files; no connection was tried",
)
