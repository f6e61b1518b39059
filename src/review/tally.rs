//! Answers in lists and counts.

/// Where an answer stands, without what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Nobody decided.
    Open,
    /// Somebody was asked.
    Asked,
    /// A proposal was taken as it was.
    Accepted,
    /// A person wrote or changed it.
    Edited,
    /// No answer is given.
    Declined,
    /// The question does not apply.
    NotApplicable,
    /// As it stands it is in the latest release.
    Released,
}

impl Kind {
    /// All, in the order in which a question goes through them.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Asked, Self::Accepted, Self::Edited, Self::Declined, Self::NotApplicable, Self::Released];

    /// Whether a person settled the question.
    #[must_use]
    pub fn is_settled(self) -> bool {
        !matches!(self, Self::Open | Self::Asked)
    }
}

/// How many questions of a questionnaire are of which kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([usize; Kind::ALL.len()]);

impl Tally {
    /// Counts `by` more of `kind`.
    pub fn add(&mut self, kind: Kind, by: usize) {
        self.0[kind as usize] += by;
    }

    /// Both counted together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(n, more)| *n += more);
        self
    }

    /// How many are of `kind`.
    #[must_use]
    pub fn of(&self, kind: Kind) -> usize {
        self.0[kind as usize]
    }

    /// All questions.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.iter().sum()
    }

    /// Those a person settled.
    #[must_use]
    pub fn settled(&self) -> usize {
        Kind::ALL.into_iter().filter(|k| k.is_settled()).map(|k| self.of(k)).sum()
    }

    /// Those still to be settled.
    #[must_use]
    pub fn left(&self) -> usize {
        self.total() - self.settled()
    }
}
