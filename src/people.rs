//! Who uses kaitou: roles, addresses, what a password must be, and how long to wait after wrong ones.

use jiff::{SignedDuration, Timestamp};
use unicode_normalization::UnicodeNormalization;

/// What a person may do. A person can have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Uploads questionnaires, asks, downloads what is released.
    Sales,
    /// Decides about answers.
    Reviewer,
    /// Releases answers.
    Approver,
    /// People, standard sheet, settings.
    Administrator,
}

impl Role {
    /// All, in the order in which pages list them.
    pub const ALL: [Self; 4] = [Self::Sales, Self::Reviewer, Self::Approver, Self::Administrator];

    /// The name in forms and in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Reviewer => "reviewer",
            Self::Approver => "approver",
            Self::Administrator => "administrator",
        }
    }

    /// The name in pages.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sales => "営業",
            Self::Reviewer => "確認者",
            Self::Approver => "承認者",
            Self::Administrator => "管理者",
        }
    }
}

/// A set of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles(u8);

impl Roles {
    /// Every role.
    #[must_use]
    pub fn all() -> Self {
        Role::ALL.into_iter().collect()
    }

    /// Whether `role` is one of them.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// Whether one of `roles` is among them.
    #[must_use]
    pub fn any(self, roles: &[Role]) -> bool {
        roles.iter().any(|r| self.has(*r))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |r| self.has(*r))
    }

    /// Those of the named roles that there are; others are skipped.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().filter_map(|name| Role::ALL.into_iter().find(|r| r.name() == name)).collect()
    }

    /// In words, for pages: `営業・確認者`.
    #[must_use]
    pub fn titles(self) -> String {
        self.iter().map(Role::title).collect::<Vec<_>>().join("・")
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<T: IntoIterator<Item = Role>>(roles: T) -> Self {
        Self(roles.into_iter().fold(0, |set, role| set | (1 << role as u8)))
    }
}

/// Somebody with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id in the store.
    pub id: i64,
    /// The address they sign in with.
    pub email: Email,
    /// What they are called.
    pub name: String,
    /// What they may do.
    pub roles: Roles,
    /// Whether they may sign in.
    pub active: bool,
}

/// Who did something, as it is written down with the deed: the name stays readable when the account is long gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The account; `None` while there are none.
    pub id: Option<i64>,
    /// The name at that time.
    pub name: String,
}

impl By {
    /// Whoever sits at this machine, while there are no accounts.
    #[must_use]
    pub fn this_machine() -> Self {
        Self { id: None, name: "このマシンの利用者".to_owned() }
    }

    /// The service itself, for what nobody asked for just then.
    #[must_use]
    pub fn kaitou() -> Self {
        Self { id: None, name: "kaitou".to_owned() }
    }
}

impl From<&Person> for By {
    fn from(person: &Person) -> Self {
        Self { id: Some(person.id), name: person.name.clone() }
    }
}

/// An e-mail address in one spelling: half width, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("メールアドレスは name@example.co.jp のように入力してください。")]
pub struct NoEmail;

impl Email {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Email {
    type Err = NoEmail;

    /// Only what could never be delivered to is refused: whether an address exists shows when its owner signs in.
    fn from_str(text: &str) -> Result<Self, NoEmail> {
        let text: String = text.trim().nfkc().flat_map(char::to_lowercase).collect();
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | ',' | ';');
        match text.split_once('@') {
            Some((name, host))
                if !name.is_empty() && !host.is_empty() && !host.contains('@') && text.len() <= 254 && !text.contains(odd) =>
            {
                Ok(Self(text))
            }
            _ => Err(NoEmail),
        }
    }
}

/// The shortest password, in characters.
pub const PASSWORD_CHARS: usize = 12;
/// The longest: hashing takes time by length.
const PASSWORD_LIMIT: usize = 200;

/// Why a password can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`PASSWORD_CHARS`].
    #[error("パスワードは{PASSWORD_CHARS}文字以上にしてください。")]
    Short,
    /// Too many.
    #[error("パスワードは{PASSWORD_LIMIT}文字以内にしてください。")]
    Long,
    /// The address, or one character over and over.
    #[error("推測されやすいパスワードです。メールアドレスや同じ文字の繰り返しは避けてください。")]
    Guessable,
}

/// Whether `password` will do for the owner of `email`. Length is what counts; no rules about kinds of characters.
///
/// # Errors
/// [`WeakPassword`] says what to change.
pub fn check_password(password: &str, email: &Email) -> Result<(), WeakPassword> {
    let chars = password.chars().count();
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    let owner = email.as_str().split('@').next().unwrap_or_default();
    match () {
        () if chars < PASSWORD_CHARS => Err(WeakPassword::Short),
        () if chars > PASSWORD_LIMIT => Err(WeakPassword::Long),
        () if different.len() < 4 => Err(WeakPassword::Guessable),
        () if password.to_lowercase().trim() == email.as_str() || (owner.len() > 5 && password.to_lowercase().trim_end_matches(char::is_numeric) == owner) => {
            Err(WeakPassword::Guessable)
        }
        () => Ok(()),
    }
}

/// So many wrong passwords are free.
const FREE: u32 = 5;
/// The longest wait.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

/// Until when nobody can sign in with an address after `failures` wrong passwords, the last of them at `last`: a minute after
/// the fifth, twice as long after each one more, a quarter of an hour at most. Gentle: a colleague waits, a guesser starves.
#[must_use]
pub fn locked_until(failures: u32, last: Timestamp) -> Option<Timestamp> {
    let over = failures.checked_sub(FREE)?;
    let wait = SignedDuration::from_mins(1 << over.min(8)).min(LONGEST);
    Some(last.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_one_spelling() {
        let email: Email = " Tanaka＠Example.CO.jp\n".parse().unwrap();
        assert_eq!(email.as_str(), "tanaka@example.co.jp");
        for bad in ["", "tanaka", "@example.jp", "tanaka@", "a@b@c", "a b@example.jp", "<a@example.jp>"] {
            assert_eq!(bad.parse::<Email>(), Err(NoEmail), "{bad}");
        }
    }

    #[test]
    fn a_password_is_long_and_not_the_address() {
        let email: Email = "tanaka.hanako@example.co.jp".parse().unwrap();
        assert_eq!(check_password("あさひが昇る東の海と灯台", &email), Ok(()));
        assert_eq!(check_password("short", &email), Err(WeakPassword::Short));
        assert_eq!(check_password(&"ab1".repeat(99), &email), Err(WeakPassword::Long));
        for weak in ["aaaaaaaaaaaaaa", "Tanaka.Hanako@example.co.jp", "tanaka.hanako2026"] {
            assert_eq!(check_password(weak, &email), Err(WeakPassword::Guessable), "{weak}");
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let last: Timestamp = "2026-04-01T01:00:00Z".parse().unwrap();
        let wait = |failures| locked_until(failures, last).map(|until| until.duration_since(last).as_mins());
        assert_eq!([4, 5, 6, 8, 9, 99].map(wait), [None, Some(1), Some(2), Some(8), Some(15), Some(15)]);
    }

    #[test]
    fn roles_are_a_set() {
        let roles = Roles::named(["reviewer", "king", "sales"]);
        assert_eq!(roles.titles(), "営業・確認者");
        assert!(roles.any(&[Role::Approver, Role::Sales]) && !roles.has(Role::Administrator));
        assert!(Roles::default().is_empty() && Roles::all().iter().count() == 4);
    }
}
