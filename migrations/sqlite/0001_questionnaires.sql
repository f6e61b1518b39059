-- Ids are given by the database and never reused. Times are RFC 3339 in UTC, dates are ISO 8601, lists and
-- details are JSON: all as text, so that the queries are the same for every database.

CREATE TABLE standard_sheet (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL,
    bytes       BLOB    NOT NULL,
    items       BIGINT  NOT NULL,
    imported_at TEXT    NOT NULL
);

CREATE TABLE questionnaire (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    client            TEXT   NOT NULL,
    services          TEXT   NOT NULL,
    due               TEXT,
    file_name         TEXT   NOT NULL,
    created_at        TEXT   NOT NULL,
    state             TEXT   NOT NULL CHECK (state IN ('reading', 'ready', 'failed')),
    message           TEXT,
    problems          TEXT   NOT NULL,
    standard_sheet_id BIGINT REFERENCES standard_sheet (id)
);

-- The client's file, apart from the table that lists are made of.
CREATE TABLE questionnaire_file (
    questionnaire_id BIGINT PRIMARY KEY REFERENCES questionnaire (id),
    bytes            BLOB   NOT NULL
);

CREATE TABLE question (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    questionnaire_id BIGINT NOT NULL REFERENCES questionnaire (id),
    position         BIGINT NOT NULL,
    sheet            TEXT   NOT NULL,
    number           TEXT,
    section          TEXT   NOT NULL,
    text             TEXT   NOT NULL,
    cells            TEXT   NOT NULL,
    UNIQUE (questionnaire_id, position)
);

CREATE TABLE suggestion (
    question_id BIGINT PRIMARY KEY REFERENCES question (id),
    band        TEXT   NOT NULL CHECK (band IN ('none', 'low', 'medium', 'high')),
    answerable  DOUBLE PRECISION NOT NULL,
    draft       BIGINT,
    proposals   TEXT   NOT NULL
);

-- Only ever added to: the newest revision of a question is where its answer stands, and two people who both decided on
-- the same revision can't both be stored.
CREATE TABLE decision (
    question_id BIGINT NOT NULL REFERENCES question (id),
    revision    BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('open', 'accepted', 'edited', 'declined')),
    choice      TEXT,
    text        TEXT   NOT NULL,
    item        BIGINT,
    decided_at  TEXT   NOT NULL,
    PRIMARY KEY (question_id, revision)
);
