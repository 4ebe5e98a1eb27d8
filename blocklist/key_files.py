"""Files that hold a secret: read only where nobody but their owner can."""

import os
import stat
from pathlib import Path

from review_queue.errors import QalqanError


class BadKeyError(QalqanError):
    """A file of a key that cannot be used; the message says why, and never what is in it."""


def put_secret(path: Path, data: bytes) -> None:
    """`data` is a new file that nobody but its owner may use.

    Raises:
        BadKeyError: something stands there already, or it cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise BadKeyError(f"{path} is there already; choose another name for the key") from None
    except OSError as error:
        raise BadKeyError(
            f"cannot write a key to {path} ({error.strerror}); choose a folder that is there and that you may write to"
        ) from None


def secret(path: Path, *, longest: int) -> bytes:
    """What stands in the file, which nobody but its owner may read, change or run.

    Raises:
        BadKeyError: it is no such file, others may use it, or it is longer than a key is.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(file.fileno())  # of what was opened, not of what stands there later
            if not stat.S_ISREG(about.st_mode):
                raise BadKeyError(f"{path} is not a file; name the file of a key or password")
            if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise BadKeyError(
                    f"others than its owner may use the key or password in {path}; run: chmod 600 {path}"
                )
            found = file.read(longest + 1)
    except OSError as error:
        raise BadKeyError(
            f"cannot read the key or password in {path} ({error.strerror}); name the file it is in"
        ) from None
    if len(found) > longest:
        raise BadKeyError(f"{path} is longer than a key or password is ({longest} bytes)")
    return found
