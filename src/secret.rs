//! Secrets: tokens nobody can guess, and passwords that are only kept as hashes.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sha2::{Digest, Sha256};

use crate::audit::hex;

/// The machine gave no randomness, or a hash could not be made of it.
#[derive(Debug, thiserror::Error)]
#[error("secret: {0}")]
pub struct SecretError(String);

/// 256 random bits as text. It is shown to its owner once and kept as its hash; there is no `Debug`, so that no log has it.
pub struct Token(String);

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// [`SecretError`]
    pub fn new() -> Result<Self, SecretError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|e| SecretError(e.to_string()))?;
        Ok(Self(hex(&bytes)))
    }

    /// What its owner has.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn kept(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

/// A token as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash(String);

impl TokenHash {
    /// Of what somebody says is a token. No salt and no slow hash are needed: nobody can try out 256 random bits.
    #[must_use]
    pub fn of(shown: &str) -> Self {
        Self(hex(&Sha256::digest(shown.as_bytes())))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The hash of a password (Argon2id, with its salt and parameters). Takes tens of milliseconds: not for an async thread.
///
/// # Errors
/// [`SecretError`]
pub fn hash_password(password: &str) -> Result<String, SecretError> {
    Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string()).map_err(|e| SecretError(e.to_string()))
}

/// Of a password that nobody has.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$V1kJ1Yb7Wl3nQ2m5bKqQm1dJmC3pF4s1w0bq8Q9ZcKQ";

/// Whether `password` is the one with hash `kept`. Without a hash it takes as long and is never true, so that the time tells
/// nobody which accounts there are. Not for an async thread.
#[must_use]
pub fn is_password(password: &str, kept: Option<&str>) -> bool {
    let parsed = PasswordHash::new(kept.unwrap_or(NOBODY));
    let fits = parsed.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
    fits && kept.is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let kept = hash_password("東の海と灯台の朝").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is_password("東の海と灯台の朝", Some(&kept)));
        assert!(!is_password("東の海と灯台の夜", Some(&kept)));
        assert!(PasswordHash::new(NOBODY).is_ok(), "it has to be worked on");
        assert!(!is_password("", None) && !is_password("", Some("")));
        assert_ne!(kept, hash_password("東の海と灯台の朝").unwrap(), "salted");
    }

    #[test]
    fn tokens_differ() {
        let (a, b) = (Token::new().unwrap(), Token::new().unwrap());
        assert_ne!(a.shown(), b.shown());
        assert_eq!(a.shown().len(), 64);
        assert_eq!(a.kept(), TokenHash::of(a.shown()));
    }
}
