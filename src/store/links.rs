//! Links that work once: who follows one sets a name and a password.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::people::{person, roles, stored};
use super::{Store, StoreError, Write, time};
use crate::people::{By, Email, Person, Roles};
use crate::secret::TokenHash;

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The first administrator; works only while there are no accounts.
    First,
    /// A new account.
    Invitation(Email, Roles),
    /// A new password for an account there is.
    Password(Email),
}

/// A link that still works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// What for.
    pub purpose: Purpose,
}

/// Why following a link changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Unknown, used or too old.
    #[error("このリンクは使用済みか、期限が切れています。管理者に新しいリンクを依頼してください。")]
    Over,
    /// There is an account with the address.
    #[error("このメールアドレスのアカウントはすでにあります。")]
    Taken,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for LinkError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

/// How long a link works.
const WORKS: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Store {
    /// Makes a link. An earlier one for the same purpose and address stops working.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn add_link(&self, purpose: &Purpose, token: &TokenHash, by: &By, at: Timestamp) -> Result<(), LinkError> {
        let (name, email, roles) = match purpose {
            Purpose::First => ("first", "", Roles::all()),
            Purpose::Invitation(email, roles) => ("invitation", email.as_str(), *roles),
            Purpose::Password(email) => ("password", email.as_str(), Roles::default()),
        };
        let mut write = self.write().await?;
        let known = write.by_email(email).await?;
        match purpose {
            Purpose::Invitation(..) if known.is_some() => return Err(LinkError::Taken),
            Purpose::Password(_) if known.is_none_or(|p| !p.active) => return Err(LinkError::Over),
            _ => {}
        }
        sqlx::query("DELETE FROM link WHERE purpose = $1 AND email = $2").bind(name).bind(email).execute(&mut *write.tx).await?;
        sqlx::query("INSERT INTO link (token, purpose, email, roles, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(token.as_str())
            .bind(name)
            .bind(email)
            .bind(stored(roles)?)
            .bind(time(at))
            .bind(time(at.saturating_add(WORKS).unwrap_or(Timestamp::MAX)))
            .execute(&mut *write.tx)
            .await?;
        match purpose {
            Purpose::First => {}
            Purpose::Invitation(..) => write.note(by, at, "招待", &format!("利用者 {email}"), "", &roles.titles()).await?,
            Purpose::Password(_) => write.note(by, at, "パスワード再設定リンクの発行", &format!("利用者 {email}"), "", "").await?,
        }
        Ok(write.commit().await?)
    }

    /// The link with that token, if it still works.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn link(&self, token: &TokenHash, at: Timestamp) -> Result<Option<Link>, StoreError> {
        let row = sqlx::query(USABLE).bind(token.as_str()).bind(time(at)).fetch_optional(&self.pool).await?;
        row.map(|row| link(&row)).transpose()
    }

    /// Follows a link: makes the account, or gives it the new password (a hash). For an account that `purpose` does not
    /// name an address for, `email` is taken.
    ///
    /// # Errors
    /// [`LinkError`]
    pub async fn follow_link(
        &self,
        token: &TokenHash,
        email: &Email,
        name: &str,
        password: &str,
        at: Timestamp,
    ) -> Result<Person, LinkError> {
        let mut write = self.write().await?;
        let row = sqlx::query(USABLE).bind(token.as_str()).bind(time(at)).fetch_optional(&mut *write.tx).await?;
        let purpose = link(&row.ok_or(LinkError::Over)?)?.purpose;
        sqlx::query("UPDATE link SET used_at = $1 WHERE token = $2").bind(time(at)).bind(token.as_str()).execute(&mut *write.tx).await?;
        let (email, roles) = match &purpose {
            Purpose::First => (email, Roles::all()),
            Purpose::Invitation(email, roles) => (email, *roles),
            Purpose::Password(email) => {
                let person = write.by_email(email.as_str()).await?.filter(|p| p.active).ok_or(LinkError::Over)?;
                sqlx::query("UPDATE person SET password = $1 WHERE id = $2").bind(password).bind(person.id).execute(&mut *write.tx).await?;
                sqlx::query("DELETE FROM sign_in_failure WHERE email = $1").bind(email.as_str()).execute(&mut *write.tx).await?;
                write.sign_out(person.id).await?;
                write.note(&By::from(&person), at, "パスワードの再設定", &format!("利用者 {}", email.as_str()), "", "").await?;
                write.commit().await?;
                return Ok(person);
            }
        };
        if write.by_email(email.as_str()).await?.is_some() {
            return Err(LinkError::Taken);
        }
        sqlx::query("INSERT INTO person (email, name, roles, password, active, created_at) VALUES ($1, $2, $3, $4, TRUE, $5)")
            .bind(email.as_str())
            .bind(name)
            .bind(stored(roles)?)
            .bind(password)
            .bind(time(at))
            .execute(&mut *write.tx)
            .await?;
        let person = write.by_email(email.as_str()).await?.ok_or(LinkError::Over)?;
        write.note(&By::from(&person), at, "アカウントの登録", &format!("利用者 {}", email.as_str()), "", &roles.titles()).await?;
        write.commit().await?;
        Ok(person)
    }
}

/// A first administrator's link is over as soon as there is an account, whoever made it.
const USABLE: &str = "SELECT purpose, email, roles FROM link
     WHERE token = $1 AND used_at IS NULL AND expires_at > $2
       AND (purpose <> 'first' OR NOT EXISTS (SELECT 1 FROM person))";

fn link(row: &SqliteRow) -> Result<Link, StoreError> {
    let email = || super::parsed::<Email>("email", row.try_get("email")?);
    let purpose = match row.try_get("purpose")? {
        "first" => Purpose::First,
        "invitation" => Purpose::Invitation(email()?, roles(row.try_get("roles")?)?),
        "password" => Purpose::Password(email()?),
        other => return Err(StoreError::Corrupt { what: "purpose", value: other.to_owned() }),
    };
    Ok(Link { purpose })
}

impl Write {
    async fn by_email(&mut self, email: &str) -> Result<Option<Person>, StoreError> {
        let row = sqlx::query("SELECT * FROM person WHERE email = $1").bind(email).fetch_optional(&mut *self.tx).await?;
        row.as_ref().map(person).transpose()
    }
}
