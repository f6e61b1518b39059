//! What is known about the company itself: one value a fact, as an administrator wrote it.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, time};
use crate::people::By;
use crate::questionnaire::profile::{Profile, facts};

impl Store {
    /// The company's profile; empty until somebody fills it in.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn profile(&self) -> Result<Profile, StoreError> {
        read(&sqlx::query("SELECT fact, value FROM company_profile").fetch_all(&self.pool).await?)
    }

    /// Keeps `profile` in place of what was there. All or nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn save_profile(&self, profile: &Profile, by: &By, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let before = read(&sqlx::query("SELECT fact, value FROM company_profile").fetch_all(&mut *write.tx).await?)?;
        if before == *profile {
            return Ok(());
        }
        write.note(by, at, "会社プロフィール", "会社プロフィール", &changed(&before, profile), &changed(profile, &before)).await?;
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

fn read(rows: &[SqliteRow]) -> Result<Profile, StoreError> {
    let pairs = rows.iter().map(|r| Ok((r.try_get("fact")?, r.try_get("value")?)));
    Ok(Profile(pairs.collect::<Result<_, StoreError>>()?))
}

/// What of `profile` is not so in `other`, one fact a line, by the facts' names.
fn changed(profile: &Profile, other: &Profile) -> String {
    let name = |key: &str| facts().find(|f| f.key == key).map_or(key.to_owned(), |f| f.name.clone());
    let differs = profile.0.iter().filter(|(fact, value)| other.0.get(*fact) != Some(value));
    differs.map(|(fact, value)| format!("{}：{value}", name(fact))).collect::<Vec<_>>().join("\n")
}
