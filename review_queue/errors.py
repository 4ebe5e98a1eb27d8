"""Every error the parts raise on purpose: one small class per situation, its message says what to do."""

import errno
from typing import Final


class QalqanError(Exception):
    """Base of all errors shown to a person as one line; `exit_code` is the command's."""

    exit_code = 1


class BadHostError(QalqanError):
    """A host name that no URL parser accepts."""


class BadUrlError(QalqanError):
    """An address that is not an absolute http or https URL."""


class UnreadableInputError(QalqanError):
    """A file that cannot be opened or decoded as a whole."""


class StoreMissingError(QalqanError):
    """No store where one was named."""


class StoreTooNewError(QalqanError):
    """The store was written by a newer version of this program."""


class StoreReadOnlyError(QalqanError):
    """A store that cannot be written, and can neither be read as it is."""


class StoreDamagedError(QalqanError):
    """The file is not a readable SQLite store."""


# what the system says of a write for which there is no room
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DiskFullError(QalqanError):
    """The disk has no room left; what was committed before is safe."""


class StoreBusyError(QalqanError):
    """Another process holds the store longer than the wait allows."""


class RefusedError(QalqanError):
    """The store refused a write by one of its own rules."""


class UnknownCaseError(QalqanError):
    """No case has this reference."""


class AuditBrokenError(QalqanError):
    """The audit log's hash chain does not hold."""


class ModelMissingError(QalqanError):
    """No model where one was named."""


class ModelNameError(QalqanError):
    """A name that is not the place of a model in the folder of models: the command was called wrongly."""

    exit_code = 2


class ModelCardError(QalqanError):
    """What is written about a model cannot be read, or is not about it: it is not loaded."""


class ModelDigestError(QalqanError):
    """A model file that is not the one its card describes, or holds what no model needs: it is not loaded."""


class CorporaError(QalqanError):
    """Training text that is missing or cannot be used."""


class AccountError(QalqanError):
    """An account that cannot be made as asked."""


class ExportError(QalqanError):
    """A block list that could not be written; the last good one stays."""


class CannotSuggestError(QalqanError):
    """No threshold can be suggested from what the store holds."""
