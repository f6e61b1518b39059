-- As what each questionnaire came in, and the SHA-256 of what came, by which the same file is known again (those from before get
-- theirs when the database is opened). Rows about the company are no questions about security, and are not counted as such.
ALTER TABLE questionnaire ADD COLUMN form TEXT NOT NULL DEFAULT 'workbook' CHECK (form IN ('workbook', 'xls', 'csv', 'pasted'));
ALTER TABLE questionnaire ADD COLUMN sha256 TEXT;
CREATE INDEX questionnaire_sha256 ON questionnaire (sha256);

ALTER TABLE question ADD COLUMN profile BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE question SET profile = TRUE WHERE cells LIKE '%"profile":true%';
