-- What people put right of what was found in a client's file, and the forms by which that is remembered.

-- How often it was put right: what was read before the last time is not stored.
ALTER TABLE questionnaire ADD COLUMN generation BIGINT NOT NULL DEFAULT 0;

CREATE TABLE form (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint      TEXT   NOT NULL UNIQUE,
    marks            TEXT   NOT NULL,
    mapping          TEXT   NOT NULL,
    questionnaire_id BIGINT NOT NULL REFERENCES questionnaire (id),
    changed_at       TEXT   NOT NULL
);

-- Without a row the file was taken as it was found. `draft` is what somebody changed and has not put in force yet.
CREATE TABLE questionnaire_mapping (
    questionnaire_id BIGINT PRIMARY KEY REFERENCES questionnaire (id),
    mapping          TEXT   NOT NULL,
    draft            TEXT,
    origin           TEXT   NOT NULL CHECK (origin IN ('remembered', 'near', 'person')),
    form_id          BIGINT REFERENCES form (id),
    nearness         DOUBLE PRECISION NOT NULL
);

-- A question that the mapping left out stays with everything that was said about it: its position is below zero then.
DROP VIEW standing;
CREATE VIEW standing AS
SELECT q.id, q.questionnaire_id, q.position, q.sheet, q.number, q.section, q.text, q.cells, q.alike,
       d.revision, COALESCE(d.state, 'open') AS state, d.choice AS d_choice, d.text AS d_text, d.item AS d_item,
       d.decided_at, d.person_id, d.person, a.revision AS released,
       CASE WHEN a.revision = d.revision THEN 'released' ELSE COALESCE(d.state, 'open') END AS kind
FROM question q
LEFT JOIN decision d ON d.question_id = q.id
     AND d.revision = (SELECT MAX(l.revision) FROM decision l WHERE l.question_id = q.id)
LEFT JOIN release_answer a ON a.question_id = q.id
     AND a.release_id = (SELECT MAX(r.id) FROM release r WHERE r.questionnaire_id = q.questionnaire_id)
WHERE q.position > 0;
