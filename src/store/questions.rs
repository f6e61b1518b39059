//! The questions of a questionnaire with what is suggested for them and where their answers stand.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::{Cells, StoredProposal, decode, encode};
use super::{Store, StoreError, decisions, number};
use crate::export::FinalAnswer;
use crate::matching::Band;
use crate::questionnaire::Question;
use crate::review::{Kind, Proposal, Review, Revision, Suggestion};
use crate::workbook::CellRef;

/// One question with everything a reviewer needs.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewQuestion {
    /// Its place in the questionnaire, from 1.
    pub position: u32,
    /// The question.
    pub question: Question,
    /// What is offered.
    pub suggestion: Suggestion,
    /// Where its answer stands.
    pub review: Review,
    /// The place of the first question that asks the same, where several do.
    pub alike: Option<u32>,
}

/// One question in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place in the questionnaire, from 1.
    pub position: u32,
    /// The sheet it is on.
    pub sheet: String,
    /// Its number as the client wrote it.
    pub number: Option<String>,
    /// The headings it stands under, the widest first.
    pub section: Vec<String>,
    /// The question, verbatim.
    pub text: String,
    /// The band of the best proposal.
    pub band: Band,
    /// Where its answer stands.
    pub kind: Kind,
    /// How often it was decided.
    pub revision: Revision,
    /// Whether there is a draft.
    pub drafted: bool,
    /// The place of the first question that asks the same, where several do.
    pub alike: Option<u32>,
    /// Who has it.
    pub assignee: Option<i64>,
    /// What will be exported.
    pub answer: Option<FinalAnswer>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT q.*, s.band, s.answerable, s.draft, s.proposals FROM standing q JOIN suggestion s ON s.question_id = q.id
             WHERE q.questionnaire_id = $1 ",
            $rest
        )
    };
}

impl Store {
    /// Adds a proposal that a person found by hand, where it is not among the question's.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn add_proposal(&self, id: i64, position: u32, proposal: &Proposal) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query(
            "SELECT s.question_id, s.proposals FROM suggestion s JOIN question q ON q.id = s.question_id
             WHERE q.questionnaire_id = $1 AND q.position = $2",
        )
        .bind(id)
        .bind(i64::from(position))
        .fetch_optional(&mut *write.tx)
        .await?;
        let Some(row) = row else { return Ok(()) };
        let mut proposals: Vec<StoredProposal> = decode("proposals", row.try_get("proposals")?)?;
        if proposals.iter().any(|p| p.is_of(proposal.item)) {
            return Ok(());
        }
        proposals.push(proposal.into());
        sqlx::query("UPDATE suggestion SET proposals = $1 WHERE question_id = $2")
            .bind(encode("proposals", &proposals)?)
            .bind(row.try_get::<i64, _>("question_id")?)
            .execute(&mut *write.tx)
            .await?;
        write.commit().await
    }

    /// The questions of questionnaire `id` in their order, short.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn lines(&self, id: i64) -> Result<Vec<Line>, StoreError> {
        let rows = sqlx::query(
            "SELECT q.position, q.sheet, q.number, q.section, q.text, q.alike, q.kind, q.state, q.revision, q.d_choice, q.d_text,
                    s.band, s.draft IS NOT NULL AS drafted, a.person_id AS assignee
             FROM standing q
             JOIN suggestion s ON s.question_id = q.id
             LEFT JOIN assignee a ON a.question_id = q.id
             WHERE q.questionnaire_id = $1
             ORDER BY q.position",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|r| {
                Ok(Line {
                    position: number("position", r.try_get("position")?)?,
                    sheet: r.try_get("sheet")?,
                    number: r.try_get("number")?,
                    section: decode("section", r.try_get("section")?)?,
                    text: r.try_get("text")?,
                    band: band(r.try_get("band")?)?,
                    kind: decisions::kind(r.try_get("kind")?)?,
                    revision: Revision(number("revision", r.try_get::<Option<i64>, _>("revision")?.unwrap_or(0))?),
                    drafted: r.try_get("drafted")?,
                    alike: alike(r)?,
                    assignee: r.try_get("assignee")?,
                    answer: match r.try_get("state")? {
                        "accepted" | "edited" | "not_applicable" => {
                            Some(FinalAnswer { choice: r.try_get("d_choice")?, text: r.try_get("d_text")? })
                        }
                        _ => None,
                    },
                })
            })
            .collect()
    }

    /// The questions of questionnaire `id` in their order, with everything.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn questions(&self, id: i64) -> Result<Vec<ReviewQuestion>, StoreError> {
        let rows = sqlx::query(select!("ORDER BY q.position")).bind(id).fetch_all(&self.pool).await?;
        rows.iter().map(review_question).collect()
    }

    /// The question at `position` in questionnaire `id`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn question(&self, id: i64, position: u32) -> Result<Option<ReviewQuestion>, StoreError> {
        let row = sqlx::query(select!("AND q.position = $2"))
            .bind(id)
            .bind(i64::from(position))
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(review_question).transpose()
    }
}

fn review_question(row: &SqliteRow) -> Result<ReviewQuestion, StoreError> {
    let cells: Cells = decode("cells", row.try_get("cells")?)?;
    let question = cells.into_question(Question {
        sheet: row.try_get("sheet")?,
        number: row.try_get("number")?,
        section: decode("section", row.try_get("section")?)?,
        text: row.try_get("text")?,
        question_cell: CellRef::new(1, 1),
        choice_cell: None,
        choices: None,
        boxes: None,
        text_cell: None,
        marks: None,
        legend: Vec::new(),
        kind: crate::questionnaire::Kind::Check,
    })?;
    let proposals: Vec<StoredProposal> = decode("proposals", row.try_get("proposals")?)?;
    let draft: Option<i64> = row.try_get("draft")?;
    Ok(ReviewQuestion {
        position: number("position", row.try_get("position")?)?,
        question,
        suggestion: Suggestion {
            band: band(row.try_get("band")?)?,
            answerable: row.try_get("answerable")?,
            draft: draft.map(|item| number("item", item)).transpose()?,
            proposals: proposals.into_iter().map(Proposal::from).collect(),
        },
        review: decisions::review(row)?,
        alike: alike(row)?,
    })
}

fn alike(row: &SqliteRow) -> Result<Option<u32>, StoreError> {
    row.try_get::<Option<i64>, _>("alike")?.map(|position| number("position", position)).transpose()
}

fn band(name: &str) -> Result<Band, StoreError> {
    [Band::None, Band::Low, Band::Medium, Band::High]
        .into_iter()
        .find(|b| b.name() == name)
        .ok_or_else(|| StoreError::Corrupt { what: "band", value: name.to_owned() })
}
