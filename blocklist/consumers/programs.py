"""Starts and ends the programs that load lists: each in a folder of its own, gone with this process or at its time."""

import fcntl
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from review_queue.errors import QalqanError

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PREFIX: Final = "qalqan-consumer-"
_LOCK: Final = ".lock"
_VERSION: Final = re.compile(r"\d+\.\d+(?:\.\d+)*")
_POLL_S: Final = 0.05
_END_S: Final = 10.0  # for a polite end
_SHOWN_LOG: Final = 3000
_IF_CHILD: Final = '[ "$PPID" = "$0" ] && exec "$@"'


class DoesNotStartError(QalqanError):
    """A program ended or never answered; the message has what it logged."""


class EndedError(DoesNotStartError):
    """A program ended by itself: of the list, or because somebody else had taken its port."""


def path_of(binary: str) -> str:
    """Where the program is; "" where it is not installed."""
    return shutil.which(binary, path=PATH) or ""


def missing(binary: str, package: str) -> str:
    """Why the program cannot be started here; "" where it can."""
    return "" if path_of(binary) else f"{binary} is not installed (Debian: apt install {package})"


def version_of(binary: str, *flags: str) -> str:
    """The version the program tells of itself; "" where it tells none."""
    told = subprocess.run(  # noqa: S603  # a program of the system, by its full path
        [path_of(binary), *flags],
        stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_END_S,
    )  # fmt: skip
    found = _VERSION.search((told.stdout + told.stderr).decode("utf-8", "replace"))
    return found.group() if found else ""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder that a program may read and write as nobody; gone after the block.

    What a process that was killed left of such folders is gone before.
    """
    place = Path(tempfile.gettempdir())
    _sweep(place)
    new = Path(tempfile.mkdtemp(prefix=f"new-{_PREFIX}", dir=place))
    folder = place / new.name.removeprefix("new-")
    try:
        with (new / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            new.chmod(0o755)
            if os.geteuid() == 0:
                os.chown(new, pwd.getpwnam("nobody").pw_uid, -1)
            new.rename(folder)  # only now has it a name that others look at
            yield folder
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """The folders whose process is gone are gone: nobody holds their lock any more."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            # anybody may make such a folder here: a pipe in place of the lock is not waited for, a link not followed
            handle = os.open(folder / _LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
            with os.fdopen(handle, "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


def as_nobody() -> Mapping[str, object]:
    """What `started` needs so that a program that refuses root runs; nothing where we are not root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": "nogroup", "extra_groups": []}


@contextmanager
def started(
    command: Sequence[str],
    folder: Path,
    answers: Callable[[], bool],
    deadline: float,
    *,
    who: Mapping[str, object] | None = None,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[Path]:
    """The program runs and answers; gives the file it logs to. Ended by `stop` after the block, or with this process.

    Raises:
        DoesNotStartError: it ended, or did not answer in time.
    """
    log = folder / "output"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # a program of the system, by its full path
            tied(command),
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env={"PATH": PATH},
            **(who or {}),  # type: ignore[call-overload]  # user and groups, or none
        )  # fmt: skip
    try:
        while not answers():
            has_ended = process.poll() is not None
            if has_ended or time.monotonic() > deadline:
                text = log.read_text("utf-8", "replace")[-_SHOWN_LOG:].strip()
                if has_ended:
                    raise EndedError(f"it ended: {text}" if text else "it ended")
                raise DoesNotStartError(f"it did not answer in time and was killed: {text}")
            time.sleep(_POLL_S)
        yield log
        if process.poll() is not None:  # then somebody else may have answered at its port
            raise EndedError("it ended while it was asked")
    finally:
        _end(process, stop)


def tied(command: Sequence[str]) -> list[str]:
    """The command, which dies with the thread that starts it, where the system can see to that."""
    setpriv = path_of("setpriv")
    if not setpriv:
        return [*command]
    # whoever started it may have died before the system was asked; then it has another parent by now and ends at once
    return [
        setpriv,
        "--pdeathsig",
        "KILL",
        "--",
        "/bin/sh",
        "-c",
        _IF_CHILD,
        str(os.getpid()),
        *command,
    ]


def told_by(
    command: Sequence[str], folder: Path, deadline: float, *, text: str = ""
) -> "subprocess.CompletedProcess[str]":
    """What a program that ends by itself said; it and what it started are killed when its time is over.

    Raises:
        DoesNotStartError: it did not end in time.
    """
    process = subprocess.Popen(  # noqa: S603  # a program of the system, by its full path
        tied(command),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        cwd=folder, env={"PATH": PATH}, start_new_session=True,
    )  # fmt: skip
    with process:
        try:
            out, err = process.communicate(text, timeout=max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            raise DoesNotStartError("it did not end in time and was killed") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def takes_connections(port: int) -> bool:
    """Whether somebody listens on the port of loopback."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


def free_port() -> int:
    """A port of loopback nobody listens on, by TCP or by UDP; never one of those below 1024.

    A resolver needs it for both: where another has it for UDP, the answers would be that one's.
    """
    while True:
        with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            with suppress(OSError):
                datagrams.bind(("127.0.0.1", port))
                return port


def _end(process: "subprocess.Popen[bytes]", stop: signal.Signals) -> None:
    process.send_signal(stop)
    try:
        process.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
