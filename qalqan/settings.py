"""The only reader of the environment; everything else is handed values."""

import os
from pathlib import Path


def default_data_dir() -> Path:
    """The folder used where `--data` is not given: $QALQAN_DATA, else qalqan/ in the user's data folder."""
    named = os.environ.get("QALQAN_DATA")
    if named:
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "qalqan"
