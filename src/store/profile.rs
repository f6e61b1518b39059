//! What is known about the company itself: one value a fact, as an administrator wrote it.

use jiff::Timestamp;
use sqlx::Row;

use super::{Store, StoreError, time};
use crate::questionnaire::profile::Profile;

impl Store {
    /// The company's profile; empty until somebody fills it in.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn profile(&self) -> Result<Profile, StoreError> {
        let rows = sqlx::query("SELECT fact, value FROM company_profile").fetch_all(&self.pool).await?;
        let pairs = rows.iter().map(|r| Ok((r.try_get("fact")?, r.try_get("value")?)));
        Ok(Profile(pairs.collect::<Result<_, StoreError>>()?))
    }

    /// Keeps `profile` in place of what was there. All or nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn save_profile(&self, profile: &Profile, at: Timestamp) -> Result<(), StoreError> {
        let before = self.profile().await?;
        let mut write = self.write().await?;
        for fact in before.0.keys().filter(|fact| !profile.0.contains_key(*fact)) {
            sqlx::query("DELETE FROM company_profile WHERE fact = $1").bind(fact).execute(&mut *write.tx).await?;
        }
        for (fact, value) in profile.0.iter().filter(|(fact, value)| before.0.get(*fact) != Some(value)) {
            sqlx::query(
                "INSERT INTO company_profile (fact, value, changed_at) VALUES ($1, $2, $3)
                 ON CONFLICT (fact) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
            )
            .bind(fact)
            .bind(value)
            .bind(time(at))
            .execute(&mut *write.tx)
            .await?;
        }
        write.commit().await
    }
}
