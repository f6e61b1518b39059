//! What people say about a question, who has it, and what waits for whom.

use jiff::Timestamp;
use sqlx::Row;

use super::decisions::{Deed, SaveError};
use super::{Store, StoreError, Write, number, parsed, time};
use crate::export::FinalAnswer;
use crate::people::By;
use crate::review::{Revision, State};
use crate::text::normalize;

/// Something that was said about a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub person: String,
    /// What.
    pub text: String,
}

/// An answer of an earlier questionnaire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its questionnaire.
    pub questionnaire: i64,
    /// Its place in it.
    pub position: u32,
    /// The client's name.
    pub client: String,
    /// The client's question.
    pub question: String,
    /// What was answered.
    pub answer: FinalAnswer,
    /// When that was decided.
    pub at: Timestamp,
}

/// A question that was found by its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its questionnaire.
    pub questionnaire: i64,
    /// Its place in it.
    pub position: u32,
    /// The client's name.
    pub client: String,
    /// The question.
    pub text: String,
}

/// At most so many earlier answers are listed.
const LISTED: usize = 20;

impl Store {
    /// What was said about the question at `position`, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn comments(&self, id: i64, position: u32) -> Result<Vec<Comment>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.at, c.person, c.text FROM comment c JOIN question q ON q.id = c.question_id
             WHERE q.questionnaire_id = $1 AND q.position = $2 ORDER BY c.id",
        )
        .bind(id)
        .bind(i64::from(position))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|r| Ok(Comment { at: parsed("time", r.try_get("at")?)?, person: r.try_get("person")?, text: r.try_get("text")? }))
            .collect()
    }

    /// Adds a comment.
    ///
    /// # Errors
    /// [`SaveError`]
    pub async fn comment(&self, id: i64, position: u32, text: &str, by: &By, at: Timestamp) -> Result<(), SaveError> {
        let mut write = self.write().await?;
        write.comment(id, position, text, by, at).await?;
        Ok(write.commit().await?)
    }

    /// Asks `colleague` about the question, which is at revision `seen`: comment, assignee and state at one go.
    ///
    /// # Errors
    /// [`SaveError`]; nothing is stored then.
    #[expect(clippy::too_many_arguments, reason = "the parts of one deed")]
    pub async fn ask(
        &self,
        id: i64,
        position: u32,
        seen: Revision,
        colleague: Option<i64>,
        text: &str,
        by: &By,
        at: Timestamp,
    ) -> Result<Revision, SaveError> {
        let mut write = self.write().await?;
        write.comment(id, position, text, by, at).await?;
        if colleague.is_some() {
            write.assign(id, position, colleague, by, at).await?;
        }
        let revision = write.decide(id, &Deed { position, seen, state: State::Asked }, None, by, at).await?;
        write.commit().await?;
        Ok(revision)
    }

    /// Who has the question; `None` for nobody.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn assignee(&self, id: i64, position: u32) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query(
            "SELECT a.person_id FROM assignee a JOIN question q ON q.id = a.question_id
             WHERE q.questionnaire_id = $1 AND q.position = $2",
        )
        .bind(id)
        .bind(i64::from(position))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|r| r.try_get("person_id")).transpose()?)
    }

    /// Gives the question to somebody, or to nobody.
    ///
    /// # Errors
    /// [`SaveError`]
    pub async fn assign(&self, id: i64, position: u32, to: Option<i64>, by: &By, at: Timestamp) -> Result<(), SaveError> {
        let mut write = self.write().await?;
        write.assign(id, position, to, by, at).await?;
        Ok(write.commit().await?)
    }

    /// Gives a whole questionnaire to somebody, or to nobody.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn hand_over(&self, id: i64, to: Option<i64>, by: &By, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE questionnaire SET owner_id = $1 WHERE id = $2").bind(to).bind(id).execute(&mut *write.tx).await?;
        let after = to.map(|to| format!("利用者 {to}")).unwrap_or_default();
        write.note(by, at, "担当者", &format!("質問票{id}"), "", &after).await?;
        write.commit().await
    }

    /// The question that waits most for person `id`: first what was asked of them, then what they were given, then what is
    /// open in their questionnaires, then (for those who decide) anything open; the earliest due first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn waiting_for(&self, id: Option<i64>, decides: bool) -> Result<Option<(i64, u32)>, StoreError> {
        let row = sqlx::query(
            "SELECT s.questionnaire_id, s.position,
                    CASE WHEN a.person_id = $1 AND s.state = 'asked' THEN 1 WHEN a.person_id = $1 THEN 2
                         WHEN q.owner_id = $1 THEN 3 ELSE 4 END AS rank
             FROM standing s
             JOIN questionnaire q ON q.id = s.questionnaire_id
             LEFT JOIN assignee a ON a.question_id = s.id
             WHERE s.state IN ('open', 'asked')
               AND (a.person_id = $1 OR ($2 AND s.state = 'open' AND a.person_id IS NULL))
             ORDER BY rank, COALESCE(q.due, '9999'), q.id, s.position
             LIMIT 1",
        )
        .bind(id)
        .bind(decides)
        .fetch_optional(&self.pool)
        .await?;
        row.map(|r| Ok((r.try_get("questionnaire_id")?, number("position", r.try_get("position")?)?))).transpose()
    }

    /// Questions of all questionnaires in which all the words stand, the latest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn questions_with(&self, words: &str) -> Result<Vec<Hit>, StoreError> {
        let words = normalize(words);
        let words: Vec<&str> = words.split(' ').filter(|w| !w.is_empty()).collect();
        let rows = sqlx::query(
            "SELECT s.questionnaire_id, s.position, q.client, s.text
             FROM question s JOIN questionnaire q ON q.id = s.questionnaire_id WHERE s.position > 0 ORDER BY s.id DESC LIMIT 50000",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut hits = Vec::new();
        for r in &rows {
            let text: &str = r.try_get("text")?;
            let folded = normalize(text);
            if hits.len() < LISTED && words.iter().all(|w| folded.contains(w)) {
                hits.push(Hit {
                    questionnaire: r.try_get("questionnaire_id")?,
                    position: number("position", r.try_get("position")?)?,
                    client: r.try_get("client")?,
                    text: text.to_owned(),
                });
            }
        }
        Ok(hits)
    }

    /// Answers of other questionnaires in whose question or text all the words stand, the latest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn earlier(&self, id: i64, words: &str) -> Result<Vec<Earlier>, StoreError> {
        let words = normalize(words);
        let words: Vec<&str> = words.split(' ').filter(|w| !w.is_empty()).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(
            "SELECT s.questionnaire_id, s.position, q.client, s.text, s.d_choice, s.d_text, s.decided_at
             FROM standing s JOIN questionnaire q ON q.id = s.questionnaire_id
             WHERE s.state IN ('accepted', 'edited') AND s.questionnaire_id <> $1
             ORDER BY s.decided_at DESC LIMIT 20000",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        let mut found = Vec::new();
        for r in &rows {
            let (question, text): (&str, &str) = (r.try_get("text")?, r.try_get("d_text")?);
            let both = normalize(&format!("{question} {text}"));
            if words.iter().all(|w| both.contains(w)) {
                found.push(Earlier {
                    questionnaire: r.try_get("questionnaire_id")?,
                    position: number("position", r.try_get("position")?)?,
                    client: r.try_get("client")?,
                    question: question.to_owned(),
                    answer: FinalAnswer { choice: r.try_get("d_choice")?, text: text.to_owned() },
                    at: parsed("time", r.try_get("decided_at")?)?,
                });
                if found.len() == LISTED {
                    break;
                }
            }
        }
        Ok(found)
    }
}

impl Write {
    async fn question_id(&mut self, id: i64, position: u32) -> Result<i64, SaveError> {
        let row = sqlx::query("SELECT id FROM question WHERE questionnaire_id = $1 AND position = $2")
            .bind(id)
            .bind(i64::from(position))
            .fetch_optional(&mut *self.tx)
            .await?;
        Ok(row.ok_or(SaveError::NoQuestion)?.try_get("id")?)
    }

    async fn comment(&mut self, id: i64, position: u32, text: &str, by: &By, at: Timestamp) -> Result<(), SaveError> {
        let question = self.question_id(id, position).await?;
        sqlx::query("INSERT INTO comment (question_id, at, person_id, person, text) VALUES ($1, $2, $3, $4, $5)")
            .bind(question)
            .bind(time(at))
            .bind(by.id)
            .bind(&by.name)
            .bind(text)
            .execute(&mut *self.tx)
            .await?;
        Ok(self.note(by, at, "コメント", &format!("質問票{id} 質問{position}"), "", text).await?)
    }

    async fn assign(&mut self, id: i64, position: u32, to: Option<i64>, by: &By, at: Timestamp) -> Result<(), SaveError> {
        let question = self.question_id(id, position).await?;
        sqlx::query("DELETE FROM assignee WHERE question_id = $1").bind(question).execute(&mut *self.tx).await?;
        if let Some(to) = to {
            sqlx::query("INSERT INTO assignee (question_id, person_id) VALUES ($1, $2)")
                .bind(question)
                .bind(to)
                .execute(&mut *self.tx)
                .await?;
        }
        let after = to.map(|to| format!("利用者 {to}")).unwrap_or_default();
        Ok(self.note(by, at, "担当者", &format!("質問票{id} 質問{position}"), "", &after).await?)
    }
}
