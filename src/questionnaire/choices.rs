//! Choices in the client's vocabulary: what each says, and which one says the same as an approved answer.
//!
//! A wrong choice is a false statement to a client, so only what is certain is chosen: every choice on offer must be
//! understood, exactly one must say what the approved answer says, and the approved text must not take back what its mark says.

use super::filled::is_prompt;
use super::meaning::{Meaning, Stance, Words, contradicts, stance_of_word};
pub use super::meaning::{VOCABULARY, stance_of};
use crate::text::normalize;

/// What a legend says of choices: the choice as it stands there, and its explanation.
pub type Legend = [(String, String)];

/// What an approved text says by its first word (`有り（NTP）`, `不可`); `None` where it does not begin with such a word, or
/// another line says otherwise.
#[must_use]
pub fn stance_of_text(text: &str) -> Option<Stance> {
    let first_word = |line: &str| {
        let line = normalize(line);
        // 「有効期限…」 begins with 有, too: the word must end here.
        let end = line.find(|c: char| !c.is_alphanumeric() && !is_mark(c)).unwrap_or(line.len());
        stance_of_word(&line[..end])
    };
    let mut lines = text.lines().filter(|l| !l.trim().is_empty());
    let first = first_word(lines.next()?)?;
    lines.filter_map(first_word).all(|s| s == first).then_some(first)
}

/// The one choice that says the same as an approved answer with `mark` and `text`; `None` where that is not certain.
#[must_use]
pub fn choose<'a>(mark: Option<&str>, text: &str, choices: &'a [String], legend: &Legend) -> Option<&'a String> {
    // 「選択してください」 is no choice.
    if choices.iter().any(|c| is_prompt(c)) {
        let asked: Vec<String> = choices.iter().filter(|c| !is_prompt(c)).cloned().collect();
        let found = choose(mark, text, &asked, legend)?;
        return choices.iter().find(|c| *c == found);
    }
    let words = Words::builtin();
    let mark = mark.map(str::trim).filter(|m| !m.is_empty());
    let said = mark.map_or_else(|| stance_of_text(text), stance_of);
    let meanings = meanings(choices, legend);
    // The client has the very words of the mark: 「契約内容に依存」, 「検討中」.
    if let Some(mark) = mark.filter(|m| m.chars().count() > 2 && matches!(stance_of(m), Some(Stance::Planned | Stance::Other))) {
        let mark = normalize(mark);
        let only = |fits: &dyn Fn(&str) -> bool| {
            let mut same = choices.iter().filter(|c| fits(&normalize(c)));
            same.next().filter(|_| same.next().is_none())
        };
        // 「代替策」 is 「代替策あり」, too.
        let same = only(&|c| c == mark).or_else(|| only(&|c| c.strip_prefix(mark.as_str()).is_some_and(|rest| ["あり", "有", "有り", "にて対応", "で対応"].contains(&rest))));
        return same;
    }
    let said = said?;
    let own = mark.and_then(|_| stance_of_text(text));
    if own.is_some_and(|text| contradicts(said, text)) {
        return None;
    }
    let finer = meanings.iter().flatten().any(|m| matches!(m.stance, Stance::Partial | Stance::Planned | Stance::Other));
    let another_way = meanings.iter().flatten().any(|m| m.stance == Stance::Other);
    let certain = match said {
        Stance::Yes => !words.hedged(text),
        // Where the client asks for another way by name, a no beside something that is done may be one.
        Stance::No => !(finer && words.waiting(text) || another_way && normalize(text).contains("ている")),
        Stance::NotApplicable => !words.withholds(text),
        Stance::Partial => true,
        Stance::Planned | Stance::Other => false,
    };
    if !certain || choices.len() < 2 {
        return None;
    }
    let meanings: Vec<Meaning> = meanings.into_iter().collect::<Option<_>>()?;
    let mut fitting = choices.iter().zip(&meanings).filter(|(_, m)| m.stance == said);
    let (choice, meaning) = fitting.next()?;
    // 「一部の項目のみ」 is not 「すべて」.
    if said == Stance::Yes && words.wider(choice, text) {
        return None;
    }
    // ◎ and ○ side by side are two degrees of yes.
    (fitting.next().is_none() && meaning.plain).then_some(choice)
}

/// What each choice says among the others.
fn meanings(choices: &[String], legend: &Legend) -> Vec<Option<Meaning>> {
    let words = Words::builtin();
    let explained = |choice: &String| {
        let mut known = legend.iter().filter(|(code, _)| same_code(code, choice)).map(|(_, says)| says);
        let first = known.next()?;
        // A choice that is explained in two ways is not understood at all; an empty explanation says so.
        Some(if known.all(|k| k == first) { first.as_str() } else { "" })
    };
    let mut all: Vec<Option<Meaning>> = choices.iter().map(|c| words.explained(c, explained(c))).collect();
    let has = |all: &[Option<Meaning>], wanted: fn(&Meaning) -> bool| all.iter().flatten().any(wanted);
    // 「非該当」 beside 「該当」 is its opposite, elsewhere it is 対象外.
    let applies = has(&all, |m| m.applies && m.stance == Stance::Yes);
    // 「実施中」 beside 「実施済」 is not done yet.
    let done = has(&all, |m| m.stance == Stance::Yes && !m.running);
    for meaning in all.iter_mut().flatten() {
        if meaning.applies && meaning.stance == Stance::NotApplicable && applies {
            meaning.stance = Stance::No;
        }
        if meaning.running && done {
            meaning.stance = Stance::Planned;
        }
    }
    // 「見直している」 and 「見直していない」 are as plain as はい and いいえ.
    let pairs: Vec<(usize, usize)> = (0..all.len())
        .flat_map(|yes| (0..all.len()).map(move |no| (yes, no)))
        .filter(|&(yes, no)| {
            let is = |at: usize, stance| all[at].is_some_and(|m| m.stance == stance);
            is(yes, Stance::Yes) && is(no, Stance::No) && super::meaning::opposite(&choices[yes], &choices[no])
        })
        .collect();
    for at in pairs.into_iter().flat_map(|(yes, no)| [yes, no]) {
        if let Some(meaning) = all[at].as_mut() {
            meaning.plain = true;
        }
    }
    all
}

/// Whether a legend's code is the choice, in whatever width: 「Ａ」 and 「A」, 「5」 and 「5：…」 are not compared further.
pub(super) fn same_code(code: &str, choice: &str) -> bool {
    let circle = |s: &str| normalize(s).replace(['◯', '〇'], "○").replace(['✕', '✗', '✖'], "×");
    circle(code) == circle(choice)
}

fn is_mark(c: char) -> bool {
    matches!(c, '○' | '◯' | '〇' | '◎' | '×' | '△' | '▲')
}
