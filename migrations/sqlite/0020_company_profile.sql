-- What clients ask about the company beside security: kept by an administrator, one value a fact.
CREATE TABLE company_profile (
    fact       TEXT NOT NULL PRIMARY KEY,
    value      TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
