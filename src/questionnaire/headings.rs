//! What the words over a column, or on a sheet's tab, tell: the vocabulary of `index/headings.tsv`.

use crate::text::normalize;

/// What a heading says of the column under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Heading {
    /// The question's number.
    Number,
    /// A group of questions.
    Category,
    /// A topic: a category beside a question, else the question itself.
    Item,
    /// The question.
    Question,
    /// Where the answer goes.
    Answer,
    /// Where an explanation goes.
    Remark,
    /// An earlier answer: never written to.
    Previous,
    /// For the client's own use: never written to.
    Internal,
    /// A choice with a column of its own.
    Choice,
    /// The name of a sheet with instructions.
    SheetInstructions,
    /// The name of a title page.
    SheetCover,
    /// The name of a sheet that holds lists.
    SheetLists,
}

/// The vocabulary: words with what they tell.
#[derive(Debug)]
pub struct Headings {
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    text: String,
    heading: Heading,
    /// Counts only where nothing else stands beside it.
    alone: bool,
}

/// A line of the vocabulary that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line} 行目を読めません: 「{text}」。「役割<TAB>見出し語」の形で書いてください。")]
pub struct BadLine {
    /// From 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
}

/// Longest heading in characters, what stands in brackets apart; a longer text is no heading.
const MAX_HEADING: usize = 24;

impl Headings {
    /// The vocabulary that comes with the program.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: std::sync::LazyLock<Headings> = std::sync::LazyLock::new(|| {
            Headings::parse(include_str!("../../index/headings.tsv")).unwrap_or_else(|_| Headings { words: Vec::new() })
        });
        &BUILTIN
    }

    /// Reads a vocabulary.
    ///
    /// # Errors
    /// [`BadLine`] names the first line that is neither empty, a comment, nor `role<TAB>word`.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut words = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            let bad = || BadLine { line: index + 1, text: line.to_owned() };
            let (role, word) = line.split_once('\t').ok_or_else(bad)?;
            let heading = match role {
                "number" => Heading::Number,
                "category" => Heading::Category,
                "item" => Heading::Item,
                "question" => Heading::Question,
                "answer" => Heading::Answer,
                "remark" => Heading::Remark,
                "previous" => Heading::Previous,
                "internal" => Heading::Internal,
                "choice" => Heading::Choice,
                "sheet-instructions" => Heading::SheetInstructions,
                "sheet-cover" => Heading::SheetCover,
                "sheet-lists" => Heading::SheetLists,
                _ => return Err(bad()),
            };
            let alone = word.starts_with('=');
            let text = squeeze(word.trim_start_matches('='));
            if text.is_empty() {
                return Err(bad());
            }
            // A one-letter word (「無」, 「#」), a number or a choice says nothing at the end of another.
            let alone = alone || text.chars().count() < 2 || matches!(heading, Heading::Choice | Heading::Number);
            words.push(Word { text, heading, alone });
        }
        Ok(Self { words })
    }

    /// What a text over a column tells; `None` where it is no known heading.
    #[must_use]
    pub fn column(&self, text: &str) -> Option<Heading> {
        self.find(text, |h| !is_sheet(h))
    }

    /// What a sheet's name or title tells.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<Heading> {
        self.find(name, is_sheet)
    }

    fn find(&self, text: &str, of_interest: impl Fn(Heading) -> bool) -> Option<Heading> {
        let bare = squeeze(&without_brackets(text));
        // 「（記入例）」 is a heading, too: what stands in brackets counts when nothing else stands there.
        let heading = if bare.is_empty() { squeeze(text.trim_matches(['(', ')', '（', '）', '【', '】', '[', ']'])) } else { bare };
        let whole = self.word(&heading, &of_interest);
        // 「状況・予定」, 「コメント/備考」: a heading of several words is what its first known word is.
        whole.or_else(|| {
            let parts = heading.split(['・', '/', '、', ',', '&']).filter(|part| *part != heading);
            parts.filter_map(|part| self.word(part, &of_interest)).find(|h| *h != Heading::Choice)
        })
    }

    fn word(&self, heading: &str, of_interest: &impl Fn(Heading) -> bool) -> Option<Heading> {
        let length = heading.chars().count();
        if length == 0 || length > MAX_HEADING {
            return None;
        }
        let mut best: Option<(usize, Heading)> = None;
        for word in self.words.iter().filter(|w| of_interest(w.heading)) {
            let text = word.text.as_str();
            let leads = matches!(word.heading, Heading::Previous | Heading::SheetInstructions) && heading.starts_with(text);
            let score = match () {
                () if heading == text => usize::MAX,
                // An earlier answer stays one whatever stands behind it: 「前回の実施状況」.
                () if !word.alone && leads && word.heading == Heading::Previous => usize::MAX - 1,
                () if !word.alone && (leads || heading.ends_with(text)) => text.len(),
                () => continue,
            };
            if best.is_none_or(|(top, _)| score > top) {
                best = Some((score, word.heading));
            }
        }
        best.map(|(_, heading)| heading)
    }
}

fn is_sheet(heading: Heading) -> bool {
    matches!(heading, Heading::SheetInstructions | Heading::SheetCover | Heading::SheetLists)
}

fn squeeze(text: &str) -> String {
    normalize(text).chars().filter(|c| !c.is_whitespace() && !matches!(c, '※' | '*' | ':' | '■' | '●' | '◆' | '▼')).collect()
}

/// The text without what stands in brackets of any kind.
pub(super) fn without_brackets(text: &str) -> String {
    let mut depth = 0_i32;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '(' | '（' | '[' | '［' | '【' | '〔' | '<' | '＜' => depth += 1,
            ')' | '）' | ']' | '］' | '】' | '〕' | '>' | '＞' => depth = (depth - 1).max(0),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_clients_words() {
        let known = Headings::builtin();
        for (text, want) in [
            ("Ｎｏ．", Some(Heading::Number)),
            ("質 問 事 項", Some(Heading::Question)),
            ("ご回答\n（○／×）", Some(Heading::Answer)),
            ("具体的な内容", Some(Heading::Remark)),
            ("補足・エビデンス名", Some(Heading::Remark)),
            ("前回の実施状況", Some(Heading::Previous)),
            ("今回回答", Some(Heading::Answer)),
            ("当社使用欄", Some(Heading::Internal)),
            ("Question (English)", Some(Heading::Question)),
            ("いいえ", Some(Heading::Choice)),
            ("情報セキュリティに関する方針を定め、経営層が承認しているか", None),
        ] {
            assert_eq!(known.column(text), want, "{text}");
        }
        assert_eq!(known.sheet("記入要領（必読）"), Some(Heading::SheetInstructions));
        assert_eq!(known.sheet("組織的対策"), None);
    }

    #[test]
    fn a_broken_line_is_named() {
        assert_eq!(Headings::parse("# ok\nnumber\tno\n質問\n").unwrap_err().line, 3);
    }
}
