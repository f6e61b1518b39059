//! What the words over a column, or on a sheet's tab, tell: the vocabulary of `index/headings.tsv`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::words::BadWord;
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
    /// Where documents that prove the answer are named.
    Evidence,
    /// An earlier answer: never written to.
    Previous,
    /// For the client's own use: never written to.
    Internal,
    /// A judgement: the client's own, unless nothing else on the table takes an answer.
    Review,
    /// A choice with a column of its own.
    Choice,
    /// The name of a sheet with instructions.
    SheetInstructions,
    /// The name of a title page.
    SheetCover,
    /// The name of a sheet that holds lists.
    SheetLists,
    /// The name of a sheet that asks nothing: 改訂履歴.
    SheetOther,
}

/// The vocabulary: words with what they tell.
#[derive(Debug, Default)]
pub struct Headings {
    columns: Words,
    sheets: Words,
}

/// Words by how they may stand in a heading, each with what it tells and its line in the file.
#[derive(Debug, Default)]
struct Words {
    whole: HashMap<String, Told>,
    ending: Affixes,
    beginning: Affixes,
    /// Words that are choices, whatever else they are.
    choices: HashSet<String>,
    /// What a remark's heading holds where it is for some answers only.
    excuses: Vec<String>,
}

/// What a word tells, and its line in the file.
type Told = (Heading, usize);

/// Words that stand at the begin or at the end of headings.
#[derive(Debug, Default)]
struct Affixes {
    known: HashMap<String, Told>,
    /// The length of the longest, in bytes.
    longest: usize,
    /// The letters at which headings begin, or end, that have one.
    edges: HashSet<char>,
}

impl Affixes {
    fn add(&mut self, word: String, edge: Option<char>, told: Told) {
        self.edges.extend(edge);
        self.longest = self.longest.max(word.len());
        self.known.entry(word).or_insert(told);
    }

    /// The first of the pieces that is known, with what it tells.
    fn find<'h>(&self, edge: Option<char>, pieces: impl Iterator<Item = &'h str>) -> Option<(usize, &Told)> {
        edge.filter(|c| self.edges.contains(c))?;
        let mut pieces = pieces.filter(|piece| piece.len() <= self.longest);
        pieces.find_map(|piece| Some((piece.len(), self.known.get(piece)?)))
    }
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

/// Longest line, in characters, that says whose the following is.
const MAX_LINE: usize = 40;

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Headings> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`](super::words::replace).
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    let bad = |e: BadLine| BadWord { file: file.to_owned(), line: e.line, text: e.text, why: "「役割<TAB>見出し語」の形で、役割はファイルの先頭の説明にあるものを書いてください。".to_owned() };
    Ok(WORDS.set(Headings::parse(text).map_err(bad)?).is_ok())
}

impl Headings {
    /// The vocabulary in use: the one that comes with the program, where no other was put in its place.
    #[must_use]
    pub fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(include_str!("../../index/headings.tsv")).unwrap_or_default())
    }

    /// Reads a vocabulary.
    ///
    /// # Errors
    /// [`BadLine`] names the first line that is neither empty, a comment, nor `role<TAB>word`.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        let mut headings = Self::default();
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
                "remark" | "excuse" => Heading::Remark,
                "evidence" => Heading::Evidence,
                "previous" => Heading::Previous,
                "internal" => Heading::Internal,
                "review" => Heading::Review,
                "choice" => Heading::Choice,
                "sheet-instructions" => Heading::SheetInstructions,
                "sheet-cover" => Heading::SheetCover,
                "sheet-lists" => Heading::SheetLists,
                "sheet-other" => Heading::SheetOther,
                _ => return Err(bad()),
            };
            let text = squeeze(word.trim_start_matches('=').trim_end_matches('+'));
            if text.is_empty() {
                return Err(bad());
            }
            if role == "excuse" {
                headings.columns.excuses.push(text);
                continue;
            }
            let words = if is_sheet(heading) { &mut headings.sheets } else { &mut headings.columns };
            let told = (heading, index);
            // A one-letter word (「無」, 「#」), a number or a choice says nothing at the end of another.
            let alone = word.starts_with('=') || text.chars().count() < 2 || matches!(heading, Heading::Choice | Heading::Number);
            if word.ends_with('+') || (!alone && matches!(heading, Heading::Previous | Heading::SheetInstructions)) {
                words.beginning.add(text.clone(), text.chars().next(), told);
            }
            if !alone && !word.ends_with('+') {
                words.ending.add(text.clone(), text.chars().next_back(), told);
            }
            if heading == Heading::Choice {
                words.choices.insert(text.clone());
            }
            words.whole.entry(text).or_insert(told);
        }
        Ok(headings)
    }

    /// What a text over a column tells; `None` where it is no known heading.
    #[must_use]
    pub fn column(&self, text: &str) -> Option<Heading> {
        let found = self.columns.find(text)?;
        // 「備考（当社）」 is for the client.
        let whose = || text.split(['(', '（', '[', '［', '【']).skip(1).any(|inner| self.columns.owner(&squeeze(inner)));
        if matches!(found, Heading::Remark | Heading::Answer | Heading::Evidence) && whose() {
            return Some(Heading::Internal);
        }
        // 「判定（自己）」 is the supplier's.
        if found == Heading::Review && ["(自己", "（自己", "(貴社", "（貴社", "(御社", "（御社"].iter().any(|w| text.contains(w)) {
            return Some(Heading::Answer);
        }
        // 「補足・エビデンス名」 asks for more than evidence.
        let parts = || split(text).filter_map(|part| self.columns.find(part)).any(|h| h == Heading::Remark);
        Some(if found == Heading::Evidence && parts() { Heading::Remark } else { found })
    }

    /// Whether the text is a choice that the vocabulary knows.
    #[must_use]
    pub(super) fn is_choice(&self, text: &str) -> bool {
        self.columns.choices.contains(&squeeze(&without_brackets(text)))
    }

    /// Whether a heading asks for words to some answers only, none of them yes: 「対象外とする理由」, 「「無」の場合」.
    #[must_use]
    pub(super) fn excuses(&self, text: &str) -> bool {
        let mut text = squeeze(text);
        text.retain(|c| !matches!(c, '「' | '」' | '"' | '\'' | '“' | '”' | '『' | '』'));
        self.columns.excuses.iter().any(|word| text.contains(word.as_str()))
    }

    /// Whether the text is a name of what is for the client's own use: 「弊社使用欄」, 「事務局確認」. 「対象範囲」 is none.
    #[must_use]
    pub(super) fn is_own(&self, text: &str) -> bool {
        let word = squeeze(text);
        let own = self.columns.beginning.known.iter().any(|(own, (h, _))| *h == Heading::Internal && word.starts_with(own.as_str()));
        (own || ["使用欄", "確認欄", "審査欄", "処理欄"].iter().any(|w| word.ends_with(w))) && self.is_word(text)
    }

    /// Whether a line of its own says that what follows is for the client: 「以下は当社で記入します」.
    #[must_use]
    pub(super) fn ends_questions(&self, text: &str) -> bool {
        if text.chars().nth(MAX_LINE).is_some() || !["以下", "以降", "これより"].iter().any(|w| text.contains(w)) {
            return false;
        }
        let text = squeeze(text);
        let own = self.columns.beginning.known.iter().any(|(word, (h, _))| *h == Heading::Internal && text.contains(word.as_str()));
        own && ["記入", "使用", "記載", "確認", "処理", "欄"].iter().any(|w| text.contains(w))
    }

    /// What a sheet's name or title tells.
    #[must_use]
    pub fn sheet(&self, name: &str) -> Option<Heading> {
        // 「チェックシート（記入例）」, 「記入例_調査票」
        let parts = || name.split(['(', '（', '[', '［', '【', ')', '）', ']', '］', '】', '_', '＿', '-', '－', ' ', '　']).filter(|part| *part != name);
        let exact = || parts().filter_map(|part| self.sheets.whole.get(&squeeze(part))).map(|(h, _)| *h);
        let part = exact().find(|h| matches!(h, Heading::SheetInstructions | Heading::SheetCover));
        part.or_else(|| self.sheets.find(name))
    }

    /// Whether the text is a heading's word and nothing else, so that it names a column or a field rather than asks.
    #[must_use]
    pub(super) fn is_word(&self, text: &str) -> bool {
        text.len() <= MAX_HEADING * 4 && self.columns.whole.contains_key(&squeeze(&without_brackets(text)))
    }
}

impl Words {
    fn find(&self, text: &str) -> Option<Heading> {
        // Every question has a number beside it.
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return self.word(text);
        }
        let bare = without_brackets(text);
        // Most texts on a sheet are questions, and need not be folded.
        if is_too_long(&bare) {
            return None;
        }
        let bare = squeeze(&bare);
        // 「（記入例）」 is a heading, too: what stands in brackets counts when nothing else stands there.
        let heading = if bare.is_empty() { squeeze(text.trim_matches(['(', ')', '（', '）', '【', '】', '[', ']'])) } else { bare };
        // 「状況・予定」, 「コメント/備考」: a heading of several words is what its first known word is.
        let parts = || split(&heading).filter_map(|part| self.word(part)).find(|h| *h != Heading::Choice);
        self.word(&heading).or_else(parts)
    }

    /// Whether the text is a name of the client himself, as in 「（当社）」.
    fn owner(&self, text: &str) -> bool {
        let name = text.trim_end_matches([')', '）', ']', '］', '】']);
        matches!(self.beginning.known.get(name), Some((Heading::Internal, _)))
    }

    fn word(&self, heading: &str) -> Option<Heading> {
        if heading.is_empty() || heading.chars().nth(MAX_HEADING).is_some() {
            return None;
        }
        if let Some((known, _)) = self.whole.get(heading) {
            return Some(*known);
        }
        let cuts = || heading.char_indices().map(|(at, _)| at).filter(|at| *at > 0);
        let ending = self.ending.find(heading.chars().next_back(), cuts().map(|at| &heading[at..]));
        let beginning = self.beginning.find(heading.chars().next(), cuts().rev().map(|at| &heading[..at]));
        // 「前回からの変更点」 is for what is new.
        let beginning = beginning.filter(|(at, (h, _))| *h != Heading::Previous || !heading[*at..].starts_with("から"));
        match (beginning, ending) {
            // An earlier answer stays one whatever stands behind it: 「前回の実施状況」; so does what the client does himself,
            // but 「当社からの質問」 asks.
            (Some((_, &(h @ Heading::Previous, _))), _) => Some(h),
            (Some((at, &(h @ Heading::Internal, _))), end) if !matches!(end, Some((_, (Heading::Question, _)))) && !speaks(&heading[at..]) => Some(h),
            (Some((a, (first, line))), Some((b, (last, other)))) => Some(if (a, other) > (b, line) { *first } else { *last }),
            (Some((_, (heading, _))), None) | (None, Some((_, (heading, _)))) => Some(*heading),
            (None, None) => None,
        }
    }
}

/// Whether a text is too long for a heading, whatever its width and spaces.
fn is_too_long(bare: &str) -> bool {
    // Letters that stay letters, each one by itself; and whether there may be several words, which may each be a heading.
    let (mut all, mut letters, mut several) = (0, 0, false);
    for c in bare.chars() {
        match c {
            'ぁ'..='ゖ' | 'ァ'..='ヺ' | 'ー' | '一'..='鿿' | 'a'..='z' | 'A'..='Z' | '0'..='9' => letters += 1,
            c if c.is_whitespace() => continue,
            '。' | '？' | '?' | '.' | '「' | '」' | '：' | ':' | '-' | '%' | '％' => {}
            _ => several = true,
        }
        all += 1;
    }
    all > MAX_HEADING * 2 || letters > MAX_HEADING && !several
}

/// Whether what follows the client's own name says what he asks for: 「弊社からのお願い」, 「当社が求める水準」.
fn speaks(rest: &str) -> bool {
    ["から", "が", "への", "の求", "の要"].iter().any(|w| rest.starts_with(w))
}

/// The words of a heading that names several things; none where it names one.
fn split(heading: &str) -> impl Iterator<Item = &str> {
    heading.split(['・', '/', '／', '、', ',', '&']).filter(move |part| *part != heading)
}

fn is_sheet(heading: Heading) -> bool {
    matches!(heading, Heading::SheetInstructions | Heading::SheetCover | Heading::SheetLists | Heading::SheetOther)
}

fn squeeze(text: &str) -> String {
    let mut text = normalize(text);
    text.retain(|c| !c.is_whitespace() && !matches!(c, '※' | '*' | ':' | '■' | '●' | '◆' | '▼'));
    // 「詳細 ✍️」, but 「✔」 alone says something.
    if text.contains(char::is_alphanumeric) {
        text.retain(|c| !matches!(c, '\u{2600}'..='\u{27bf}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}'));
    }
    text
}

/// The text without what stands in brackets of any kind.
pub(super) fn without_brackets(text: &str) -> Cow<'_, str> {
    let opens = |c: char| matches!(c, '(' | '（' | '[' | '［' | '【' | '〔' | '<' | '＜');
    let closes = |c: char| matches!(c, ')' | '）' | ']' | '］' | '】' | '〕' | '>' | '＞');
    if !text.chars().any(|c| opens(c) || closes(c)) {
        return Cow::Borrowed(text);
    }
    let mut depth = 0_u32;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if opens(c) {
            depth += 1;
        } else if closes(c) {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            out.push(c);
        }
    }
    Cow::Owned(out)
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
        assert_eq!(known.column("前回からの変更点・コメント"), Some(Heading::Remark));
        assert_eq!(known.sheet("記入要領（必読）"), Some(Heading::SheetInstructions));
        assert_eq!(known.sheet("組織的対策"), None);
    }

    #[test]
    fn a_broken_line_is_named() {
        assert_eq!(Headings::parse("# ok\nnumber\tno\n質問\n").unwrap_err().line, 3);
    }
}
