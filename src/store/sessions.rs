//! Who is signed in, and who tried to.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;

use super::people::person;
use super::{Store, StoreError, number, parsed, time};
use crate::people::{By, Email, Person};
use crate::secret::TokenHash;

/// A session ends when it was not used for so long …
const IDLE: SignedDuration = SignedDuration::from_hours(12);
/// … and after so long in any case.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Its use is written down at most this often.
const NOTED: SignedDuration = SignedDuration::from_mins(10);
/// Failed attempts are forgotten after so long.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

fn before(at: Timestamp, by: SignedDuration) -> String {
    time(at.saturating_sub(by).unwrap_or(Timestamp::MIN))
}

impl Store {
    /// Signs a person in. Sessions that are over are cleared away at the same time.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn sign_in(&self, who: &Person, token: &TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM session WHERE seen_at < $1 OR created_at < $2")
            .bind(before(at, IDLE))
            .bind(before(at, LONGEST))
            .execute(&mut *write.tx)
            .await?;
        sqlx::query("DELETE FROM sign_in_failure WHERE email = $1 OR failed_at < $2")
            .bind(who.email.as_str())
            .bind(before(at, FORGOTTEN))
            .execute(&mut *write.tx)
            .await?;
        sqlx::query("INSERT INTO session (token, person_id, created_at, seen_at) VALUES ($1, $2, $3, $3)")
            .bind(token.as_str())
            .bind(who.id)
            .bind(time(at))
            .execute(&mut *write.tx)
            .await?;
        write.note(&By::from(who), at, "サインイン", &format!("利用者 {}", who.email.as_str()), "", "").await?;
        write.commit().await
    }

    /// Whose session it is; `None` when it is over or never was.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn session(&self, token: &TokenHash, at: Timestamp) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query(
            "SELECT p.*, s.seen_at FROM session s JOIN person p ON p.id = s.person_id
             WHERE s.token = $1 AND s.seen_at >= $2 AND s.created_at >= $3 AND p.active",
        )
        .bind(token.as_str())
        .bind(before(at, IDLE))
        .bind(before(at, LONGEST))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        if row.try_get::<&str, _>("seen_at")? < before(at, NOTED).as_str() {
            let mut write = self.write().await?;
            sqlx::query("UPDATE session SET seen_at = $1 WHERE token = $2")
                .bind(time(at))
                .bind(token.as_str())
                .execute(&mut *write.tx)
                .await?;
            write.commit().await?;
        }
        person(&row).map(Some)
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn end_session(&self, token: &TokenHash) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM session WHERE token = $1").bind(token.as_str()).execute(&mut *write.tx).await?;
        write.commit().await
    }

    /// Ends all sessions of person `id`, on whatever machine.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn end_sessions(&self, id: i64, by: &By, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write.sign_out(id).await?;
        write.note(by, at, "すべての端末からサインアウト", &format!("利用者 {id}"), "", "").await?;
        write.commit().await
    }

    /// How often signing in with `email` failed lately, and when it did last.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn failures(&self, email: &Email, at: Timestamp) -> Result<Option<(u32, Timestamp)>, StoreError> {
        let row = sqlx::query("SELECT failures, failed_at FROM sign_in_failure WHERE email = $1 AND failed_at >= $2")
            .bind(email.as_str())
            .bind(before(at, FORGOTTEN))
            .fetch_optional(&self.pool)
            .await?;
        row.map(|r| Ok((number("failures", r.try_get("failures")?)?, parsed("time", r.try_get("failed_at")?)?))).transpose()
    }

    /// Notes that signing in with `email` failed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn failed(&self, email: &Email, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO sign_in_failure (email, failures, failed_at) VALUES ($1, 1, $2)
             ON CONFLICT (email) DO UPDATE SET
                failures = CASE WHEN sign_in_failure.failed_at < $3 THEN 1 ELSE sign_in_failure.failures + 1 END,
                failed_at = $2",
        )
        .bind(email.as_str())
        .bind(time(at))
        .bind(before(at, FORGOTTEN))
        .execute(&mut *write.tx)
        .await?;
        write.commit().await
    }
}
