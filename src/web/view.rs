//! What several pages show: the frame, dates, names of states, bars.

use jiff::Timestamp;
use jiff::civil::Date;

use super::access::{self, Who};
use crate::clock::japan;
use crate::matching::Band;
use crate::people::Role;
use crate::review::{Kind, Tally};

/// The frame of every page.
pub(super) struct Frame {
    /// The page's title.
    pub title: String,
    /// Which part of the navigation is current.
    pub here: &'static str,
    /// Seconds until a browser without scripts asks again; 0 for never.
    pub refresh: u32,
    /// Who asks for it.
    pub who: Option<Who>,
}

impl Frame {
    pub(super) fn new(title: impl Into<String>, here: &'static str) -> Self {
        Self { title: title.into(), here, refresh: 0, who: access::current() }
    }

    /// Whether who asks has the role of that name.
    pub(super) fn may(&self, role: &str) -> bool {
        self.who.as_ref().is_some_and(|who| Role::ALL.into_iter().any(|r| r.name() == role && who.is(r)))
    }

    /// Whether there are no accounts yet.
    pub(super) fn alone(&self) -> bool {
        self.who.as_ref().is_some_and(Who::is_alone)
    }

    /// The version of style sheet and script.
    pub(super) fn version(&self) -> &'static str {
        &super::assets::VERSION
    }
}

/// `2026年3月4日`
pub(super) fn date(date: Date) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// `2026年3月4日 15:04`, in Japan.
pub(super) fn moment(at: Timestamp) -> String {
    let there = at.to_zoned(japan());
    format!("{} {:02}:{:02}", date(there.date()), there.hour(), there.minute())
}

/// A due date, and how urgent it is.
pub(super) struct Due {
    /// The date in words.
    pub date: String,
    /// What is left, in words.
    pub left: String,
    /// `late`, `soon` or empty: how it looks.
    pub class: &'static str,
}

impl Due {
    /// `open` tells whether there is still something to do: only then is it urgent.
    pub(super) fn new(due: Date, today: Date, open: bool) -> Self {
        let days = due.since(today).map_or(0, |span| span.get_days());
        let (left, class) = match days {
            _ if !open => (String::new(), ""),
            ..0 => (format!("{}日超過", -days), "late"),
            0 => ("本日".to_owned(), "late"),
            1..=3 => (format!("あと{days}日"), "soon"),
            _ => (format!("あと{days}日"), ""),
        };
        Self { date: date(due), left, class }
    }
}

/// The questions by state as a bar and in numbers.
pub(super) struct Bar {
    /// The numbers.
    pub tally: Tally,
}

impl Bar {
    /// The parts of a bar 100 wide: where each begins, how wide it is, and its class.
    pub(super) fn parts(&self) -> Vec<(f64, f64, &'static str)> {
        let total = self.tally.total().max(1);
        let mut at = 0.0;
        let parts = [Kind::Released, Kind::Accepted, Kind::Edited, Kind::NotApplicable, Kind::Declined, Kind::Asked]
            .map(|k| (self.tally.of(k), kind(k).0));
        parts
            .into_iter()
            .map(|(n, class)| {
                #[expect(clippy::cast_precision_loss, reason = "a bar's width")]
                let width = n as f64 * 100.0 / total as f64;
                at += width;
                (at - width, width, class)
            })
            .filter(|(_, width, _)| *width > 0.0)
            .collect()
    }

    /// The bar in words, for those who don't see it.
    pub(super) fn label(&self) -> String {
        let all: Vec<String> =
            Kind::ALL.into_iter().rev().filter(|k| self.tally.of(*k) > 0).map(|k| format!("{}{}件", kind(k).1, self.tally.of(k))).collect();
        all.join("、")
    }

    /// Class, name and number of every state there is, for the legend; what is open comes last and always.
    pub(super) fn legend(&self) -> Vec<(&'static str, &'static str, usize)> {
        let all = Kind::ALL.into_iter().rev().filter(|k| self.tally.of(*k) > 0 || *k == Kind::Open);
        all.map(|k| (kind(k).0, kind(k).1, self.tally.of(k))).collect()
    }
}

/// A state's class and name.
pub(super) fn kind(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Open => ("open", "未回答"),
        Kind::Accepted => ("accepted", "承認"),
        Kind::Edited => ("edited", "修正"),
        Kind::Declined => ("declined", "回答なし"),
        Kind::NotApplicable => ("notapplicable", "対象外"),
        Kind::Asked => ("asked", "確認中"),
        Kind::Released => ("released", "リリース済"),
    }
}

/// A band's class and name.
pub(super) fn band(band: Band) -> (&'static str, &'static str) {
    match band {
        Band::High => ("high", "確度 高"),
        Band::Medium => ("medium", "確度 中"),
        Band::Low => ("low", "確度 低"),
        Band::None => ("none", "提案なし"),
    }
}

/// A probability in whole percent.
pub(super) fn percent(p: f64) -> String {
    format!("{:.0}%", (p * 100.0).clamp(0.0, 100.0))
}

/// A text as part of an address.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
