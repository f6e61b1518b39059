//! Decisions: only ever added, never changed. The newest one of a question is where its answer stands.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::decode;
use super::{Store, StoreError, Write, number, parsed, time};
use crate::export::FinalAnswer;
use crate::people::By;
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

/// A decision to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The question's place in its questionnaire.
    pub position: u32,
    /// The revision it was based on.
    pub seen: Revision,
    /// What was decided.
    pub state: State,
}

/// One decision in the history of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// What was decided, and as which revision.
    pub review: Review,
    /// When.
    pub at: Timestamp,
    /// By whom; empty for those from before there were accounts.
    pub person: String,
}

/// Several decisions at one go, and what of them was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its id, by which it is taken back.
    pub id: i64,
    /// The questions that were decided, with their new revisions.
    pub stored: Vec<(u32, Revision)>,
    /// Those that somebody else had decided in the meantime.
    pub stale: Vec<u32>,
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
        by: &By,
        at: Timestamp,
    ) -> Result<Revision, SaveError> {
        let mut write = self.write().await?;
        let revision = write.decide(id, &Deed { position, seen, state: state.clone() }, None, by, at).await?;
        write.commit().await?;
        Ok(revision)
    }

    /// Stores several decisions at one go, so that they can be taken back as one. Those whose question was decided in the
    /// meantime are left out.
    ///
    /// # Errors
    /// [`SaveError`]; nothing is stored then.
    pub async fn decide_all(&self, id: i64, deeds: &[Deed], by: &By, at: Timestamp) -> Result<Batch, SaveError> {
        let mut write = self.write().await?;
        let row = sqlx::query("INSERT INTO batch (questionnaire_id) VALUES ($1) RETURNING id")
            .bind(id)
            .fetch_one(&mut *write.tx)
            .await?;
        let mut batch = Batch { id: row.try_get("id")?, stored: Vec::new(), stale: Vec::new() };
        for deed in deeds {
            match write.decide(id, deed, Some(batch.id), by, at).await {
                Ok(revision) => batch.stored.push((deed.position, revision)),
                Err(SaveError::Stale(_)) => batch.stale.push(deed.position),
                Err(e) => return Err(e),
            }
        }
        write.commit().await?;
        Ok(batch)
    }

    /// What takes batch `batch` of questionnaire `id` back: each of its questions as it was before, based on the batch's
    /// own revision. Empty when there is no such batch.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn undo_of(&self, id: i64, batch: i64) -> Result<Vec<Deed>, StoreError> {
        let rows = sqlx::query(
            "SELECT q.position, b.revision AS seen, d.revision, COALESCE(d.state, 'open') AS state,
                    d.choice AS d_choice, d.text AS d_text, d.item AS d_item, NULL AS released
             FROM decision b
             JOIN question q ON q.id = b.question_id
             LEFT JOIN decision d ON d.question_id = b.question_id AND d.revision = b.revision - 1
             WHERE b.batch_id = $1 AND q.questionnaire_id = $2 AND q.position > 0
             ORDER BY q.position",
        )
        .bind(batch)
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|r| {
                Ok(Deed {
                    position: number("position", r.try_get("position")?)?,
                    seen: Revision(number("revision", r.try_get("seen")?)?),
                    state: review(r)?.state,
                })
            })
            .collect()
    }

    /// Every decision on a question, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn history(&self, id: i64, position: u32) -> Result<Vec<Decided>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.revision, d.state, d.choice AS d_choice, d.text AS d_text, d.item AS d_item, d.decided_at, d.person,
                    NULL AS released
             FROM decision d JOIN question q ON q.id = d.question_id
             WHERE q.questionnaire_id = $1 AND q.position = $2
             ORDER BY d.revision",
        )
        .bind(id)
        .bind(i64::from(position))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|r| {
                let at = parsed("time", r.try_get("decided_at")?)?;
                Ok(Decided { review: review(r)?, at, person: r.try_get("person")? })
            })
            .collect()
    }

    /// All questions whose answer came from an item of the standard sheet, the latest decision first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn past_answers(&self) -> Result<Vec<PastAnswer>, StoreError> {
        let rows = sqlx::query(
            "SELECT q.text, q.section, q.d_item, s.proposals
             FROM standing q
             JOIN suggestion s ON s.question_id = q.id
             WHERE q.d_item IS NOT NULL
             ORDER BY q.decided_at DESC, q.id DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut answers = Vec::with_capacity(rows.len());
        for row in &rows {
            let item: u32 = number("item", row.try_get("d_item")?)?;
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

impl Write {
    pub(super) async fn decide(
        &mut self,
        id: i64,
        deed: &Deed,
        batch: Option<i64>,
        by: &By,
        at: Timestamp,
    ) -> Result<Revision, SaveError> {
        let row = sqlx::query("SELECT * FROM standing WHERE questionnaire_id = $1 AND position = $2")
            .bind(id)
            .bind(i64::from(deed.position))
            .fetch_optional(&mut *self.tx)
            .await?;
        let row = row.ok_or(SaveError::NoQuestion)?;
        let now = review(&row)?;
        if now.revision != deed.seen {
            return Err(SaveError::Stale(Box::new(now)));
        }
        let answer = deed.state.answer();
        let next = deed.seen.next();
        sqlx::query(
            "INSERT INTO decision (question_id, revision, state, choice, text, item, decided_at, person_id, person, batch_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(row.try_get::<i64, _>("id")?)
        .bind(i64::from(next.0))
        .bind(name(deed.state.kind()))
        .bind(answer.and_then(|a| a.choice.as_deref()))
        .bind(answer.map_or("", |a| &a.text))
        .bind(deed.state.item().map(i64::from))
        .bind(time(at))
        .bind(by.id)
        .bind(&by.name)
        .bind(batch)
        .execute(&mut *self.tx)
        .await?;
        let subject = format!("質問票{id} 質問{}", deed.position);
        self.note(by, at, "回答", &subject, &words(&now.state), &words(&deed.state)).await?;
        Ok(next)
    }
}

/// A state as the audit log has it.
fn words(state: &State) -> String {
    let item = state.item().map(|i| format!(" 項目{i}")).unwrap_or_default();
    let answer = state.answer().cloned().unwrap_or_default();
    let choice = answer.choice.map(|c| format!(" 「{c}」")).unwrap_or_default();
    let text = if answer.text.is_empty() { String::new() } else { format!(" {}", answer.text) };
    format!("{}{item}{choice}{text}", name(state.kind()))
}

/// The review in a row; [`Review::default`] where nothing was decided.
pub(super) fn review(row: &SqliteRow) -> Result<Review, StoreError> {
    let Some(revision) = row.try_get::<Option<i64>, _>("revision")? else { return Ok(Review::default()) };
    let item: Option<i64> = row.try_get("d_item")?;
    let item = item.map(|i| number::<u32>("item", i)).transpose()?;
    let answer = FinalAnswer { choice: row.try_get("d_choice")?, text: row.try_get("d_text")? };
    let state = match (kind(row.try_get("state")?)?, item) {
        (Kind::Open, _) => State::Open,
        (Kind::Asked, _) => State::Asked,
        (Kind::Declined, _) => State::Declined,
        (Kind::NotApplicable, _) => State::NotApplicable { answer },
        (Kind::Edited, item) => State::Edited { item, answer },
        (Kind::Accepted, item) => State::Accepted { item, answer },
        (Kind::Released, _) => {
            return Err(StoreError::Corrupt { what: "decision", value: "released".to_owned() });
        }
    };
    let released: Option<i64> = row.try_get("released")?;
    let released = released.map(|r| number("revision", r).map(Revision)).transpose()?;
    Ok(Review { revision: Revision(number("revision", revision)?), state, released })
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Open => "open",
        Kind::Asked => "asked",
        Kind::Accepted => "accepted",
        Kind::Edited => "edited",
        Kind::Declined => "declined",
        Kind::NotApplicable => "not_applicable",
        Kind::Released => "released",
    }
}

/// The state of that stored name.
pub(super) fn kind(stored: &str) -> Result<Kind, StoreError> {
    Kind::ALL
        .into_iter()
        .find(|k| name(*k) == stored)
        .ok_or_else(|| StoreError::Corrupt { what: "state", value: stored.to_owned() })
}
