//! The library of past answers that stood in files: taken in, and taken out again, by a person.

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::{decode, encode};
use super::{Store, StoreError, number, parsed, time};
use crate::export::FinalAnswer;
use crate::library::FiledAnswer;
use crate::people::By;
use crate::questionnaire::Question;

/// At most so many are read: the latest.
const MOST: i64 = 20_000;

/// That a questionnaire's own answers are in the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenIn {
    /// As whose answers.
    pub client: String,
    /// As answers of which day.
    pub answered_on: Date,
    /// When that was done.
    pub at: Timestamp,
    /// By whom.
    pub person: String,
    /// How many there are.
    pub answers: usize,
}

impl Store {
    /// Takes `answers` into the library as what `client` was answered on that day, from questionnaire `id`, in place of what was
    /// taken from it before. All or nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn take_in(
        &self,
        id: i64,
        client: &str,
        answered_on: Date,
        answers: &[(&Question, FinalAnswer)],
        by: &By,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query("SELECT file_name FROM questionnaire WHERE id = $1").bind(id).fetch_one(&mut *write.tx).await?;
        let file_name: String = row.try_get("file_name")?;
        let done = sqlx::query("DELETE FROM past_answer WHERE questionnaire_id = $1").bind(id).execute(&mut *write.tx).await?;
        for (question, answer) in answers {
            sqlx::query(
                "INSERT INTO past_answer (questionnaire_id, client, answered_on, file_name, section, question, choice, text, taken_at, person)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            )
            .bind(id)
            .bind(client)
            .bind(answered_on.to_string())
            .bind(&file_name)
            .bind(encode("section", &question.section)?)
            .bind(&question.text)
            .bind(&answer.choice)
            .bind(&answer.text)
            .bind(time(at))
            .bind(&by.name)
            .execute(&mut *write.tx)
            .await?;
        }
        let before = if done.rows_affected() > 0 { format!("{}件", done.rows_affected()) } else { String::new() };
        let after = format!("{client} {answered_on} {}件", answers.len());
        write.note(by, at, "過去の回答の取り込み", &format!("質問票{id}"), &before, &after).await?;
        write.commit().await
    }

    /// Takes out of the library what was taken from questionnaire `id`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn take_out(&self, id: i64, by: &By, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let done = sqlx::query("DELETE FROM past_answer WHERE questionnaire_id = $1").bind(id).execute(&mut *write.tx).await?;
        if done.rows_affected() > 0 {
            let before = format!("{}件", done.rows_affected());
            write.note(by, at, "過去の回答の取り消し", &format!("質問票{id}"), &before, "").await?;
        }
        write.commit().await
    }

    /// What was taken from questionnaire `id`; `None` for nothing.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn taken_in(&self, id: i64) -> Result<Option<TakenIn>, StoreError> {
        let row = sqlx::query(
            "SELECT client, answered_on, taken_at, person, COUNT(*) AS n FROM past_answer WHERE questionnaire_id = $1
             GROUP BY client, answered_on, taken_at, person",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|r| {
            Ok(TakenIn {
                client: r.try_get("client")?,
                answered_on: parsed("date", r.try_get("answered_on")?)?,
                at: parsed("time", r.try_get("taken_at")?)?,
                person: r.try_get("person")?,
                answers: number("count", r.try_get("n")?)?,
            })
        })
        .transpose()
    }

    /// The library but for what was taken from questionnaire `id`, the latest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn library(&self, id: i64) -> Result<Vec<FiledAnswer>, StoreError> {
        let rows = sqlx::query("SELECT * FROM past_answer WHERE questionnaire_id <> $1 ORDER BY id DESC LIMIT $2")
            .bind(id)
            .bind(MOST)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(filed).collect()
    }

    /// Answer `filed_id` of the library but for what was taken from questionnaire `id`; `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn filed_answer(&self, id: i64, filed_id: i64) -> Result<Option<FiledAnswer>, StoreError> {
        let row = sqlx::query("SELECT * FROM past_answer WHERE questionnaire_id <> $1 AND id = $2")
            .bind(id)
            .bind(filed_id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(filed).transpose()
    }
}

fn filed(row: &SqliteRow) -> Result<FiledAnswer, StoreError> {
    Ok(FiledAnswer {
        id: row.try_get("id")?,
        client: row.try_get("client")?,
        answered_on: parsed("date", row.try_get("answered_on")?)?,
        file_name: row.try_get("file_name")?,
        section: decode("section", row.try_get("section")?)?,
        question: row.try_get("question")?,
        answer: FinalAnswer { choice: row.try_get("choice")?, text: row.try_get("text")? },
    })
}
