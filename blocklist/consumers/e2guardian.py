"""e2guardian, with the settings its package brings and each file included in the list it is named after."""

import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from blocklist.consumers import everything, programs
from blocklist.consumers.proxy import Proxy
from blocklist.consumers.questions import Answers, Asked, Consumer, Question, Run, Use
from review_queue.categories import Scope

BINARY: Final = "e2guardian"
PACKAGE: Final = "e2guardian"
_SETTINGS: Final = Path("/etc/e2guardian")
_PREFIX: Final = "e2guardian-"
_FILES: Final = (f"{_PREFIX}bannedsitelist", f"{_PREFIX}bannedsiteiplist")
# transparenthttpsport: Debian's settings take 8443, which only one program on a machine can have
_REPLACED: Final = ("filterports", "filterip", "checkip", "httpworkers", "transparenthttpsport")
_CONF: Final = """
filterip = 127.0.0.1
filterports = {port}
proxyip = 127.0.0.1
proxyport = {origin}
httpworkers = 20
nologger = on
loglocation = '{folder}/access.log'
pidfilename = '{folder}/pid'
filecachedir = '{folder}'
daemonuser = 'nobody'
daemongroup = 'nogroup'
"""


@contextmanager
def running(files: Mapping[str, Path], folder: Path, deadline: float) -> Iterator[Proxy]:
    """e2guardian runs with these files, by the names the format gives them.

    Raises:
        DoesNotStartError: it ended, or did not answer in time.
    """
    with everything.site() as origin:
        port = programs.free_port()
        conf = _write(folder, files, port=port, origin=origin)
        # a polite signal takes it more than ten seconds
        with programs.started(
            [programs.path_of(BINARY), "-N", "-c", str(conf)], folder,
            lambda: programs.takes_connections(port), deadline,
            who=programs.as_nobody(), stop=signal.SIGKILL,
        ):  # fmt: skip
            yield Proxy(port)


def _write(folder: Path, files: Mapping[str, Path], *, port: int, origin: int) -> Path:
    settings = folder / "etc"
    shutil.copytree(_SETTINGS, settings, ignore=shutil.ignore_patterns("private"))
    for path in (path for path in settings.rglob("*") if path.is_file()):
        text = path.read_text("latin-1").replace(str(_SETTINGS), str(settings))
        path.write_text(text, "latin-1")
    for name, path in files.items():
        copy = folder / name
        if path != copy:
            shutil.copyfile(path, copy)
        copy.chmod(0o644)
        with (settings / "lists" / name.removeprefix(_PREFIX)).open("a") as included:
            included.write(f"\n.Include<{copy}>\n")
    conf = settings / "e2guardian.conf"
    kept = [
        line for line in conf.read_text("latin-1").splitlines() if not line.startswith(_REPLACED)
    ]
    ours = _CONF.format(port=port, origin=origin, folder=folder)
    conf.write_text("\n".join([*kept, ours]), "latin-1")
    return conf


def _answers(use: Use, lists: Path, questions: Sequence[Question], run: Run) -> Answers:
    files = {name: lists / name for name in use.files}
    with running(files, run.folder, run.deadline) as proxy:
        yield from proxy.answers(questions, run.deadline)


def _why_not_here() -> str:
    if not _SETTINGS.is_dir():
        return f"{_SETTINGS} is not there (Debian: apt install {PACKAGE})"
    return programs.missing(BINARY, PACKAGE)


CONSUMER: Final = Consumer(
    key="e2guardian",
    name="e2guardian",
    package=PACKAGE,
    asked=Asked.PAGES,
    uses=(Use("e2guardian", _FILES, frozenset({Scope.HOST, Scope.DOMAIN})),),
    why_not_here=_why_not_here,
    version=lambda: programs.version_of(BINARY, "-v"),
    answers=_answers,
)
