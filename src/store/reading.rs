//! The end of a questionnaire's reading: its questions with what is suggested for them. When it is read again, because a
//! person put right what was found, each question that is still there stays the one it was.

use std::collections::HashMap;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::{Cells, StoredProblem, StoredProposal, decode, encode};
use super::{Store, StoreError, Write};
use crate::questionnaire::Question;
use crate::review::{Suggestion, alike::groups};
use crate::workbook::Problem;

/// What makes a question the same when its questionnaire is read again: where it stands and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The sheet's name.
    pub sheet: String,
    /// The question's cell.
    pub cell: String,
    text: String,
}

impl Key {
    pub fn of(question: &Question) -> Self {
        Self { sheet: question.sheet.clone(), cell: question.question_cell.to_string(), text: question.text.clone() }
    }

    pub fn stored(row: &SqliteRow) -> Result<Self, StoreError> {
        let cells: Cells = decode("cells", row.try_get("cells")?)?;
        Ok(Self { sheet: row.try_get("sheet")?, cell: cells.question_cell().to_owned(), text: row.try_get("text")? })
    }
}

/// What is known of a question from an earlier reading.
struct Known {
    id: i64,
    /// Whether somebody decided on it, so that what was suggested must stay as it was.
    decided: bool,
}

impl Store {
    /// Ends the reading of questionnaire `id` as it was put right for the `generation`th time: its questions can be reviewed
    /// from now on. All or nothing is stored; nothing where it was put right again since.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn finish(
        &self,
        id: i64,
        generation: i64,
        standard: i64,
        problems: &[Problem],
        questions: &[(Question, Suggestion)],
    ) -> Result<(), StoreError> {
        let problems: Vec<StoredProblem> = problems.iter().map(Into::into).collect();
        let mut write = self.write().await?;
        let done = sqlx::query(
            "UPDATE questionnaire SET state = 'ready', message = NULL, standard_sheet_id = $1, problems = $2
             WHERE id = $3 AND state = 'reading' AND generation = $4",
        )
        .bind(standard)
        .bind(encode("problems", &problems)?)
        .bind(id)
        .bind(generation)
        .execute(&mut *write.tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(()); // Somebody else ends it; dropping `write` leaves everything as it is.
        }
        let mut known = write.put_aside(id).await?;
        let texts: Vec<&str> = questions.iter().map(|(q, _)| q.text.as_str()).collect();
        for ((position, (question, suggestion)), alike) in (1_i64..).zip(questions).zip(groups(&texts)) {
            let alike = alike.map(|first| i64::try_from(first + 1).unwrap_or(i64::MAX));
            let before = known.remove(&Key::of(question));
            write.place(id, position, question, suggestion, alike, before).await?;
        }
        write.leave(known, questions.len()).await?;
        write.commit().await
    }
}

impl Write {
    /// Takes the questions of an earlier reading out of the order.
    async fn put_aside(&mut self, id: i64) -> Result<HashMap<Key, Known>, StoreError> {
        let rows = sqlx::query(
            "SELECT q.id, q.sheet, q.text, q.cells, EXISTS (SELECT 1 FROM decision d WHERE d.question_id = q.id) AS decided
             FROM question q WHERE q.questionnaire_id = $1",
        )
        .bind(id)
        .fetch_all(&mut *self.tx)
        .await?;
        sqlx::query("UPDATE question SET position = -id WHERE questionnaire_id = $1").bind(id).execute(&mut *self.tx).await?;
        rows.iter().map(|row| Ok((Key::stored(row)?, Known { id: row.try_get("id")?, decided: row.try_get("decided")? }))).collect()
    }

    /// Puts a question at its place: the one that was there `before`, else a new one.
    async fn place(
        &mut self,
        id: i64,
        position: i64,
        question: &Question,
        suggestion: &Suggestion,
        alike: Option<i64>,
        before: Option<Known>,
    ) -> Result<(), StoreError> {
        let (section, cells) = (encode("section", &question.section)?, encode("cells", &Cells::of(question))?);
        let question_id = match before {
            Some(Known { id, decided }) => {
                sqlx::query("UPDATE question SET position = $1, number = $2, section = $3, cells = $4, alike = $5 WHERE id = $6")
                    .bind(position)
                    .bind(&question.number)
                    .bind(section)
                    .bind(cells)
                    .bind(alike)
                    .bind(id)
                    .execute(&mut *self.tx)
                    .await?;
                if decided {
                    return Ok(());
                }
                sqlx::query("DELETE FROM suggestion WHERE question_id = $1").bind(id).execute(&mut *self.tx).await?;
                id
            }
            None => {
                let row = sqlx::query(
                    "INSERT INTO question (questionnaire_id, position, sheet, number, section, text, cells, alike)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
                )
                .bind(id)
                .bind(position)
                .bind(&question.sheet)
                .bind(&question.number)
                .bind(section)
                .bind(&question.text)
                .bind(cells)
                .bind(alike)
                .fetch_one(&mut *self.tx)
                .await?;
                row.try_get("id")?
            }
        };
        let proposals: Vec<StoredProposal> = suggestion.proposals.iter().map(Into::into).collect();
        sqlx::query("INSERT INTO suggestion (question_id, band, answerable, draft, proposals) VALUES ($1, $2, $3, $4, $5)")
            .bind(question_id)
            .bind(suggestion.band.name())
            .bind(suggestion.answerable)
            .bind(suggestion.draft.map(i64::from))
            .bind(encode("proposals", &proposals)?)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// What becomes of questions that are no longer found. What somebody decided comes after the others, so that nothing is
    /// lost; what was talked about stays aside, in case it is found again; the rest goes.
    async fn leave(&mut self, known: HashMap<Key, Known>, placed: usize) -> Result<(), StoreError> {
        let mut last = i64::try_from(placed).unwrap_or(i64::MAX);
        let mut left: Vec<Known> = known.into_values().collect();
        left.sort_by_key(|k| k.id);
        for Known { id, decided } in left {
            let settled = sqlx::query(
                "SELECT 1 FROM decision d WHERE d.question_id = $1 AND d.state <> 'open'
                 AND d.revision = (SELECT MAX(l.revision) FROM decision l WHERE l.question_id = $1)",
            )
            .bind(id)
            .fetch_optional(&mut *self.tx)
            .await?;
            if settled.is_some() {
                last += 1;
                sqlx::query("UPDATE question SET position = $1, alike = NULL WHERE id = $2").bind(last).bind(id).execute(&mut *self.tx).await?;
                continue;
            }
            let talked = sqlx::query("SELECT 1 FROM comment WHERE question_id = $1 LIMIT 1").bind(id).fetch_optional(&mut *self.tx).await?;
            if decided || talked.is_some() {
                continue;
            }
            for statement in [
                "DELETE FROM suggestion WHERE question_id = $1",
                "DELETE FROM assignee WHERE question_id = $1",
                "DELETE FROM question WHERE id = $1",
            ] {
                sqlx::query(statement).bind(id).execute(&mut *self.tx).await?;
            }
        }
        Ok(())
    }
}
