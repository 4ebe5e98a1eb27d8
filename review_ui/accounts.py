"""Makes, lists and closes accounts; the accounts file is brought up to date whenever it is opened."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import translation

from review_queue.errors import (
    NO_ROOM,
    AccountError,
    DiskFullError,
    QalqanError,
    StoreBusyError,
    StoreDamagedError,
    StoreTooNewError,
)
from review_ui.config import LANGUAGES, ServeConfig
from review_ui.roles import Role
from review_ui.settings import configure

if TYPE_CHECKING:
    from review_ui.models import Account

# ASCII alone: a Cyrillic р beside a Latin p would make two people of one name
_USERNAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Person:
    """An account as others may see it; `public_id` is what decisions remember."""

    public_id: str
    username: str
    full_name: str
    role: Role
    language: str
    is_active: bool


def prepare(config: ServeConfig) -> None:
    """Django is set up and the accounts file is there, readable by its owner alone and up to date.

    Raises:
        StoreTooNewError: a newer version of this program has written it.
        StoreDamagedError: it is not an accounts file.
        StoreBusyError: another process holds it.
        DiskFullError: there is no room to make it or bring it up to date.
        AccountError: it cannot be made.
    """
    path = config.accounts_path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        if error.errno in NO_ROOM:
            raise _no_room(path) from None
        raise AccountError(f"cannot make {path}: {error.strerror}; choose another --data") from None
    configure(config)
    with _failures(path):
        _check_not_newer(config)
        call_command("migrate", verbosity=0, interactive=False)


def add_user(
    config: ServeConfig,
    username: str,
    password: str,
    *,
    role: str,
    full_name: str = "",
    language: str = "ru",
) -> Person:
    """A new person may sign in.

    Raises:
        AccountError: the name is taken, or something given is not acceptable; the message says what.
        DiskFullError: there is no room for one more.
    """
    prepare(config)
    from review_ui.models import Account  # noqa: PLC0415  # models exist only once Django is set up

    if role not in set(Role):
        raise AccountError(f"no role is called {role!r}; choose from {', '.join(Role)}")
    if language not in dict(LANGUAGES):
        raise AccountError(f"no language is called {language!r}; choose kk, ru or en")
    username, full_name = username.strip(), full_name.strip()
    _check_spelling(username, full_name, password)
    account = Account(
        username=username, full_name=full_name or username, role=role, language=language
    )
    if Account.objects.filter(username__iexact=username).exists():
        raise AccountError(
            f"the name {username!r} is taken; choose another or disable that account"
        )
    with translation.override("en"):
        try:
            validate_password(password, account)
            account.set_password(password)
            account.full_clean()
        except ValidationError as error:
            raise AccountError(" ".join(dict.fromkeys(error.messages))) from None
    with _failures(config.accounts_path):
        account.save()
    return _person(account)


def list_users(config: ServeConfig) -> list[Person]:
    """Everyone who has, or had, an account, by user name.

    Raises:
        AccountError: there is no accounts file.
    """
    _prepare_existing(config)
    from review_ui.models import Account  # noqa: PLC0415  # models exist only once Django is set up

    return [_person(account) for account in Account.objects.order_by("username")]


def disable_user(config: ServeConfig, username: str) -> Person:
    """The person can no longer sign in, and open sessions are over; decisions stay.

    Raises:
        AccountError: nobody has this name, or there is no accounts file.
    """
    _prepare_existing(config)
    from review_ui.models import Account  # noqa: PLC0415  # models exist only once Django is set up

    account = (
        Account.objects.filter(username__iexact=username).first() if _is_text(username) else None
    )
    if account is None:
        raise AccountError(f"nobody is called {username!r}; `qalqan users list` shows the names")
    account.is_active = False
    with _failures(config.accounts_path):
        account.save(update_fields=["is_active"])
    return _person(account)


def signed_in(config: ServeConfig, username: str, password: str) -> Person:
    """The person who has this name and this password; a wrong one counts towards the lockout of the pages.

    Raises:
        AccountError: there is no such person, or the account is disabled or locked for a while.
    """
    _prepare_existing(config)
    from review_ui.forms import SignInForm  # noqa: PLC0415  # models exist only once Django is set up

    wrong = AccountError(
        "the user name or the password is wrong, or the account is disabled; `qalqan users list` shows the names"
    )
    if not _is_text(username + password):
        raise wrong
    form = SignInForm(None, {"username": username, "password": password})
    with _failures(config.accounts_path):
        if form.is_valid():
            return _person(cast("Account", form.get_user()))
    if form.has_error("__all__", "locked"):
        raise AccountError(
            "too many failed attempts under this name; wait 15 minutes and try again"
        )
    raise wrong


def _prepare_existing(config: ServeConfig) -> None:
    if not config.accounts_path.exists():
        raise AccountError(
            f"no accounts at {config.accounts_path}; `qalqan users add` makes the first, or check --data"
        )
    prepare(config)


def _check_spelling(username: str, full_name: str, password: str) -> None:
    if not _USERNAME.fullmatch(username):
        raise AccountError(
            f"{username!r} cannot be a user name; write 1 to 64 Latin letters, digits and . _ -,"
            " the first a letter or digit (the full name may have any letters)"
        )
    if not full_name.isprintable():
        raise AccountError(
            f"the full name {full_name!a} holds characters that cannot be shown; write it anew"
        )
    if not _is_text(password):
        raise AccountError("the password holds characters that are no text; choose another")


def _is_text(text: str) -> bool:
    """Whether any encoding can carry it: a command line may hold bytes that are no characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _failures(path: Path) -> Iterator[None]:
    """The database's errors inside the block come out as errors that say what to do."""
    try:
        yield
    except DatabaseError as error:
        raise _explained(path, str(error)) from None


def _explained(path: Path, text: str) -> QalqanError:
    if "full" in text or "disk I/O" in text:
        return _no_room(path)
    if "locked" in text or "busy" in text:
        return StoreBusyError(
            f"{path} is held by another process; wait for it to end, then try again"
        )
    if "readonly" in text or "unable to open" in text:
        return AccountError(f"{path} cannot be opened for writing; check the folder and its rights")
    return StoreDamagedError(f"{path} is not a readable accounts file: {text}; restore a copy")


def _no_room(path: Path) -> DiskFullError:
    return DiskFullError(
        f"no room left to write {path}; free some space and run the same command again"
    )


def _check_not_newer(config: ServeConfig) -> None:
    loader = MigrationLoader(connection)
    newer = [
        name
        for app, name in loader.applied_migrations
        if app == "review_ui" and (app, name) not in loader.disk_migrations
    ]
    if newer:
        raise StoreTooNewError(
            f"{config.accounts_path} was written by a newer Qalqan ({max(newer)}); update this program"
        )


def _person(account: "Account") -> Person:
    return Person(
        public_id=account.public_id,
        username=account.username,
        full_name=account.full_name,
        role=Role(account.role),
        language=account.language,
        is_active=account.is_active,
    )
