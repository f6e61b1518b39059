//! What a choice or mark says, by the words of `index/choices.tsv`.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::polarity;
use super::words::{self, BadWord};
use crate::text::normalize;

/// The file of words.
pub const VOCABULARY: &str = "index/choices.tsv";

/// What a choice or mark says about a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Met: ○, はい, 実施済 …
    Yes,
    /// Met in part: △, 一部実施 …
    Partial,
    /// Not met: ×, いいえ, 未実施 …
    No,
    /// Does not apply: －, 対象外, 該当なし …
    NotApplicable,
    /// Not met yet, but under way: 検討中, 導入予定 …
    Planned,
    /// Something else: 代替策, 要相談, その他 …
    Other,
}

/// What a choice says, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub stance: Stance,
    /// Says that and no more: 「はい」, but not 「規程を定めて毎年見直している」, which an approved ○ need not mean.
    pub plain: bool,
    /// 該当 or 非該当: what they say depends on the other choices.
    pub applies: bool,
    /// 実施中: what it says depends on the other choices.
    pub running: bool,
}

impl Meaning {
    fn of(stance: Stance) -> Self {
        Self { stance, plain: true, applies: false, running: false }
    }

    fn vague(self) -> Self {
        Self { plain: false, ..self }
    }
}

/// The words of `index/choices.tsv`.
#[derive(Debug, Default)]
pub(super) struct Words {
    whole: HashMap<String, Meaning>,
    some: Vec<String>,
    later: Vec<String>,
    outside: Vec<String>,
    but: Vec<String>,
    note: Vec<String>,
    hedge: Vec<String>,
    all: Vec<String>,
    only: Vec<String>,
    wait: Vec<String>,
    withheld: Vec<String>,
}

/// Whether choices only say whether something applies: 該当, 非該当.
pub(super) fn only_applies(choices: &[String]) -> bool {
    choices.iter().all(|c| Words::builtin().of(c).is_some_and(|m| m.applies))
}

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Words> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`].
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    Ok(WORDS.set(Words::parse(file, text)?).is_ok())
}

impl Words {
    /// The words that come with the program.
    pub fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(VOCABULARY, include_str!("../../index/choices.tsv")).unwrap_or_default())
    }

    /// Reads a file of words.
    ///
    /// # Errors
    /// [`BadWord`] names file and line.
    pub fn parse(file: &str, text: &str) -> Result<Self, BadWord> {
        let mut words = Self::default();
        let mut acts: Vec<String> = Vec::new();
        let mut patterns: Vec<(String, Meaning)> = Vec::new();
        words::read(file, text, |role, word| {
            let list = match role {
                "some" => Some(&mut words.some),
                "later" => Some(&mut words.later),
                "outside" => Some(&mut words.outside),
                "but" => Some(&mut words.but),
                "note" => Some(&mut words.note),
                "hedge" => Some(&mut words.hedge),
                "all" => Some(&mut words.all),
                "only" => Some(&mut words.only),
                "wait" => Some(&mut words.wait),
                "withheld" => Some(&mut words.withheld),
                _ => None,
            };
            if let Some(list) = list {
                list.push(word.to_lowercase());
                return Ok(());
            }
            let meaning = match role {
                "act" => {
                    acts.push(plain(word));
                    return Ok(());
                }
                "yes" => Meaning::of(Stance::Yes),
                "partial" => Meaning::of(Stance::Partial),
                "mostly" => Meaning::of(Stance::Partial).vague(),
                "no" => Meaning::of(Stance::No),
                "no-plan" => Meaning::of(Stance::No).vague(),
                "na" => Meaning::of(Stance::NotApplicable),
                "planned" => Meaning::of(Stance::Planned),
                "other" => Meaning::of(Stance::Other),
                "applies" => Meaning { applies: true, ..Meaning::of(Stance::Yes) },
                "applies-not" => Meaning { applies: true, ..Meaning::of(Stance::NotApplicable) },
                "running" => Meaning { running: true, ..Meaning::of(Stance::Yes) },
                _ => return Err(words::unknown(role)),
            };
            if word.contains('*') {
                patterns.push((word.to_owned(), meaning));
            } else if words.whole.insert(plain(word), meaning).is_some_and(|before| before != meaning) {
                return Err("同じ語が別の行では別の意味になっています。".to_owned());
            }
            Ok(())
        })?;
        for (pattern, meaning) in &patterns {
            for act in &acts {
                words.whole.entry(plain(&pattern.replace('*', act))).or_insert(*meaning);
            }
        }
        Ok(words)
    }

    /// Whether an approved text takes back a part of what its mark says.
    pub fn hedged(&self, text: &str) -> bool {
        holds(&normalize(text), &self.hedge)
    }

    /// Whether a choice says more than an approved text: all, where the text is about some only.
    pub fn wider(&self, choice: &str, text: &str) -> bool {
        let choice = normalize(choice);
        let text = normalize(text);
        // 「個人情報を含む項目を暗号化している」 does not speak of all.
        let some = holds(&text, &self.only) || text.contains("含む");
        self.all.iter().any(|w| choice.starts_with(w.as_str())) && some
    }

    /// Whether an approved text says that a part of something is not done: what it is may be the part that a client asks for.
    /// 「アップロード時のみ検査する」 is the whole of 「アップロード時の検査」.
    pub fn only_names(&self, text: &str, question: &str) -> bool {
        let (text, question) = (normalize(text), normalize(question));
        let tells = |c: &char| !crate::text::is_hiragana(*c) && c.is_alphanumeric();
        text.match_indices("のみ").any(|(at, _)| {
            let before: Vec<char> = text[..at].chars().rev().take_while(tells).take(8).collect();
            before.windows(2).any(|pair| question.contains(&format!("{}{}", pair[1], pair[0])))
        })
    }

    /// Whether an approved text speaks of plans or of another way.
    pub fn waiting(&self, text: &str) -> bool {
        holds(&normalize(text), &self.wait)
    }

    /// Whether an approved text keeps the answer back: it says nothing, whatever its mark.
    pub fn withholds(&self, text: &str) -> bool {
        holds(&normalize(text), &self.withheld)
    }

    /// What `choice` says where a legend explains it as `says`.
    pub fn explained(&self, choice: &str, says: Option<&str>) -> Option<Meaning> {
        let own = self.of(choice);
        let Some(says) = says else { return own };
        let told = self.of(says);
        match (own, told) {
            // A client's ○ is plain, whatever it stands for; △ is not where it stands for 「一部、または予定」.
            (Some(own), Some(told)) if own.stance == told.stance => {
                Some(Meaning { plain: own.plain && (told.plain || own.stance != Stance::Partial), ..told })
            }
            // △ and － stand for what the legend says: 「△：実施予定」.
            (Some(Meaning { stance: Stance::Partial | Stance::NotApplicable, .. }), Some(told)) => Some(told),
            (Some(Meaning { stance: Stance::Partial | Stance::NotApplicable, .. }), None) => own.map(Meaning::vague),
            // 「対応済：規程または記録がある」 stays 対応済, but 「○：改善が必要」: who knows.
            (Some(own), None) if !says.is_empty() => Some(if fits(own.stance, says) { own } else { own.vague() }),
            (Some(_), _) => None,
            (None, told) => told,
        }
    }

    /// What a choice says by itself.
    fn of(&self, text: &str) -> Option<Meaning> {
        let text = normalize(text);
        self.whole(&text).or_else(|| self.whole(unnumbered(&text)?)).or_else(|| self.split(&text)).or_else(|| {
            let bare = unnumbered(&text)?;
            self.split(bare).or_else(|| self.phrase(bare))
        }).or_else(|| self.phrase(&text))
    }

    fn whole(&self, text: &str) -> Option<Meaning> {
        self.whole.get(&plain(text)).copied()
    }

    /// A word with its explanation: 「○：実施している」, 「はい（一部）」, 「はい / Yes」.
    fn split(&self, text: &str) -> Option<Meaning> {
        let at = text.find([':', '(', '=', '/', '・', '、', ',', '【', '「', '→', '…']).or_else(|| text.find(" - ")).or_else(|| text.find(" – "))?;
        let head = self.whole(&text[..at])?;
        let tail = text[at..].trim_matches(|c: char| !c.is_alphanumeric() && !"○◯〇◎×△▲".contains(c));
        if tail.is_empty() || holds(tail, &self.note) {
            return Some(head);
        }
        // 「いいえ / No / ×」: each part is looked at in turn.
        match self.whole(tail).or_else(|| self.split(tail)).or_else(|| self.phrase(tail)) {
            Some(tail) => combined(head, tail),
            None => Some(head.vague()),
        }
    }

    /// A longer description, by how it ends.
    fn phrase(&self, text: &str) -> Option<Meaning> {
        let text = text.trim_end_matches(['。', '.', ' ']);
        // 「事故が発生していない」 is no 「いいえ」.
        if text.chars().count() < 4 || holds(text, &self.but) || polarity::names_a_bad_thing(text) {
            return None;
        }
        let denies = ["ない", "ません", "なし", "無し", "不可"].iter().any(|end| text.ends_with(end));
        let plainly = ["ていない", "でいない", "ていません", "でいません", "ておりません", "できない", "できません"].iter().any(|end| text.ends_with(end));
        let affirms = ["ている", "でいる", "ています", "でいます", "ております", "済み", "済", "できる", "できます", "がある", "があります", "あり", "とする", "である"];
        let affirms = affirms.iter().any(|end| text.ends_with(end));
        let (some, later, outside) = (holds(text, &self.some), holds(text, &self.later), holds(text, &self.outside));
        match (denies, affirms) {
            _ if some && later => None,
            (true, _) if outside && !some && !later => Some(Meaning::of(Stance::NotApplicable)),
            (true, _) if !some && !later => Some(Meaning { plain: plainly, ..Meaning::of(Stance::No) }),
            // 「あまりできていない」 is in part, too, but △ need not say so.
            (_, _) if some => Some(Meaning { plain: text.contains("一部") && !denies, ..Meaning::of(Stance::Partial) }),
            (false, _) if later => Some(Meaning::of(Stance::Planned)),
            (false, true) => Some(Meaning::of(Stance::Yes).vague()),
            _ => None,
        }
    }
}

/// What a choice or mark says by itself, where that is certain: a known word, or a mark with its explanation
/// (`○：実施している`, `はい（実施済）`) whose two parts agree. Numbers and levels are not certain.
#[must_use]
pub fn stance_of(text: &str) -> Option<Stance> {
    let meaning = Words::builtin().of(text)?;
    meaning.plain.then_some(meaning.stance)
}

/// What a known word says; no explanation, no longer description.
pub(super) fn stance_of_word(word: &str) -> Option<Stance> {
    Words::builtin().whole(word).filter(|m| m.plain).map(|m| m.stance)
}

/// Whether a description that is not understood at least does not speak against the choice it stands beside.
fn fits(stance: Stance, says: &str) -> bool {
    let says = normalize(says);
    let denies = ["ない", "ません", "なし", "無し", "不可", "未"].iter().any(|no| says.contains(no));
    !polarity::names_a_bad_thing(&says) && denies == (stance == Stance::No)
}

/// Whether an approved text says otherwise than its mark.
pub(super) fn contradicts(mark: Stance, text: Stance) -> bool {
    mark != text && !matches!(text, Stance::Other)
}

/// Whether `no` is the literal denial of `yes`: 「見直している」, 「見直していない」.
pub(super) fn opposite(yes: &str, no: &str) -> bool {
    const PAIRS: [(&str, &str); 12] = [
        ("ている", "ていない"),
        ("でいる", "でいない"),
        ("ています", "ていません"),
        ("でいます", "でいません"),
        ("ている", "ていません"),
        ("がある", "がない"),
        ("がある", "はない"),
        ("があります", "がありません"),
        ("あり", "なし"),
        ("できる", "できない"),
        ("できます", "できません"),
        ("済み", "ていない"),
    ];
    let bare = |s: &str| {
        let text = normalize(s);
        plain(unnumbered(&text).unwrap_or(&text))
    };
    let (yes, no) = (bare(yes), bare(no));
    PAIRS.iter().any(|(a, b)| yes.strip_suffix(a).is_some_and(|stem| !stem.is_empty() && no.strip_suffix(b) == Some(stem)))
}

/// What a word says whose explanation says something, too.
fn combined(head: Meaning, tail: Meaning) -> Option<Meaning> {
    use Stance::{No, NotApplicable, Other, Partial, Planned, Yes};
    match (head.stance, tail.stance) {
        (a, b) if a == b => Some(Meaning { plain: head.plain && tail.plain, ..head }),
        (Planned | Other, _) => Some(head),
        (Yes, Partial | Other) | (No, Planned | Other | NotApplicable) | (Partial, Planned | Other) => Some(tail),
        _ => None,
    }
}

/// In one width and case, without spaces and the marks between words.
fn plain(text: &str) -> String {
    let normal = normalize(text);
    let kept: String =
        normal.chars().filter(|c| !c.is_whitespace() && !matches!(c, '。' | '.' | '、' | ',' | '-' | '–' | '—' | '_' | '!')).collect();
    if kept.is_empty() { normal } else { kept.replace("ございます", "あります") }
}

/// Without the number or letter in front: 「1. はい」, 「(2) いいえ」, 「①はい」 (which normalizes to 「1はい」), 「レベル3：…」.
fn unnumbered(text: &str) -> Option<&str> {
    let bare = ["レベル", "level", "lv."].iter().find_map(|word| text.strip_prefix(word)).or(text.strip_prefix("lv"));
    let text = bare.map_or(text, str::trim_start);
    let text = text.strip_prefix(['(', '[', '【']).unwrap_or(text);
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let rest = match digits {
        1 | 2 => text.get(digits..)?,
        0 => {
            let letter = text.chars().next().filter(|c| c.is_ascii_alphabetic() || matches!(c, 'ア'..='オ'))?;
            text.get(letter.len_utf8()..).filter(|rest| rest.starts_with(['.', ':', ')', ']', '】', '、', ' ']))?
        }
        _ => return None,
    };
    let rest = rest.trim_start_matches(['.', ':', ')', ']', '】', '、', ',', '=', '-', ' ', '…']);
    (!rest.is_empty() && !rest.starts_with(|c: char| c.is_ascii_digit())).then_some(rest)
}

fn holds(text: &str, words: &[String]) -> bool {
    words.iter().any(|w| text.contains(w.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named() {
        let bad = |text: &str| Words::parse("index/choices.tsv", text).unwrap_err().to_string();
        assert!(bad("# ok\nyes\tはい\nいいえ\n").starts_with("index/choices.tsv の 3 行目"));
        assert!(bad("maybe\tたぶん").contains("「maybe」という役割はありません"));
        assert!(bad("yes\t可\nno\t可").contains("2 行目"));
        assert!(Words::parse(VOCABULARY, include_str!("../../index/choices.tsv")).is_ok());
    }
}
