"""Who takes the lists, with which tokens, and what they took and told: kept for good."""

from typing import Final

from review_queue.rules import append_only

_PERSON: Final = """person_id TEXT NOT NULL COLLATE NOCASE CHECK (trim(person_id) <> ''),
        person_name TEXT NOT NULL"""
_PART: Final = "part TEXT NOT NULL CHECK (part IN ('', 'self_harm', 'violence'))"

_TABLES: Final = (
    f"""CREATE TABLE providers (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE
            CHECK (name GLOB '[A-Za-z0-9]*' AND name NOT GLOB '*[^A-Za-z0-9._-]*' AND length(name) <= 60),
        contact TEXT NOT NULL,
        added_at TEXT NOT NULL,
        {_PERSON}
    ) STRICT""",
    f"""CREATE TABLE provider_ends (
        provider_id INTEGER PRIMARY KEY REFERENCES providers(id),
        ended_at TEXT NOT NULL,
        {_PERSON}
    ) STRICT""",
    # the last row of a provider counts; '' is any certificate, or none
    f"""CREATE TABLE provider_certificates (
        id INTEGER PRIMARY KEY,
        provider_id INTEGER NOT NULL REFERENCES providers(id),
        fingerprint TEXT NOT NULL
            CHECK (fingerprint NOT GLOB '*[^0-9a-f]*' AND length(fingerprint) IN (0, 64)),
        set_at TEXT NOT NULL,
        {_PERSON}
    ) STRICT""",
    "CREATE INDEX provider_certificates_of ON provider_certificates(provider_id, id)",
    f"""CREATE TABLE provider_tokens (
        id TEXT PRIMARY KEY CHECK (length(id) = 12 AND id NOT GLOB '*[^0-9a-f]*'),
        provider_id INTEGER NOT NULL REFERENCES providers(id),
        sha256 TEXT NOT NULL UNIQUE CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
        {_PART},
        formats TEXT NOT NULL CHECK (json_valid(formats) AND json_array_length(formats) > 0),
        issued_at TEXT NOT NULL,
        expires_at TEXT NOT NULL CHECK (expires_at > issued_at),
        {_PERSON}
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX provider_tokens_of ON provider_tokens(provider_id)",
    f"""CREATE TABLE token_ends (
        token_id TEXT PRIMARY KEY REFERENCES provider_tokens(id),
        ended_at TEXT NOT NULL,
        {_PERSON}
    ) STRICT, WITHOUT ROWID""",
    f"""CREATE TABLE pulls (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        provider_id INTEGER NOT NULL REFERENCES providers(id),
        token_id TEXT NOT NULL REFERENCES provider_tokens(id),
        {_PART},
        kind TEXT NOT NULL CHECK (kind IN ('list', 'delta', 'manifest', 'heartbeat', 'receipt', 'other')),
        path TEXT NOT NULL CHECK (length(path) <= 200),
        serial INTEGER NOT NULL CHECK (serial >= 0 AND serial < 4294967296),  -- 0: of no list
        status INTEGER NOT NULL CHECK (status BETWEEN 200 AND 599),
        bytes INTEGER NOT NULL CHECK (bytes >= 0),
        is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1))  -- 0: the reader went away before the end
    ) STRICT""",
    "CREATE INDEX pulls_latest ON pulls(provider_id, at)",
    """CREATE INDEX pulls_held ON pulls(provider_id, part, serial, at)
        WHERE kind IN ('list', 'delta') AND status IN (200, 206, 304) AND is_whole = 1""",
    """CREATE TABLE pull_refusals (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        address TEXT NOT NULL,
        reason TEXT NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0)
    ) STRICT""",
    f"""CREATE TABLE receipts (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        provider_id INTEGER NOT NULL REFERENCES providers(id),
        token_id TEXT NOT NULL REFERENCES provider_tokens(id),
        {_PART},
        serial INTEGER NOT NULL REFERENCES exports(serial),
        manifest_sha256 TEXT NOT NULL CHECK (length(manifest_sha256) = 64 AND manifest_sha256 NOT GLOB '*[^0-9a-f]*'),
        is_ours INTEGER CHECK (is_ours IN (0, 1)),  -- NULL: that manifest is no longer there to compare
        consumer TEXT NOT NULL CHECK (length(consumer) BETWEEN 1 AND 60),
        outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'rolled_back', 'refused')),
        detail TEXT NOT NULL CHECK (length(detail) <= 500)
    ) STRICT""",
    "CREATE INDEX receipts_of ON receipts(provider_id, at)",
)

_RULES: Final = (
    """CREATE TRIGGER provider_tokens_alive BEFORE INSERT ON provider_tokens
        WHEN EXISTS (SELECT 1 FROM provider_ends WHERE provider_id = NEW.provider_id)
        BEGIN SELECT RAISE(ABORT, 'refused: a provider that has ended gets no token'); END""",
    """CREATE TRIGGER receipts_known BEFORE INSERT ON receipts
        WHEN NOT EXISTS (SELECT 1 FROM exports WHERE serial = NEW.serial)
        BEGIN SELECT RAISE(ABORT, 'refused: no list was ever published under this serial'); END""",
)

STATEMENTS: Final = (
    *_TABLES,
    *_RULES,
    *append_only("providers", "a provider", "id", "name"),
    *append_only("provider_ends", "the end of a provider", "provider_id"),
    *append_only("provider_certificates", "the certificate of a provider", "id"),
    *append_only("provider_tokens", "a token", "id", "sha256"),
    *append_only("token_ends", "the end of a token", "token_id"),
    *append_only("pulls", "the record of a pull", "id"),
    *append_only("pull_refusals", "the count of refusals", "id"),
    *append_only("receipts", "a receipt", "id"),
)
