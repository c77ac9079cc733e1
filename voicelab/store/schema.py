"""The tables of a lab, as ordered steps: a step that landed is never edited, only followed."""

import sqlite3
from contextlib import closing

from voicelab.errors import UsageError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE lab (
        id TEXT PRIMARY KEY,            -- drawn once: trials of two labs never share a name
        created_at TEXT NOT NULL        -- ISO 8601, UTC, as everywhere
    ) STRICT;

    CREATE TABLE batches (
        id TEXT PRIMARY KEY,
        experiment TEXT NOT NULL,
        spec TEXT NOT NULL,             -- the batch as JSON
        created_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE clips (
        hash TEXT PRIMARY KEY,          -- SHA-256 of the bytes as they came; the file's name
        suffix TEXT NOT NULL,           -- of the file, such as .mp3
        format TEXT NOT NULL,
        pcm_rate INTEGER,
        bytes INTEGER NOT NULL,
        sr INTEGER NOT NULL,
        channels INTEGER NOT NULL,
        duration_s REAL NOT NULL,
        notes TEXT NOT NULL             -- JSON list
    ) STRICT;

    CREATE TABLE trials (
        id TEXT PRIMARY KEY,
        batch_id TEXT NOT NULL REFERENCES batches (id),
        idx INTEGER NOT NULL,
        variant TEXT NOT NULL,          -- JSON
        provider TEXT NOT NULL,
        take INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        options TEXT NOT NULL,          -- JSON
        resends INTEGER NOT NULL DEFAULT 0,
        emulated INTEGER NOT NULL,
        state TEXT NOT NULL,
        characters INTEGER NOT NULL,
        cost REAL,
        currency TEXT,
        created_at TEXT NOT NULL,
        sent_at TEXT,
        finished_at TEXT,
        latency_s REAL,
        task TEXT,                      -- JSON, kept before it is asked after
        voice_id TEXT,
        expires_at TEXT,
        clip_hash TEXT REFERENCES clips (hash),
        evidence TEXT NOT NULL DEFAULT '{}',
        error_kind TEXT,
        error TEXT,
        error_code TEXT,
        request_id TEXT,
        UNIQUE (batch_id, idx)
    ) STRICT;

    CREATE TABLE attempts (
        id INTEGER PRIMARY KEY,
        trial_id TEXT NOT NULL REFERENCES trials (id),
        step TEXT NOT NULL,
        resend INTEGER NOT NULL,
        spends INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('asked', 'answered', 'declined', 'forgotten', 'in doubt')),
        method TEXT NOT NULL,
        url TEXT NOT NULL,              -- without its query, which may be a signature
        body TEXT,                      -- JSON; never a header, so never a key
        asked_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX attempts_of_trial ON attempts (trial_id, step);

    CREATE TABLE exchanges (
        attempt_id INTEGER PRIMARY KEY REFERENCES attempts (id),
        status INTEGER NOT NULL,
        headers TEXT NOT NULL,          -- JSON
        body BLOB NOT NULL,             -- zlib
        answered_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE measurements (
        clip_hash TEXT NOT NULL REFERENCES clips (hash),
        version INTEGER NOT NULL,       -- of the measures that made them
        numbers TEXT NOT NULL,          -- JSON
        PRIMARY KEY (clip_hash, version)
    ) STRICT;

    CREATE TABLE ratings (
        id INTEGER PRIMARY KEY,         -- the newest one of a rater counts, the others are history
        trial_id TEXT NOT NULL REFERENCES trials (id),
        rater TEXT NOT NULL,
        rating INTEGER CHECK (rating BETWEEN 1 AND 5),
        rated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX ratings_of_trial ON ratings (trial_id);

    CREATE TABLE notes (
        id INTEGER PRIMARY KEY,         -- the newest one counts, the others are history
        trial_id TEXT NOT NULL REFERENCES trials (id),
        note TEXT NOT NULL,
        noted_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX notes_of_trial ON notes (trial_id);
    """,
    """
    ALTER TABLE batches ADD COLUMN budget TEXT;     -- JSON: what it may cost, where one was set

    -- What an attempt is charged: one of each sending of a trial counts, with the trial's price.
    ALTER TABLE attempts ADD COLUMN counts INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE attempts ADD COLUMN cost REAL;
    ALTER TABLE attempts ADD COLUMN currency TEXT;
    UPDATE attempts SET
        counts = 1,
        cost = (SELECT cost FROM trials t WHERE t.id = trial_id),
        currency = (SELECT currency FROM trials t WHERE t.id = trial_id)
    WHERE id IN (SELECT min(id) FROM attempts WHERE spends = 1 GROUP BY trial_id, resend);
    UPDATE attempts SET counts = 0 WHERE trial_id IN
        (SELECT id FROM trials WHERE state = 'failed' AND error_kind = 'Refused');
    CREATE INDEX attempts_that_count ON attempts (trial_id) WHERE counts = 1;

    ALTER TABLE trials ADD COLUMN identity TEXT;    -- digest of all that is asked for
    UPDATE trials SET identity = identity_of(variant, provider, take, seed, options, emulated);
    CREATE INDEX trials_by_identity ON trials (identity);

    CREATE TABLE paces (
        id INTEGER PRIMARY KEY,
        provider TEXT NOT NULL,
        at TEXT NOT NULL,
        starts REAL,                    -- allowed from then on, in each span
        span_s REAL,
        why TEXT NOT NULL
    ) STRICT;
    """,
    """
    CREATE TABLE measure_names (
        version INTEGER PRIMARY KEY,    -- of the measures
        names TEXT NOT NULL             -- JSON list; a name that comes later goes to its end
    ) STRICT;
    INSERT INTO measure_names
        SELECT version, json_group_array(DISTINCT key)
        FROM measurements, json_each(iif(json_valid(numbers), numbers, '{}'))
        WHERE typeof(key) = 'text' GROUP BY version;

    -- Numbers that cannot be read are left behind: they are measured anew when they are shown.
    CREATE TABLE packed (
        clip_hash TEXT NOT NULL REFERENCES clips (hash),
        version INTEGER NOT NULL,
        numbers BLOB NOT NULL,          -- float64, little-endian, by the names; NaN is nothing
        PRIMARY KEY (clip_hash, version)
    ) STRICT;
    INSERT INTO packed
        SELECT * FROM (
            SELECT clip_hash, version, packed_json(numbers, names) AS found
            FROM measurements JOIN measure_names USING (version)
        ) WHERE found IS NOT NULL;
    DROP TABLE measurements;
    ALTER TABLE packed RENAME TO measurements;
    """,
    """
    CREATE TABLE stars (
        id INTEGER PRIMARY KEY,         -- the newest one counts, the others are history
        trial_id TEXT NOT NULL REFERENCES trials (id),
        starred INTEGER NOT NULL CHECK (starred IN (0, 1)),
        starred_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX stars_of_trial ON stars (trial_id);
    """,
    """
    ALTER TABLE lab ADD COLUMN budget TEXT;     -- JSON: what the lab may spend, where one was set
    ALTER TABLE trials ADD COLUMN fee REAL;     -- part of cost: taken at the first use of a voice

    CREATE TABLE asked (
        id INTEGER PRIMARY KEY,
        trial_id TEXT NOT NULL REFERENCES trials (id),
        step TEXT NOT NULL,
        resend INTEGER NOT NULL,
        spends INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN
            ('asked', 'answered', 'declined', 'forgotten', 'in doubt', 'settled')),
        method TEXT NOT NULL,
        url TEXT NOT NULL,              -- without its query, which may be a signature
        body TEXT,                      -- JSON; never a header, so never a key
        asked_at TEXT NOT NULL,
        counts INTEGER NOT NULL DEFAULT 0,
        cost REAL,
        currency TEXT,
        fee REAL,                       -- part of cost; 0: a first use that nobody counted
        set_aside INTEGER NOT NULL DEFAULT 0    -- a person let its step be asked anew
    ) STRICT;
    INSERT INTO asked
        SELECT id, trial_id, step, resend, spends, state, method, url, body, asked_at, counts,
            cost, currency, NULL, 0
        FROM attempts;
    DROP TABLE attempts;
    ALTER TABLE asked RENAME TO attempts;
    CREATE INDEX attempts_of_trial ON attempts (trial_id, step);
    CREATE INDEX attempts_that_count ON attempts (trial_id) WHERE counts = 1;
    UPDATE attempts SET fee = 0 WHERE counts = 1 AND trial_id IN
        (SELECT id FROM trials WHERE state = 'done'
            AND json_extract(iif(json_valid(variant), variant, '{}'), '$.voice_id') IS NOT NULL);
    CREATE INDEX first_uses ON attempts (trial_id) WHERE fee IS NOT NULL;
    """,
)


def is_as_made(connection: sqlite3.Connection, version: int) -> bool:
    """Tell whether a database's tables are those of a store version, and nothing in it is code.

    Tables beside them, which nobody reads, are let be.
    """
    with closing(sqlite3.connect(":memory:")) as made:
        for name, count in (("identity_of", 6), ("packed_json", 2)):
            made.create_function(name, count, lambda *_: None)
        for script in MIGRATIONS[:version]:
            made.executescript(script)
        expected = _columns(made)
    found = _columns(connection)
    code = connection.execute("SELECT 1 FROM sqlite_master WHERE type NOT IN ('table', 'index')")
    ours = {name: found.get(name) for name in expected}
    return ours == expected and bool(ours) and code.fetchone() is None


def _columns(connection: sqlite3.Connection) -> dict[str, list[tuple[str, str, int]]]:
    """Return the columns of every table that holds to their types."""
    names = connection.execute("SELECT name FROM pragma_table_list WHERE strict").fetchall()
    columns = "SELECT name, type, pk FROM pragma_table_xinfo(?)"
    return {name: connection.execute(columns, (name,)).fetchall() for (name,) in names}


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a lab of any earlier version up to this one, each step whole or not at all.

    Raises
    ------
    UsageError
        When the lab was written by a newer voicelab.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > len(MIGRATIONS):
        raise UsageError(
            f"this lab has store version {found}; this voicelab reads up to {len(MIGRATIONS)}. "
            "Update voicelab: pip install -U voicelab"
        )
    connection.execute("PRAGMA foreign_keys = OFF")  # or no table could be made anew
    for version, script in enumerate(MIGRATIONS[found:], start=found + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;{script};PRAGMA user_version={version};COMMIT"
            )
        except sqlite3.Error:
            connection.rollback()
            (now,) = connection.execute("PRAGMA user_version").fetchone()
            if now < version:  # otherwise another kernel was faster, which is as good
                raise
    connection.execute("PRAGMA foreign_keys = ON")
