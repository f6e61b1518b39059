-- Who did what, when, before and after. Only ever added to; each entry's hash covers the one before it.

CREATE TABLE audit (
    number    BIGINT PRIMARY KEY,
    at        TEXT   NOT NULL,
    person_id BIGINT REFERENCES person (id),
    person    TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    before    TEXT   NOT NULL,
    after     TEXT   NOT NULL,
    hash      TEXT   NOT NULL
);

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
