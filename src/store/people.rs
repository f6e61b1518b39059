//! People with an account.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::{decode, encode};
use super::{Store, StoreError, Write, parsed};
use crate::people::{By, Email, Person, Role, Roles};

/// Why a person's account was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// There is no such person.
    #[error("no such person")]
    NoPerson,
    /// Nobody could give rights any more.
    #[error("管理者が1人もいなくなる変更はできません。先に別の人を管理者にしてください。")]
    LastAdministrator,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for PeopleError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

/// What an account may be and do from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonChange {
    /// What they may do.
    pub roles: Roles,
    /// Whether they may sign in.
    pub active: bool,
}

impl Store {
    /// Whether there are accounts at all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn has_people(&self) -> Result<bool, StoreError> {
        Ok(sqlx::query("SELECT 1 FROM person LIMIT 1").fetch_optional(&self.pool).await?.is_some())
    }

    /// Everybody, those who may sign in first, by address.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let rows = sqlx::query("SELECT * FROM person ORDER BY active DESC, email").fetch_all(&self.pool).await?;
        rows.iter().map(person).collect()
    }

    /// The person with `email` and the hash of their password, if they may sign in.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn account(&self, email: &Email) -> Result<Option<(Person, String)>, StoreError> {
        let row = sqlx::query("SELECT * FROM person WHERE email = $1 AND active")
            .bind(email.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| Ok((person(&row)?, row.try_get("password")?))).transpose()
    }

    /// Changes what person `id` may do. Who may no longer sign in is signed out.
    ///
    /// # Errors
    /// [`PeopleError`]
    pub async fn change_person(&self, id: i64, to: PersonChange, by: &By, at: Timestamp) -> Result<(), PeopleError> {
        let mut write = self.write().await?;
        let rows = sqlx::query("SELECT * FROM person").fetch_all(&mut *write.tx).await?;
        let people: Vec<Person> = rows.iter().map(person).collect::<Result<_, _>>()?;
        let was = people.iter().find(|p| p.id == id).ok_or(PeopleError::NoPerson)?;
        let rules = |p: &Person| if p.id == id { to.active && to.roles.has(Role::Administrator) } else { p.active && p.roles.has(Role::Administrator) };
        if !people.iter().any(rules) {
            return Err(PeopleError::LastAdministrator);
        }
        sqlx::query("UPDATE person SET roles = $1, active = $2 WHERE id = $3")
            .bind(stored(to.roles)?)
            .bind(to.active)
            .bind(id)
            .execute(&mut *write.tx)
            .await?;
        if !to.active {
            write.sign_out(id).await?;
        }
        let words = |roles: Roles, active: bool| format!("{}{}", roles.titles(), if active { "" } else { "（停止）" });
        let subject = format!("利用者 {}", was.email.as_str());
        write.note(by, at, "権限の変更", &subject, &words(was.roles, was.active), &words(to.roles, to.active)).await?;
        Ok(write.commit().await?)
    }

    /// Gives person `id` a new password, and ends all their sessions.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn set_password(&self, id: i64, password: &str, by: &By, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("UPDATE person SET password = $1 WHERE id = $2").bind(password).bind(id).execute(&mut *write.tx).await?;
        write.sign_out(id).await?;
        write.note(by, at, "パスワードの変更", &format!("利用者 {id}"), "", "").await?;
        write.commit().await
    }
}

impl Write {
    /// Ends all sessions of person `id`.
    pub(super) async fn sign_out(&mut self, id: i64) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM session WHERE person_id = $1").bind(id).execute(&mut *self.tx).await?;
        Ok(())
    }
}

pub(super) fn person(row: &SqliteRow) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.try_get("id")?,
        email: parsed("email", row.try_get("email")?)?,
        name: row.try_get("name")?,
        roles: roles(row.try_get("roles")?)?,
        active: row.try_get("active")?,
    })
}

/// Roles as they are stored: a list of names.
pub(super) fn stored(roles: Roles) -> Result<String, StoreError> {
    encode("roles", &roles.iter().map(Role::name).collect::<Vec<_>>())
}

pub(super) fn roles(text: &str) -> Result<Roles, StoreError> {
    let names: Vec<String> = decode("roles", text)?;
    Ok(Roles::named(names.iter().map(String::as_str)))
}
