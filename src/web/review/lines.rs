//! The list of all questions beside the one that is shown.

use std::collections::{HashMap, HashSet};

use super::super::view;
use crate::review::alike::contradict;
use crate::review::Kind;
use crate::store::Line;

/// Which questions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Show {
    /// All.
    All,
    /// Those nobody settled.
    Open,
    /// Those that are settled.
    Decided,
    /// Those that who asks was given.
    Mine,
}

impl Show {
    /// By its name in an address; all, where there is none or an unknown one.
    pub(in crate::web) fn named(name: &str) -> Self {
        [Self::Open, Self::Decided, Self::Mine].into_iter().find(|s| s.name() == name).unwrap_or(Self::All)
    }

    /// Its name in an address.
    pub(in crate::web) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Decided => "decided",
            Self::Mine => "mine",
        }
    }

    /// Whether it lists `line` for person `me`.
    pub(in crate::web) fn has(self, line: &Line, me: Option<i64>) -> bool {
        match self {
            Self::All => true,
            Self::Open => !line.kind.is_settled(),
            Self::Decided => line.kind.is_settled(),
            Self::Mine => me.is_some() && line.assignee == me,
        }
    }
}

/// A row of the list.
pub(in crate::web) struct Entry {
    /// The question's place in the questionnaire, from 1.
    pub position: u32,
    /// Its number as the client wrote it, else its place.
    pub number: String,
    /// The question.
    pub text: String,
    /// Class and name of its state.
    pub kind: (&'static str, &'static str),
    /// Class and name of its band.
    pub band: (&'static str, &'static str),
    /// Whether it is the one that is shown.
    pub current: bool,
    /// Whether its answer contradicts another one's.
    pub contradicts: bool,
    /// Whether an answer stands in the file that nobody decided on.
    pub filled: bool,
    /// Who has it; empty for nobody.
    pub assignee: String,
    /// The sheet's name, where it differs from the row's above.
    pub sheet: Option<String>,
    /// The headings, where they differ from the row's above.
    pub section: Option<String>,
}

/// The rows for `show`, and the one at `current` in any case.
pub(in crate::web) fn entries(lines: &[Line], show: Show, current: u32, me: Option<i64>, people: &HashMap<i64, String>) -> Vec<Entry> {
    let several = lines.windows(2).any(|pair| matches!(pair, [a, b] if a.sheet != b.sheet));
    let contradicting = contradicting(lines);
    let mut above: Option<&Line> = None;
    let mut entries = Vec::new();
    for line in lines.iter().filter(|l| show.has(l, me) || l.position == current) {
        let new_sheet = above.is_none_or(|a| a.sheet != line.sheet);
        let new_section = new_sheet || above.is_none_or(|a| a.section != line.section);
        entries.push(Entry {
            position: line.position,
            number: line.number.clone().unwrap_or_else(|| line.position.to_string()),
            text: line.text.clone(),
            kind: view::kind(line.kind),
            band: view::band(line.band),
            current: line.position == current,
            contradicts: contradicting.contains(&line.position),
            filled: line.filled && !line.kind.is_settled(),
            assignee: line.assignee.and_then(|id| people.get(&id)).cloned().unwrap_or_default(),
            sheet: (several && new_sheet).then(|| line.sheet.clone()),
            section: (new_section && !line.section.is_empty()).then(|| line.section.join(" › ")),
        });
        above = Some(line);
    }
    entries
}

/// The questions whose answer contradicts that of another one that asks the same.
pub(in crate::web) fn contradicting(lines: &[Line]) -> HashSet<u32> {
    let mut groups: HashMap<u32, Vec<&Line>> = HashMap::new();
    for line in lines.iter().filter(|l| l.answer.is_some()) {
        if let Some(group) = line.alike {
            groups.entry(group).or_default().push(line);
        }
    }
    let mut found = HashSet::new();
    for group in groups.values() {
        for (at, a) in group.iter().enumerate() {
            for b in group.iter().skip(at + 1) {
                if let (Some(x), Some(y)) = (&a.answer, &b.answer)
                    && contradict(x, y)
                {
                    found.extend([a.position, b.position]);
                }
            }
        }
    }
    found
}

/// The next open question after `position`, from the top again when there is none below.
pub(in crate::web) fn next_open(lines: &[Line], position: u32, show: Show, me: Option<i64>) -> Option<u32> {
    let waits = |l: &&Line| l.kind == Kind::Open && (show != Show::Mine || show.has(l, me));
    let mut open = lines.iter().filter(waits).map(|l| l.position);
    let first = open.clone().next();
    open.find(|p| *p > position).or(first)
}
