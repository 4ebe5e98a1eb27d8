"""What the front door tells the web tier; nothing here reads the environment and nothing needs Django."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from review_queue.rounds import IsAlive, Planned
from review_queue.store import Store

ACCOUNTS_FILE = "accounts.sqlite3"
KEY_FILE = "web-signing.key"
EXPORT_FOLDER = "export"
MAX_FAILED_SIGN_INS = (
    8  # of one name within the lockout; more would help guessing, fewer would lock out typos
)
LOCKOUT_MINUTES = 15  # the sentence on the sign-in page names it
LANGUAGES = (("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"))


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first characters of a body, decoded; whether they are all of it, and how long it is."""

    text: str
    size_bytes: int
    is_whole: bool


def _nothing_planned() -> Sequence[Planned]:
    return ()


def _nobody(owner: str) -> bool:  # noqa: ARG001  # the signature of what is lent
    return False


def _not_kept(store: Store, page_id: int, limit: int) -> Beginning | None:  # noqa: ARG001  # likewise
    return None


@dataclass(frozen=True, slots=True)
class Lent:
    """What the front door lends of parts that these pages do not know.

    Attributes:
        planned: the rounds by the clock that work in this data folder, as they are planned at the moment of asking.
        is_alive: whether the process that a row of the store names still runs.
        beginning_of: the first characters of a page's body, None where no body was kept.
    """

    planned: Callable[[], Sequence[Planned]] = _nothing_planned
    is_alive: IsAlive = _nobody
    beginning_of: Callable[[Store, int, int], Beginning | None] = _not_kept


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """Where the data is and how the pages are served.

    `behind_tls` says that a proxy on this machine ends TLS: cookies are then sent over https only.
    `host_names` are the names people type when that is not `host` itself.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    behind_tls: bool = False
    host_names: tuple[str, ...] = ()
    time_zone: str = "Asia/Almaty"
    idle_minutes: int = 30
    session_hours: int = 12
    lent: Lent = field(default_factory=Lent)

    @property
    def accounts_path(self) -> Path:
        """The file of accounts and sessions."""
        return self.data_dir / ACCOUNTS_FILE

    @property
    def key_path(self) -> Path:
        """The file of the key that signs cookies."""
        return self.data_dir / KEY_FILE

    @property
    def export_dir(self) -> Path:
        """The folder block lists are written to."""
        return self.data_dir / EXPORT_FOLDER
