"""squidGuard, with a list of domains from which it builds its database."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from blocklist.consumers import programs
from blocklist.consumers.programs import DoesNotStartError
from blocklist.consumers.questions import (
    BLOCKED,
    NO_ANSWER,
    OPEN,
    Answers,
    Asked,
    Consumer,
    Question,
    Run,
    Use,
)
from review_queue.categories import Scope

BINARY: Final = "squidGuard"
PACKAGE: Final = "squidguard"
_PAGE: Final = "http://blocked.invalid/"
_CONF: Final = """
dbhome {folder}
logdir {folder}
dest qalqan {{
    {kind} list
}}
acl {{
    default {{
        pass !qalqan all
        redirect {page}
    }}
}}
"""
_KNOWN: Final = {"ERR": OPEN, f'OK rewrite-url="{_PAGE}"': BLOCKED}


def states(
    path: Path, asked: Sequence[str], run: Run, kind: str = "domainlist"
) -> list[tuple[str, str]]:
    """What squidGuard answers for each address, once it has built its database from the file.

    Raises:
        DoesNotStartError: it refused the file, or did not end in time.
    """
    conf = run.folder / "conf"
    conf.write_text(_CONF.format(folder=run.folder, kind=kind, page=_PAGE), encoding="utf-8")
    shutil.copyfile(path, run.folder / "list")
    command = [programs.path_of(BINARY), "-c", str(conf)]
    if kind != "expressionlist":  # which has no database
        _checked([*command, "-C", "all"], run)
    told = _checked(command, run, "".join(f"{each} 127.0.0.1/- - GET\n" for each in asked))
    lines = told.splitlines()
    lines += [NO_ANSWER] * (len(asked) - len(lines))
    return [(url, _KNOWN.get(line, line)) for url, line in zip(asked, lines, strict=False)]


def _checked(command: Sequence[str], run: Run, text: str = "") -> str:
    done = programs.told_by(command, run.folder, run.deadline, text=text)
    if done.returncode != 0:
        raise DoesNotStartError(f"it ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def _answers(use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
    found = states(lists / use.files[0], [each.what for each in questions], run)
    yield from zip(questions, (state for _, state in found), strict=True)


CONSUMER: Final = Consumer(
    key="squidguard",
    name="squidGuard",
    package=PACKAGE,
    asked=Asked.PAGES,
    uses=(Use("squidguard", ("squidguard-domains.txt",), frozenset({Scope.DOMAIN})),),
    why_not_here=lambda: programs.missing(BINARY, PACKAGE),
    version=lambda: programs.version_of(BINARY, "-v"),
    answers=_answers,
)
