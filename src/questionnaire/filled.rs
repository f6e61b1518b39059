//! What stands in the answer cells as a file comes in: last year's answers, or a half-filled sheet. What the client prints into
//! cells that are still to be filled in is no answer: `index/placeholders.tsv`.

use std::sync::OnceLock;

use super::boxes;
use super::grid::Grid;
use super::words::{self, BadWord};
use super::Question;
use crate::text::normalize;

/// The file of words.
pub const VOCABULARY: &str = "index/placeholders.tsv";

/// The answer that stands in a question's cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filled {
    /// The choices that stand there, are marked or ticked: one, where the answer is plain.
    pub choices: Vec<String>,
    /// The text; empty for none.
    pub text: String,
}

impl Filled {
    /// The choices in one text; empty for none.
    #[must_use]
    pub fn choice(&self) -> String {
        self.choices.join("、")
    }
}

/// The words of `index/placeholders.tsv`.
#[derive(Debug, Default)]
struct Words {
    whole: Vec<String>,
    begins: Vec<String>,
    ends: Vec<String>,
}

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Words> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`].
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    Ok(WORDS.set(Words::parse(file, text)?).is_ok())
}

impl Words {
    fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(VOCABULARY, include_str!("../../index/placeholders.tsv")).unwrap_or_default())
    }

    fn parse(file: &str, text: &str) -> Result<Self, BadWord> {
        let mut words = Self::default();
        words::read(file, text, |role, word| {
            let list = match role {
                "whole" => &mut words.whole,
                "begins" => &mut words.begins,
                "ends" => &mut words.ends,
                _ => return Err(words::unknown(role)),
            };
            list.push(squeeze(word));
            Ok(())
        })?;
        Ok(words)
    }

    fn are_in(&self, text: &str) -> bool {
        let text = squeeze(text);
        let bare = text.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '【' | '】' | '「' | '」' | '-' | '=' | '*' | '※' | '。' | '▼' | ':'));
        let whole = |w: &String| *w == text || *w == bare;
        bare.is_empty()
            || self.whole.iter().any(whole)
            || self.begins.iter().any(|w| text.starts_with(w.as_str()) || bare.starts_with(w.as_str()))
            || self.ends.iter().any(|w| bare.ends_with(w.as_str()))
    }
}

fn squeeze(text: &str) -> String {
    normalize(text).chars().filter(|c| !c.is_whitespace()).collect()
}

/// Whether a text only asks for an answer: 「選択してください」, in a cell or as the first of a list's values.
#[must_use]
pub fn is_prompt(text: &str) -> bool {
    !is_dash(text) && Words::builtin().are_in(text)
}

/// Puts into each question of a sheet what stands in its cells.
pub(super) fn note(grid: &Grid<'_>, questions: &mut [Question]) {
    for question in questions {
        question.filled = of(grid, question);
    }
}

fn of(grid: &Grid<'_>, question: &Question) -> Option<Filled> {
    let written = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty() && !is_dash(t) && !is_prompt(t));
    let choices = match (&question.boxes, question.choice_cell, &question.marks) {
        (Some(cell), ..) => boxes::ticked(cell).into_iter().map(str::to_owned).collect(),
        (None, Some(at), _) => {
            let text = grid.text(at);
            // A lone dash is 「対象外」 where the choices have it.
            let offered = question.choices.iter().flatten().any(|c| c == text) && !is_prompt(text);
            if offered { vec![text.to_owned()] } else { written(text).into_iter().collect() }
        }
        (None, None, Some(marks)) => {
            let marked: Vec<String> = marks.iter().filter(|m| written(grid.text(m.cell)).is_some()).map(|m| m.choice.clone()).collect();
            // What stands in every one of them is printed.
            if marked.len() < marks.len() { marked } else { Vec::new() }
        }
        (None, None, None) => Vec::new(),
    };
    let text = question.text_cell.and_then(|at| written(grid.text(at))).unwrap_or_default();
    (!choices.is_empty() || !text.is_empty()).then_some(Filled { choices, text })
}

/// 「－」 alone says nothing where no choice is it.
pub(super) fn is_dash(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '-' | '－' | '―' | '—' | '–' | 'ー' | '‐' | '_' | '＿'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_read_and_a_broken_line_is_named() {
        assert!(Words::parse(VOCABULARY, include_str!("../../index/placeholders.tsv")).is_ok());
        let bad = Words::parse(VOCABULARY, "whole\t選択\nwhere\t選択\n").unwrap_err().to_string();
        assert!(bad.starts_with("index/placeholders.tsv の 2 行目"), "{bad}");
    }

    #[test]
    fn what_is_printed_into_a_cell_is_no_answer() {
        let words = Words::builtin();
        for text in ["選択してください", "－－ 選択してください －－", "▼選択", "（プルダウンから選択）", "具体的な内容をご記入ください。", "例）ISO27001を取得", "（例：年1回実施）", "[Please select]", "□", "記入例：はい"] {
            assert!(words.are_in(text), "{text}");
        }
        for text in ["○", "はい", "対象外", "年1回、選択式のテストを行っています。", "例外申請の手順があります。", "5", "該当なし", "ご確認ください"] {
            assert!(!words.are_in(text), "{text}");
        }
        assert!(is_dash("－") && !is_dash("-5"));
    }
}
