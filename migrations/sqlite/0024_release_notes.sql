-- What a person who hands a released file out should know: problems as JSON.
ALTER TABLE release ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';
