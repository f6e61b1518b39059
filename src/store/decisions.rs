//! Decisions: only ever added, never changed. The newest one of a question is where its answer stands.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::decode;
use super::{Store, StoreError, number, parsed, time};
use crate::export::FinalAnswer;
use crate::review::{Kind, Review, Revision, State};

/// A decision was not stored.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody decided in the meantime; what stands now.
    #[error("the question was decided by somebody else in the meantime")]
    Stale(Box<Review>),
    /// There is no such question.
    #[error("no such question")]
    NoQuestion,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for SaveError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

/// One decision in the history of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What was decided, and as which revision.
    pub review: Review,
    /// When.
    pub at: Timestamp,
}

/// A question that was answered with an item of the standard sheet: what later questionnaires can learn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAnswer {
    /// The client's question.
    pub question: String,
    /// The headings it stood under.
    pub section: Vec<String>,
    /// The item's id in the standard sheet of then.
    pub item: u32,
    /// The item's question then: numbers move between versions of a standard sheet, words rarely do.
    pub item_question: String,
}

impl Store {
    /// Stores `state` as the decision that follows revision `seen` of the question at `position` in questionnaire `id`.
    /// When this returns, the decision is on disk.
    ///
    /// # Errors
    /// [`SaveError::Stale`] when the question is not at revision `seen`: nothing is stored then.
    pub async fn decide(
        &self,
        id: i64,
        position: u32,
        seen: Revision,
        state: &State,
        at: Timestamp,
    ) -> Result<Revision, SaveError> {
        let answer = state.answer();
        // One statement, so that no other decision can come between the check and the insert; where a database lets two
        // such statements run at once, the primary key lets one of them win.
        let stored = sqlx::query(
            "INSERT INTO decision (question_id, revision, state, choice, text, item, decided_at)
             SELECT q.id, $1, $2, $3, $4, $5, $6
             FROM question q
             WHERE q.questionnaire_id = $7 AND q.position = $8
               AND COALESCE((SELECT MAX(d.revision) FROM decision d WHERE d.question_id = q.id), 0) = $9",
        )
        .bind(i64::from(seen.next().0))
        .bind(name(state.kind()))
        .bind(answer.and_then(|a| a.choice.as_deref()))
        .bind(answer.map_or("", |a| &a.text))
        .bind(state.item().map(i64::from))
        .bind(time(at))
        .bind(id)
        .bind(i64::from(position))
        .bind(i64::from(seen.0))
        .execute(&self.pool)
        .await;
        match stored {
            Ok(done) if done.rows_affected() == 1 => return Ok(seen.next()),
            Ok(_) => {}
            Err(sqlx::Error::Database(e)) if e.is_unique_violation() => {}
            Err(e) => return Err(e.into()),
        }
        let now = self.question(id, position).await?.ok_or(SaveError::NoQuestion)?;
        Err(SaveError::Stale(Box::new(now.review)))
    }

    /// Every decision on a question, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn history(&self, id: i64, position: u32) -> Result<Vec<Decided>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.revision, d.state, d.choice AS d_choice, d.text AS d_text, d.item AS d_item, d.decided_at
             FROM decision d JOIN question q ON q.id = d.question_id
             WHERE q.questionnaire_id = $1 AND q.position = $2
             ORDER BY d.revision",
        )
        .bind(id)
        .bind(i64::from(position))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|r| Ok(Decided { review: review(r)?, at: parsed("time", r.try_get("decided_at")?)? }))
            .collect()
    }

    /// All questions whose answer came from an item of the standard sheet, the latest decision first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn past_answers(&self) -> Result<Vec<PastAnswer>, StoreError> {
        let rows = sqlx::query(
            "SELECT q.text, q.section, d.item, s.proposals
             FROM decision d
             JOIN question q ON q.id = d.question_id
             JOIN suggestion s ON s.question_id = q.id
             WHERE d.revision = (SELECT MAX(l.revision) FROM decision l WHERE l.question_id = d.question_id)
               AND d.item IS NOT NULL
             ORDER BY d.decided_at DESC, d.question_id DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut answers = Vec::with_capacity(rows.len());
        for row in &rows {
            let item: u32 = number("item", row.try_get("item")?)?;
            let proposals: Vec<super::json::StoredProposal> = decode("proposals", row.try_get("proposals")?)?;
            let Some(item_question) = proposals.into_iter().find_map(|p| p.question_of(item)) else { continue };
            answers.push(PastAnswer {
                question: row.try_get("text")?,
                section: decode("section", row.try_get("section")?)?,
                item,
                item_question,
            });
        }
        Ok(answers)
    }
}

/// The review in a row; [`Review::default`] where nothing was decided.
pub(super) fn review(row: &SqliteRow) -> Result<Review, StoreError> {
    let Some(revision) = row.try_get::<Option<i64>, _>("revision")? else { return Ok(Review::default()) };
    let item: Option<i64> = row.try_get("d_item")?;
    let item = item.map(|i| number::<u32>("item", i)).transpose()?;
    let answer = FinalAnswer { choice: row.try_get("d_choice")?, text: row.try_get("d_text")? };
    let state = match (kind(row.try_get("state")?)?, item) {
        (Kind::Open, _) => State::Open,
        (Kind::Declined, _) => State::Declined,
        (Kind::Edited, item) => State::Edited { item, answer },
        (Kind::Accepted, item) => State::Accepted { item, answer },
    };
    Ok(Review { revision: Revision(number("revision", revision)?), state })
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Open => "open",
        Kind::Accepted => "accepted",
        Kind::Edited => "edited",
        Kind::Declined => "declined",
    }
}

/// The state of that stored name.
pub(super) fn kind(stored: &str) -> Result<Kind, StoreError> {
    [Kind::Open, Kind::Accepted, Kind::Edited, Kind::Declined]
        .into_iter()
        .find(|k| name(*k) == stored)
        .ok_or_else(|| StoreError::Corrupt { what: "state", value: stored.to_owned() })
}
