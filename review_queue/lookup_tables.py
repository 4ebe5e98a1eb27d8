"""An index for asking who else is reached at an address, before people block it."""

from typing import Final

STATEMENTS: Final = ("CREATE INDEX captures_address ON captures(ip, page_id)",)
