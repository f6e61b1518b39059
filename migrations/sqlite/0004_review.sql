-- Who decided, states for what does not apply and what was asked, deeds done at one go, comments, who has what.

CREATE TABLE batch (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    questionnaire_id BIGINT NOT NULL REFERENCES questionnaire (id)
);

CREATE TABLE decision_with_person (
    question_id BIGINT NOT NULL REFERENCES question (id),
    revision    BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('open', 'accepted', 'edited', 'declined', 'not_applicable', 'asked')),
    choice      TEXT,
    text        TEXT   NOT NULL,
    item        BIGINT,
    decided_at  TEXT   NOT NULL,
    person_id   BIGINT REFERENCES person (id),
    person      TEXT   NOT NULL,
    batch_id    BIGINT REFERENCES batch (id),
    PRIMARY KEY (question_id, revision)
);
INSERT INTO decision_with_person (question_id, revision, state, choice, text, item, decided_at, person)
    SELECT question_id, revision, state, choice, text, item, decided_at, '' FROM decision;
DROP TABLE decision;
ALTER TABLE decision_with_person RENAME TO decision;
CREATE INDEX decision_batch ON decision (batch_id);
CREATE TRIGGER decision_is_never_changed BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are only ever added'); END;
CREATE TRIGGER decision_is_never_deleted BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are only ever added'); END;

CREATE TABLE comment (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    question_id BIGINT NOT NULL REFERENCES question (id),
    at          TEXT   NOT NULL,
    person_id   BIGINT REFERENCES person (id),
    person      TEXT   NOT NULL,
    text        TEXT   NOT NULL
);
CREATE INDEX comment_question ON comment (question_id);

CREATE TABLE assignee (
    question_id BIGINT PRIMARY KEY REFERENCES question (id),
    person_id   BIGINT NOT NULL REFERENCES person (id)
);

ALTER TABLE questionnaire ADD COLUMN owner_id BIGINT REFERENCES person (id);

-- The position of the first question of the questionnaire that asks the same, where several do.
ALTER TABLE question ADD COLUMN alike BIGINT;
