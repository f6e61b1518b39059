//! Numbers for charts.

use jiff::Timestamp;
use sqlx::Row;

use super::json::decode;
use super::{Store, StoreError, decisions, number, parsed};
use crate::review::Kind;

/// Numbers over all questionnaires. Rows about the company are not counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// When each decision that settled a question was made, the oldest first.
    pub settled_at: Vec<Timestamp>,
    /// How many questions there are under each widest heading, of which kind.
    pub sections: Vec<(String, Kind, usize)>,
    /// How often answers came from each item of the standard sheet in use, the most used first.
    pub used: Vec<(u32, usize)>,
    /// How often each item's draft was not taken, and how often it was made, the most refused first.
    pub refused: Vec<(u32, usize, usize)>,
}

impl Store {
    /// The numbers for the charts. Items are counted in questionnaires that were matched with standard sheet `standard`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn counts(&self, standard: i64) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        let rows = sqlx::query(
            "SELECT d.decided_at FROM decision d JOIN question q ON q.id = d.question_id
             WHERE d.state NOT IN ('open', 'asked') AND NOT q.profile ORDER BY d.decided_at",
        )
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            counts.settled_at.push(parsed("time", row.try_get("decided_at")?)?);
        }
        let rows = sqlx::query(
            "SELECT s.section, s.kind, COUNT(*) AS n FROM standing s JOIN question q ON q.id = s.id
             WHERE NOT q.profile GROUP BY s.section, s.kind",
        )
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            let section: Vec<String> = decode("section", row.try_get("section")?)?;
            let n = number("count", row.try_get("n")?)?;
            counts.sections.push((section.into_iter().next().unwrap_or_default(), decisions::kind(row.try_get("kind")?)?, n));
        }
        let rows = sqlx::query(
            "SELECT s.d_item, COUNT(*) AS n FROM standing s JOIN questionnaire q ON q.id = s.questionnaire_id
             WHERE s.d_item IS NOT NULL AND q.standard_sheet_id = $1 GROUP BY s.d_item ORDER BY n DESC, s.d_item LIMIT 10",
        )
        .bind(standard)
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            counts.used.push((number("item", row.try_get("d_item")?)?, number("count", row.try_get("n")?)?));
        }
        let rows = sqlx::query(
            "SELECT g.draft, COUNT(*) AS n, SUM(CASE WHEN s.d_item = g.draft THEN 0 ELSE 1 END) AS refused
             FROM standing s JOIN suggestion g ON g.question_id = s.id JOIN questionnaire q ON q.id = s.questionnaire_id
             WHERE g.draft IS NOT NULL AND s.state NOT IN ('open', 'asked') AND q.standard_sheet_id = $1
             GROUP BY g.draft HAVING SUM(CASE WHEN s.d_item = g.draft THEN 0 ELSE 1 END) > 0
             ORDER BY refused DESC, g.draft LIMIT 10",
        )
        .bind(standard)
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            counts.refused.push((
                number("item", row.try_get("draft")?)?,
                number("count", row.try_get("refused")?)?,
                number("count", row.try_get("n")?)?,
            ));
        }
        Ok(counts)
    }
}
