"""How addresses came to wait, and what came of it: what a crawl learns from to order the links it finds.

No REFERENCES: these rows are hints, and a check of each would cost as much as the row.
"""

from typing import Final

STATEMENTS: Final = (
    # `near` says how near to harm the page was on which the link stood, and the one before it; `away` how many clicks
    # ago a page was near; `words` are numbers of the words of the link, two bytes each; `worth` is NULL until fetched
    """CREATE TABLE leads (
    frontier_id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    near INTEGER NOT NULL,
    away INTEGER NOT NULL,
    words BLOB NOT NULL,
    worth REAL
) STRICT""",
    "CREATE INDEX leads_known ON leads(frontier_id) WHERE worth IS NOT NULL",
    # the best link to each site that no crawl has been to
    """CREATE TABLE prospects (
    site TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    round_id INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    source INTEGER NOT NULL,
    near INTEGER NOT NULL,
    away INTEGER NOT NULL,
    words BLOB NOT NULL,
    links INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX prospects_best ON prospects(round_id, priority DESC)",
    # links that a hard focus left alone, for a round without one
    """CREATE TABLE set_aside (
    url TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    depth INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    source INTEGER NOT NULL,
    near INTEGER NOT NULL,
    away INTEGER NOT NULL,
    words BLOB NOT NULL,
    reason TEXT NOT NULL CHECK (reason <> ''),
    set_at TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    "CREATE INDEX set_aside_site ON set_aside(site)",
    # how many addresses of one shape a site has brought: calendars and lists in every order have thousands
    """CREATE TABLE url_shapes (
    site TEXT NOT NULL,
    shape TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (site, shape)
) STRICT, WITHOUT ROWID""",
)
