//! A mapping in words, for the log of who did what.

use std::fmt;

use super::{Mapping, Role, SheetMapping};
use crate::workbook::column_letters;

impl Role {
    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Question => "質問",
            Self::Choice => "選択",
            Self::Text => "記述",
            Self::Mark => "○を付ける",
            Self::Number => "番号",
            Self::Section => "分類",
            Self::Nothing => "使わない",
        }
    }

    /// What it is called where there is little room.
    #[must_use]
    pub fn short(self) -> &'static str {
        if self == Self::Mark { "○" } else { self.title() }
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, sheet)) in self.0.iter().enumerate() {
            write!(f, "{}シート「{name}」：{}", if at > 0 { "　" } else { "" }, sheet.words().join("、"))?;
        }
        Ok(())
    }
}

impl SheetMapping {
    /// Everything that was put right, a few words each.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.used.map(|used| if used { "質問のシートとして扱う" } else { "対象にしない" }.to_owned()));
        words.extend(self.columns.iter().map(|c| format!("{}列は「{}」", column_letters(c.col), c.role.title())));
        for (asks, deed) in [(false, "除外"), (true, "質問に追加")] {
            let mut runs: Vec<(u32, u32)> = Vec::new();
            for row in self.rows.iter().filter(|m| m.asks == asks).map(|m| m.row) {
                match runs.last_mut() {
                    Some((_, last)) if *last + 1 == row => *last = row,
                    _ => runs.push((row, row)),
                }
            }
            let rows = |(first, last): &(u32, u32)| if first == last { format!("{first}行目") } else { format!("{first}〜{last}行目") };
            let rows: Vec<String> = runs.iter().map(rows).collect();
            words.extend((!rows.is_empty()).then(|| format!("{}を{deed}", rows.join("・"))));
        }
        words.extend(self.blocks.iter().map(|b| format!("{}〜{}行目を質問の範囲に追加", b.first, b.last)));
        words.extend((!self.choices.is_empty()).then(|| format!("選択肢は「{}」", self.choices.join("／"))));
        words
    }
}
