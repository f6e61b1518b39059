-- What an approver let out, to the byte, and who fetched it. Only ever added to.

CREATE TABLE release (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    questionnaire_id BIGINT NOT NULL REFERENCES questionnaire (id),
    released_at      TEXT   NOT NULL,
    person_id        BIGINT REFERENCES person (id),
    person           TEXT   NOT NULL,
    file_name        TEXT   NOT NULL,
    bytes            BLOB   NOT NULL,
    sha256           TEXT   NOT NULL
);
CREATE INDEX release_questionnaire ON release (questionnaire_id);

CREATE TABLE release_answer (
    release_id  BIGINT NOT NULL REFERENCES release (id),
    question_id BIGINT NOT NULL REFERENCES question (id),
    revision    BIGINT NOT NULL,
    PRIMARY KEY (release_id, question_id)
);

-- Exactly the cells that differ from the client's file.
CREATE TABLE release_cell (
    release_id BIGINT NOT NULL REFERENCES release (id),
    sheet      TEXT   NOT NULL,
    cell       TEXT   NOT NULL,
    before     TEXT   NOT NULL,
    after      TEXT   NOT NULL,
    PRIMARY KEY (release_id, sheet, cell)
);

CREATE TABLE download (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    release_id    BIGINT NOT NULL REFERENCES release (id),
    downloaded_at TEXT   NOT NULL,
    person_id     BIGINT REFERENCES person (id),
    person        TEXT   NOT NULL
);
CREATE INDEX download_release ON download (release_id);

CREATE TRIGGER release_is_never_changed BEFORE UPDATE ON release BEGIN SELECT RAISE(ABORT, 'releases are only ever added'); END;
CREATE TRIGGER release_is_never_deleted BEFORE DELETE ON release BEGIN SELECT RAISE(ABORT, 'releases are only ever added'); END;
CREATE TRIGGER release_answer_is_never_changed BEFORE UPDATE ON release_answer BEGIN SELECT RAISE(ABORT, 'releases are only ever added'); END;
CREATE TRIGGER release_answer_is_never_deleted BEFORE DELETE ON release_answer BEGIN SELECT RAISE(ABORT, 'releases are only ever added'); END;
CREATE TRIGGER release_cell_is_never_changed BEFORE UPDATE ON release_cell BEGIN SELECT RAISE(ABORT, 'releases are only ever added'); END;
CREATE TRIGGER release_cell_is_never_deleted BEFORE DELETE ON release_cell BEGIN SELECT RAISE(ABORT, 'releases are only ever added'); END;
CREATE TRIGGER download_is_never_changed BEFORE UPDATE ON download BEGIN SELECT RAISE(ABORT, 'downloads are only ever added'); END;
CREATE TRIGGER download_is_never_deleted BEFORE DELETE ON download BEGIN SELECT RAISE(ABORT, 'downloads are only ever added'); END;

-- Every question with where its answer stands: its newest decision, and the revision that is in the latest release.
CREATE VIEW standing AS
SELECT q.id, q.questionnaire_id, q.position, q.sheet, q.number, q.section, q.text, q.cells, q.alike,
       d.revision, COALESCE(d.state, 'open') AS state, d.choice AS d_choice, d.text AS d_text, d.item AS d_item,
       d.decided_at, d.person_id, d.person, a.revision AS released,
       CASE WHEN a.revision = d.revision THEN 'released' ELSE COALESCE(d.state, 'open') END AS kind
FROM question q
LEFT JOIN decision d ON d.question_id = q.id
     AND d.revision = (SELECT MAX(l.revision) FROM decision l WHERE l.question_id = q.id)
LEFT JOIN release_answer a ON a.question_id = q.id
     AND a.release_id = (SELECT MAX(r.id) FROM release r WHERE r.questionnaire_id = q.questionnaire_id);
