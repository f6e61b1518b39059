//! The list of all questions beside the one that is shown.

use super::super::view;
use crate::review::Kind;
use crate::store::Line;

/// Which questions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Show {
    /// All.
    All,
    /// Those nobody decided.
    Open,
    /// Those that are decided.
    Decided,
}

impl Show {
    /// By its name in an address; all, where there is none or an unknown one.
    pub(in crate::web) fn named(name: &str) -> Self {
        [Self::Open, Self::Decided].into_iter().find(|s| s.name() == name).unwrap_or(Self::All)
    }

    /// Its name in an address.
    pub(in crate::web) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Decided => "decided",
        }
    }

    /// Whether it lists questions of `kind`.
    pub(in crate::web) fn has(self, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::Open => kind == Kind::Open,
            Self::Decided => kind != Kind::Open,
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
    /// The sheet's name, where it differs from the row's above.
    pub sheet: Option<String>,
    /// The headings, where they differ from the row's above.
    pub section: Option<String>,
}

/// The rows for `show`, and the one at `current` in any case.
pub(in crate::web) fn entries(lines: &[Line], show: Show, current: u32) -> Vec<Entry> {
    let several = lines.windows(2).any(|pair| matches!(pair, [a, b] if a.sheet != b.sheet));
    let mut above: Option<&Line> = None;
    let mut entries = Vec::new();
    for line in lines.iter().filter(|l| show.has(l.kind) || l.position == current) {
        let new_sheet = above.is_none_or(|a| a.sheet != line.sheet);
        let new_section = new_sheet || above.is_none_or(|a| a.section != line.section);
        entries.push(Entry {
            position: line.position,
            number: line.number.clone().unwrap_or_else(|| line.position.to_string()),
            text: line.text.clone(),
            kind: view::kind(line.kind),
            band: view::band(line.band),
            current: line.position == current,
            sheet: (several && new_sheet).then(|| line.sheet.clone()),
            section: (new_section && !line.section.is_empty()).then(|| line.section.join(" › ")),
        });
        above = Some(line);
    }
    entries
}

/// The next open question after `position`, from the top again when there is none below.
pub(in crate::web) fn next_open(lines: &[Line], position: u32) -> Option<u32> {
    let mut open = lines.iter().filter(|l| l.kind == Kind::Open).map(|l| l.position);
    let first = open.clone().next();
    open.find(|p| *p > position).or(first)
}
