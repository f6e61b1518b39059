-- Who may sign in, and with what. Tokens and passwords are kept as hashes only.

CREATE TABLE person (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    email      TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    roles      TEXT    NOT NULL,
    password   TEXT    NOT NULL,
    active     BOOLEAN NOT NULL,
    created_at TEXT    NOT NULL
);

CREATE TABLE session (
    token      TEXT   PRIMARY KEY,
    person_id  BIGINT NOT NULL REFERENCES person (id),
    created_at TEXT   NOT NULL,
    seen_at    TEXT   NOT NULL
);
CREATE INDEX session_person ON session (person_id);

-- Links that work once: for the first administrator, for whoever is invited, and for a new password.
CREATE TABLE link (
    token      TEXT   PRIMARY KEY,
    purpose    TEXT   NOT NULL CHECK (purpose IN ('first', 'invitation', 'password')),
    email      TEXT   NOT NULL,
    roles      TEXT   NOT NULL,
    created_at TEXT   NOT NULL,
    expires_at TEXT   NOT NULL,
    used_at    TEXT
);

-- Failed attempts by the address that was tried, whether or not somebody has it.
CREATE TABLE sign_in_failure (
    email     TEXT   PRIMARY KEY,
    failures  BIGINT NOT NULL,
    failed_at TEXT   NOT NULL
);
