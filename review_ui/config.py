"""What the front door tells the web tier; nothing here reads the environment and nothing needs Django."""

from dataclasses import dataclass
from pathlib import Path

ACCOUNTS_FILE = "accounts.sqlite3"
KEY_FILE = "web-signing.key"
EXPORT_FOLDER = "export"
MAX_FAILED_SIGN_INS = (
    8  # of one name within the lockout; more would help guessing, fewer would lock out typos
)
LOCKOUT_MINUTES = 15  # the sentence on the sign-in page names it
LANGUAGES = (("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"))


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
