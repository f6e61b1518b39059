//! The audit log's chain: each entry's hash covers the entry and the hash before it, so that none can be changed, taken out
//! or put in between without every later hash being wrong.

use sha2::{Digest, Sha256};

/// What the first entry's hash is chained to.
pub const BEGINNING: &str = "";

/// One deed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3 … without gaps.
    pub number: i64,
    /// When, as it is stored.
    pub at: String,
    /// The account; `None` while there were none.
    pub person_id: Option<i64>,
    /// The name at that time.
    pub person: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// How it stood before; empty where there was nothing.
    pub before: String,
    /// How it stood after; empty where nothing was left.
    pub after: String,
}

impl Entry {
    /// The hash of this entry after the one with hash `previous`: SHA-256, in hexadecimal. Every part is hashed with its
    /// length before it, so that no two entries can be read as the same bytes.
    #[must_use]
    pub fn hash(&self, previous: &str) -> String {
        let number = self.number.to_string();
        let person_id = self.person_id.map(|id| id.to_string()).unwrap_or_default();
        let parts = [previous, &number, &self.at, &person_id, &self.person, &self.action, &self.subject, &self.before, &self.after];
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hex(&hasher.finalize())
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Where the log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or comes twice.
    #[error("監査ログの{expected}番があるはずの場所に{found}番があります。記録が削除または挿入されています。")]
    Number {
        /// What should have come.
        expected: i64,
        /// What came.
        found: i64,
    },
    /// The hash does not fit.
    #[error("監査ログの{0}番の内容が、記録されたハッシュと一致しません。記録が書き換えられています。")]
    Hash(i64),
}

/// Follows a chain from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chain {
    /// How many entries were followed.
    pub length: i64,
    /// The last one's hash.
    pub head: String,
}

impl Chain {
    /// Goes on to `entry`, which is stored with `hash`.
    ///
    /// # Errors
    /// [`Broken`] names the first entry that is not what was written.
    pub fn follow(&mut self, entry: &Entry, hash: &str) -> Result<(), Broken> {
        let expected = self.length + 1;
        if entry.number != expected {
            return Err(Broken::Number { expected, found: entry.number });
        }
        if entry.hash(&self.head) != hash {
            return Err(Broken::Hash(entry.number));
        }
        *self = Self { length: expected, head: hash.to_owned() };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<(Entry, String)> {
        let mut head = BEGINNING.to_owned();
        (1..=5)
            .map(|number| {
                let entry = Entry {
                    number,
                    at: "2026-04-01T01:00:00.000000Z".to_owned(),
                    person_id: Some(1),
                    person: "田中".to_owned(),
                    action: "decide".to_owned(),
                    subject: format!("questionnaire 1 question {number}"),
                    before: "open".to_owned(),
                    after: "accepted".to_owned(),
                };
                head = entry.hash(&head);
                (entry, head.clone())
            })
            .collect()
    }

    fn verify(entries: &[(Entry, String)]) -> Result<Chain, Broken> {
        let mut chain = Chain::default();
        entries.iter().try_for_each(|(entry, hash)| chain.follow(entry, hash))?;
        Ok(chain)
    }

    #[test]
    fn whatever_is_changed_shows() {
        let good = entries();
        assert_eq!(verify(&good).map(|c| c.length), Ok(5));

        let mut changed = good.clone();
        changed[2].0.after = "declined".to_owned();
        assert_eq!(verify(&changed), Err(Broken::Hash(3)));
        // Its own hash made to fit: the next one gives it away.
        let before = changed[1].1.clone();
        changed[2].1 = changed[2].0.hash(&before);
        assert_eq!(verify(&changed), Err(Broken::Hash(4)));
        // A word moved from one field to its neighbour.
        let mut moved = good.clone();
        moved[0].0.before = "openaccepted".to_owned();
        moved[0].0.after = String::new();
        assert_eq!(verify(&moved), Err(Broken::Hash(1)));

        let mut shorter = good.clone();
        shorter.remove(1);
        assert_eq!(verify(&shorter), Err(Broken::Number { expected: 2, found: 3 }));
    }
}
