//! Clients' questionnaires: who sent them, their files, and how far they are.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::{StoredProblem, decode, encode};
use super::{Store, StoreError, decisions, number, parsed, time};
use crate::people::By;
use crate::review::Tally;
use crate::workbook::Problem;

/// A questionnaire as it is uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuestionnaire {
    /// The client's name.
    pub client: String,
    /// The services it is about.
    pub services: Vec<String>,
    /// When the client wants it back.
    pub due: Option<Date>,
    /// The file's name.
    pub file_name: String,
    /// The file, verbatim.
    pub bytes: Vec<u8>,
}

/// How far the reading of a questionnaire is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Being read and matched, or waiting for it.
    Reading,
    /// Its questions can be reviewed.
    Ready,
    /// It could not be read; why, in Japanese.
    Failed(String),
}

/// A questionnaire, without its file and questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Questionnaire {
    /// Its id.
    pub id: i64,
    /// The client's name.
    pub client: String,
    /// The services it is about.
    pub services: Vec<String>,
    /// When the client wants it back.
    pub due: Option<Date>,
    /// The file's name.
    pub file_name: String,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// How far its reading is.
    pub reading: Reading,
    /// What could not be understood of its file.
    pub problems: Vec<Problem>,
    /// The standard sheet its suggestions come from.
    pub standard: Option<i64>,
    /// Who has it.
    pub owner: Option<i64>,
    /// Its questions by state.
    pub tally: Tally,
    /// How often a person put right what was found in it.
    pub generation: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, client, services, due, file_name, created_at, state, message, problems, standard_sheet_id, owner_id, generation FROM questionnaire ",
            $rest
        )
    };
}

impl Store {
    /// Keeps an uploaded questionnaire, still to be read.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn add_questionnaire(&self, new: &NewQuestionnaire, by: &By, at: Timestamp) -> Result<i64, StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query(
            "INSERT INTO questionnaire (client, services, due, file_name, created_at, state, problems, owner_id)
             VALUES ($1, $2, $3, $4, $5, 'reading', '[]', $6) RETURNING id",
        )
        .bind(&new.client)
        .bind(encode("services", &new.services)?)
        .bind(new.due.map(|d| d.to_string()))
        .bind(&new.file_name)
        .bind(time(at))
        .bind(by.id)
        .fetch_one(&mut *write.tx)
        .await?;
        let id: i64 = row.try_get("id")?;
        sqlx::query("INSERT INTO questionnaire_file (questionnaire_id, bytes) VALUES ($1, $2)")
            .bind(id)
            .bind(&new.bytes)
            .execute(&mut *write.tx)
            .await?;
        write.note(by, at, "アップロード", &format!("質問票{id}"), "", &format!("{} {}", new.client, new.file_name)).await?;
        write.commit().await?;
        Ok(id)
    }

    /// All questionnaires, the newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn questionnaires(&self) -> Result<Vec<Questionnaire>, StoreError> {
        let rows = sqlx::query(select!("ORDER BY id DESC")).fetch_all(&self.pool).await?;
        let mut tallies = self.tallies(None).await?;
        rows.iter().map(|row| questionnaire(row, &mut tallies)).collect()
    }

    /// The questionnaire `id`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn questionnaire(&self, id: i64) -> Result<Option<Questionnaire>, StoreError> {
        let row = sqlx::query(select!("WHERE id = $1")).bind(id).fetch_optional(&self.pool).await?;
        let mut tallies = self.tallies(Some(id)).await?;
        row.map(|row| questionnaire(&row, &mut tallies)).transpose()
    }

    /// The file of questionnaire `id`, verbatim.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn original(&self, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query("SELECT bytes FROM questionnaire_file WHERE questionnaire_id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|r| r.try_get("bytes")).transpose()?)
    }

    /// Those whose reading has not ended, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn unread(&self) -> Result<Vec<i64>, StoreError> {
        let rows = sqlx::query("SELECT id FROM questionnaire WHERE state = 'reading' ORDER BY id").fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok(r.try_get("id")?)).collect()
    }

    /// Ends the reading of questionnaire `id` with the reason why it failed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn fail(&self, id: i64, message: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE questionnaire SET state = 'failed', message = $1 WHERE id = $2 AND state = 'reading'")
            .bind(message)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Has a questionnaire that failed read again; false when it had not failed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn retry(&self, id: i64) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE questionnaire SET state = 'reading', message = NULL WHERE id = $1 AND state = 'failed'")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The states of the questions, counted, of one questionnaire or of all.
    async fn tallies(&self, id: Option<i64>) -> Result<HashMap<i64, Tally>, StoreError> {
        let rows = sqlx::query(
            "SELECT questionnaire_id, kind, COUNT(*) AS n FROM standing
             WHERE questionnaire_id BETWEEN $1 AND $2 GROUP BY questionnaire_id, kind",
        )
        .bind(id.unwrap_or(i64::MIN))
        .bind(id.unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let mut tallies: HashMap<i64, Tally> = HashMap::new();
        for row in rows {
            let kind = decisions::kind(row.try_get("kind")?)?;
            tallies.entry(row.try_get("questionnaire_id")?).or_default().add(kind, number("count", row.try_get("n")?)?);
        }
        Ok(tallies)
    }
}

fn questionnaire(row: &SqliteRow, tallies: &mut HashMap<i64, Tally>) -> Result<Questionnaire, StoreError> {
    let id = row.try_get("id")?;
    let state: &str = row.try_get("state")?;
    let reading = match state {
        "reading" => Reading::Reading,
        "ready" => Reading::Ready,
        "failed" => Reading::Failed(row.try_get::<Option<String>, _>("message")?.unwrap_or_default()),
        other => return Err(StoreError::Corrupt { what: "state", value: other.to_owned() }),
    };
    let due: Option<&str> = row.try_get("due")?;
    let problems: Vec<StoredProblem> = decode("problems", row.try_get("problems")?)?;
    Ok(Questionnaire {
        id,
        client: row.try_get("client")?,
        services: decode("services", row.try_get("services")?)?,
        due: due.map(|d| parsed("date", d)).transpose()?,
        file_name: row.try_get("file_name")?,
        created_at: parsed("time", row.try_get("created_at")?)?,
        reading,
        problems: problems.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        standard: row.try_get("standard_sheet_id")?,
        owner: row.try_get("owner_id")?,
        tally: tallies.remove(&id).unwrap_or_default(),
        generation: row.try_get("generation")?,
    })
}
