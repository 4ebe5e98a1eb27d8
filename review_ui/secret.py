"""The key that signs cookies: made once for a data folder, readable by its owner alone."""

import os
import secrets
from pathlib import Path

from review_queue.errors import NO_ROOM, AccountError, DiskFullError

_BYTES = 50


def signing_key(path: Path) -> str:
    """The key in the file `path`, which is made with mode 0600 where there is none.

    Raises:
        AccountError: the file cannot be made, read or is too short to be a key.
        DiskFullError: there is no room to make it.
    """
    try:
        if not path.exists():
            _make(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise DiskFullError(
                f"no room left to write {path}; free some space and run the same command again"
            ) from None
        raise AccountError(
            f"cannot use the key file {path}: {error}; check who owns the folder"
        ) from None
    if len(key) < _BYTES:
        raise AccountError(
            f"the key file {path} is damaged; delete it, everyone then signs in again"
        )
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_BYTES))
        # a link fails where another process was first, so that both end up reading one key
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
