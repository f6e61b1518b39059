-- How kaitou works for everybody: kept by an administrator, one value a setting.
CREATE TABLE setting (
    name       TEXT NOT NULL PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
