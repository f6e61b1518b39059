//! Accounts: signing in, links that work once, passwords. Hashing is kept off the async threads, a few at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::people::{By, Email, NoEmail, Person, Roles, WeakPassword, check_password, locked_until};
use crate::secret::{self, SecretError, Token, TokenHash};
use crate::store::{Link, LinkError, Purpose, Store, StoreError};

/// So many passwords are hashed at once: each takes 19 MB and a core.
const AT_ONCE: usize = 2;
/// The longest name of a person.
const NAME_CHARS: usize = 50;

/// Accounts, and what they need.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    clock: Clock,
    hashing: Arc<Semaphore>,
}

/// Why something about an account was not done; the text is for the user unless [`AccountError::is_fault`].
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Address or password, and nobody is told which.
    #[error("メールアドレスまたはパスワードが違います。")]
    Wrong,
    /// Too many wrong passwords; minutes until the next try.
    #[error("パスワードの誤りが続いたため、しばらくサインインできません。{0}分後にもう一度お試しください。")]
    Locked(i64),
    /// Not an address.
    #[error(transparent)]
    Email(#[from] NoEmail),
    /// Not a good password.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// No name.
    #[error("名前を{NAME_CHARS}文字以内で入力してください。")]
    Name,
    /// The link or the address.
    #[error(transparent)]
    Link(LinkError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The machine failed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A thread failed.
    #[error("hashing: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

impl From<LinkError> for AccountError {
    fn from(e: LinkError) -> Self {
        match e {
            LinkError::Store(e) => Self::Store(e),
            e => Self::Link(e),
        }
    }
}

impl AccountError {
    /// Whether kaitou or the machine is to blame.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Secret(_) | Self::Thread(_))
    }
}

impl Accounts {
    /// The accounts in `store`.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, hashing: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Signs in. Whether an account exists shows neither in the answer nor in the time it takes, nor in who is locked out.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Token, AccountError> {
        let Ok(email) = email.parse::<Email>() else { return Err(AccountError::Wrong) };
        let person = self.prove(&email, password).await?;
        let token = Token::new()?;
        self.store.sign_in(&person, &token.kept(), self.clock.now()).await?;
        Ok(token)
    }

    /// Changes a password for whoever knows the old one; every session ends.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn change_password(&self, email: &Email, old: &str, new: &str) -> Result<(), AccountError> {
        let person = self.prove(email, old).await?;
        check_password(new, email)?;
        let kept = self.hash(new.to_owned()).await?;
        self.store.set_password(person.id, &kept, &By::from(&person), self.clock.now()).await?;
        Ok(())
    }

    /// The link that makes the first administrator, anew at every start; `None` when there are accounts.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn first_link(&self) -> Result<Option<Token>, AccountError> {
        if self.store.has_people().await? {
            return Ok(None);
        }
        self.add_link(&Purpose::First, &By::this_machine()).await.map(Some)
    }

    /// A link for a new account.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn invite(&self, email: &str, roles: Roles, by: &By) -> Result<Token, AccountError> {
        self.add_link(&Purpose::Invitation(email.parse()?, roles), by).await
    }

    /// A link for a new password.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn reset(&self, email: &Email, by: &By) -> Result<Token, AccountError> {
        self.add_link(&Purpose::Password(email.clone()), by).await
    }

    async fn add_link(&self, purpose: &Purpose, by: &By) -> Result<Token, AccountError> {
        let token = Token::new()?;
        self.store.add_link(purpose, &token.kept(), by, self.clock.now()).await?;
        Ok(token)
    }

    /// The link with that token.
    ///
    /// # Errors
    /// [`AccountError::Link`] when it does not work any more.
    pub async fn link(&self, token: &str) -> Result<Link, AccountError> {
        let link = self.store.link(&TokenHash::of(token), self.clock.now()).await?;
        link.ok_or(AccountError::Link(LinkError::Over))
    }

    /// Follows a link with what was put in, and signs in. Address and name count only where the link does not say them.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn follow(&self, token: &str, email: &str, name: &str, password: &str) -> Result<Token, AccountError> {
        let link = self.link(token).await?;
        let name = name.trim();
        let (email, named) = match link.purpose {
            Purpose::First => (email.parse()?, true),
            Purpose::Invitation(email, _) => (email, true),
            Purpose::Password(email) => (email, false),
        };
        if named && (name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control)) {
            return Err(AccountError::Name);
        }
        check_password(password, &email)?;
        let kept = self.hash(password.to_owned()).await?;
        let person = self.store.follow_link(&TokenHash::of(token), &email, name, &kept, self.clock.now()).await?;
        let session = Token::new()?;
        self.store.sign_in(&person, &session.kept(), self.clock.now()).await?;
        Ok(session)
    }

    /// Whose `email` it is, if `password` is right and they need not wait.
    async fn prove(&self, email: &Email, password: &str) -> Result<Person, AccountError> {
        let now = self.clock.now();
        if let Some(until) = self.store.failures(email, now).await?.and_then(|(n, last)| locked_until(n, last))
            && until > now
        {
            return Err(AccountError::Locked(until.duration_since(now).as_secs() / 60 + 1));
        }
        let account = self.store.account(email).await?;
        let kept = account.as_ref().map(|(_, kept)| kept.clone());
        let password = password.to_owned();
        // A closed semaphore would only mean that nothing is hashed any more; this one is never closed.
        let _turn = self.hashing.acquire().await;
        let right = tokio::task::spawn_blocking(move || secret::is_password(&password, kept.as_deref())).await?;
        match account {
            Some((person, _)) if right => Ok(person),
            _ => {
                self.store.failed(email, now).await?;
                Err(AccountError::Wrong)
            }
        }
    }

    async fn hash(&self, password: String) -> Result<String, AccountError> {
        let _turn = self.hashing.acquire().await;
        Ok(tokio::task::spawn_blocking(move || secret::hash_password(&password)).await??)
    }
}
