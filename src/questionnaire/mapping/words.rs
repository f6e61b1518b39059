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
        words.extend(self.rows.iter().map(|m| format!("{}行目を{}", m.row, if m.asks { "質問に追加" } else { "除外" })));
        words.extend(self.blocks.iter().map(|b| format!("{}〜{}行目を質問の範囲に追加", b.first, b.last)));
        words.extend((!self.choices.is_empty()).then(|| format!("選択肢は「{}」", self.choices.join("／"))));
        words
    }
}
