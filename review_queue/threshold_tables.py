"""For which model a threshold was set, and by whom: a score of one model says nothing about another's."""

from typing import Final

# '' on what was set before this was kept: it holds for whatever model is in use, and is told of as such
STATEMENTS: Final = (
    "ALTER TABLE set_thresholds ADD COLUMN person_name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE set_thresholds ADD COLUMN model TEXT NOT NULL DEFAULT ''",
    """ALTER TABLE set_thresholds ADD COLUMN model_digest TEXT NOT NULL DEFAULT ''
        CHECK (model_digest = '' OR length(model_digest) = 64)""",
)
