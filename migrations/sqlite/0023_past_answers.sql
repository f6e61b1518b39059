-- Answers that stood in files as they came in, taken in by a person: past answers, approved by nobody here. Each keeps its words
-- and where it comes from, whatever becomes of the questionnaire.
CREATE TABLE past_answer (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    questionnaire_id BIGINT NOT NULL REFERENCES questionnaire (id),
    client           TEXT   NOT NULL,
    answered_on      TEXT   NOT NULL,
    file_name        TEXT   NOT NULL,
    section          TEXT   NOT NULL,
    question         TEXT   NOT NULL,
    choice           TEXT,
    text             TEXT   NOT NULL,
    taken_at         TEXT   NOT NULL,
    person           TEXT   NOT NULL
);
CREATE INDEX past_answer_questionnaire ON past_answer (questionnaire_id);
