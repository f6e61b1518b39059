//! The audit log: each entry is written in the transaction of the deed it tells of.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, Write, parsed, time};
use crate::audit::{BEGINNING, Broken, Chain, Entry};
use crate::people::By;

/// An entry as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, from 1.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub person: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How it stood before.
    pub before: String,
    /// How it stood after.
    pub after: String,
}

impl Write {
    /// Writes down what this transaction does.
    pub(super) async fn note(
        &mut self,
        by: &By,
        at: Timestamp,
        action: &str,
        subject: &str,
        before: &str,
        after: &str,
    ) -> Result<(), StoreError> {
        let last = sqlx::query("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1").fetch_optional(&mut *self.tx).await?;
        let (number, previous) = match &last {
            Some(row) => (row.try_get("number")?, row.try_get("hash")?),
            None => (0_i64, BEGINNING),
        };
        let entry = Entry {
            number: number + 1,
            at: time(at),
            person_id: by.id,
            person: by.name.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        sqlx::query(
            "INSERT INTO audit (number, at, person_id, person, action, subject, before, after, hash)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(entry.number)
        .bind(&entry.at)
        .bind(entry.person_id)
        .bind(&entry.person)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(&entry.before)
        .bind(&entry.after)
        .bind(entry.hash(previous))
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}

/// So many entries are read at once.
const PAGE: i64 = 1000;

impl Store {
    /// Follows the whole log: how long it is and its last hash, or the first entry that is not what was written.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn verify_audit(&self) -> Result<Result<Chain, Broken>, StoreError> {
        let mut chain = Chain::default();
        loop {
            let rows = sqlx::query("SELECT * FROM audit WHERE number > $1 ORDER BY number LIMIT $2")
                .bind(chain.length)
                .bind(PAGE)
                .fetch_all(&self.pool)
                .await?;
            if rows.is_empty() {
                return Ok(Ok(chain));
            }
            for row in &rows {
                if let Err(broken) = chain.follow(&entry(row)?, row.try_get("hash")?) {
                    return Ok(Err(broken));
                }
            }
        }
    }

    /// Whether an entry has that hash.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn has_audit(&self, hash: &str) -> Result<bool, StoreError> {
        Ok(sqlx::query("SELECT 1 FROM audit WHERE hash = $1").bind(hash).fetch_optional(&self.pool).await?.is_some())
    }

    /// At most `limit` entries before number `before` (or the newest), the newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn audit(&self, before: Option<i64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query("SELECT * FROM audit WHERE number < $1 ORDER BY number DESC LIMIT $2")
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|row| {
                let Entry { number, at, person, action, subject, before, after, .. } = entry(row)?;
                Ok(AuditEntry { number, at: parsed("time", &at)?, person, action, subject, before, after })
            })
            .collect()
    }
}

fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    Ok(Entry {
        number: row.try_get("number")?,
        at: row.try_get("at")?,
        person_id: row.try_get("person_id")?,
        person: row.try_get("person")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        before: row.try_get("before")?,
        after: row.try_get("after")?,
    })
}
