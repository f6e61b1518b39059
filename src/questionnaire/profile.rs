//! Facts about the company that clients ask for beside security: its name, its address, who answers.
//!
//! The facts and the clients' words for them are in `index/profile.tsv`. What is so they say themselves: an administrator keeps
//! the company's [`Profile`] once, and the drafts for such questions come from there and from nowhere else.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::OnceLock;

use jiff::civil::Date;

use super::headings::without_brackets;
use super::words::{self, BadWord};
use super::{Kind, Question};
use crate::text::{date, normalize};
use crate::workbook::{CellRef, Visibility, Workbook};

/// The file of words.
pub const VOCABULARY: &str = "index/profile.tsv";

/// The key of the day of answering: known only when the answers leave, so no profile has it.
const DATE: &str = "date";

/// The key of the services that a questionnaire is about: it says so itself.
const SERVICES: &str = "service-name";

/// The key of the number under which the client keeps the company: the client gave it, and each gives another.
const CLIENT_CODE: &str = "client-code";

/// A fact that a profile can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is stored under.
    pub key: String,
    /// What it is called.
    pub name: String,
}

/// What an administrator keeps about the company: [`Fact::key`] → value. No value is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile(pub BTreeMap<String, String>);

/// A draft from the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The text for the client, as the administrator wrote it; several facts one below the other.
    pub text: String,
    /// The names of the facts it comes from.
    pub sources: Vec<String>,
}

/// The words of `index/profile.tsv`.
#[derive(Debug, Default)]
struct Words {
    facts: Vec<Fact>,
    /// Word → place of the fact.
    known: BTreeMap<String, usize>,
    weak: Vec<String>,
    lead: Vec<String>,
    /// The two letters with which words of `known` and `lead` begin, one where they have no more.
    openings: HashSet<(char, Option<char>)>,
    firsts: HashSet<char>,
    ask: Vec<String>,
    about: Vec<String>,
}

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Words> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`].
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    Ok(WORDS.set(Words::parse(file, text)?).is_ok())
}

impl Words {
    fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(VOCABULARY, include_str!("../../index/profile.tsv")).unwrap_or_default())
    }

    fn parse(file: &str, text: &str) -> Result<Self, BadWord> {
        let mut words = Self::default();
        words::read(file, text, |role, word| {
            let list = match role {
                "weak" => &mut words.weak,
                "lead" => &mut words.lead,
                "ask" => &mut words.ask,
                "about" => &mut words.about,
                key => {
                    let at = words.facts.iter().position(|f| f.key == key).unwrap_or(words.facts.len());
                    if at == words.facts.len() {
                        words.facts.push(Fact { key: key.to_owned(), name: word.to_owned() });
                    }
                    return match words.known.insert(squeeze(word), at) {
                        Some(before) if before != at => Err(format!("「{word}」は「{}」の行にもあります。", words.facts[before].key)),
                        _ => Ok(()),
                    };
                }
            };
            list.push(squeeze(word));
            Ok(())
        })?;
        let both = words.known.keys().chain(&words.lead).map(|w| w.chars());
        words.openings = both.filter_map(|mut letters| Some((letters.next()?, letters.next()))).collect();
        words.firsts = words.openings.iter().map(|(first, _)| *first).collect();
        words.lead.sort_by_key(|w| std::cmp::Reverse(w.len()));
        words.ask.sort_by_key(|w| std::cmp::Reverse(w.len()));
        Ok(words)
    }

    /// The facts a text asks for and nothing else; none where it asks for anything more.
    fn asked(&self, text: &str, about_company: bool) -> Option<Vec<&Fact>> {
        if self.begins_otherwise(text) {
            return None;
        }
        // In two languages, one below the other: the Japanese line says it.
        if let Some((english, japanese)) = text.trim().split_once('\n').filter(|(a, b)| a.is_ascii() && !b.is_ascii()) {
            return self.asked(japanese, about_company).or_else(|| self.asked(english, about_company));
        }
        let whole = squeeze(text);
        // 「会社名（フリガナ）」 is a word of its own.
        if let Some(&at) = self.known.get(&whole) {
            return Some(vec![&self.facts[at]]).filter(|_| about_company || !self.weak.contains(&whole));
        }
        let bare = match without_brackets(text) {
            Cow::Borrowed(_) => whole,
            Cow::Owned(bare) => squeeze(&bare),
        };
        let bare = unnumbered(&bare);
        let bare = self.ask.iter().find_map(|ask| bare.strip_suffix(ask.as_str())).unwrap_or(bare);
        if self.begins(bare) { self.parts(bare, about_company) } else { None }
    }

    /// Whether the first letters show already that the text asks for no fact: they begin no word for one, and no word that may
    /// stand before one.
    fn begins_otherwise(&self, text: &str) -> bool {
        let passed_over = |c: char| (c.is_ascii_digit() || is_left_out(c) || matches!(c, '-' | '、')) && !self.firsts.contains(&c);
        let mut letters = text.trim_start_matches(passed_over).chars();
        let (first, next, third) = (letters.next(), letters.next(), letters.next());
        // These stay as they are, but for a mark that makes が of か.
        let stays = |c: Option<char>| c.filter(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿'));
        let marks = |c: Option<char>| matches!(c, Some('\u{3099}' | '\u{309a}' | 'ﾞ' | 'ﾟ'));
        let Some(first) = stays(first).filter(|_| !marks(next)) else { return false };
        if !self.firsts.contains(&first) {
            return true;
        }
        let two = stays(next).filter(|_| !marks(third));
        two.is_some_and(|_| !self.openings.contains(&(first, two)) && !self.openings.contains(&(first, None)))
    }

    /// Whether the text begins as all that ask for facts do: with a word for one, behind words such as 「貴社の」. Most questions
    /// do not, and need not be taken apart.
    fn begins(&self, text: &str) -> bool {
        let Some(first) = text.chars().next().map(|c| &text[..c.len_utf8()]) else { return false };
        let mut alike = self.known.range::<str, _>((Bound::Included(first), Bound::Unbounded)).map(|(word, _)| word.as_str()).take_while(|word| word.starts_with(first));
        let behind = |lead: &String| text.strip_prefix(lead.as_str()).filter(|rest| rest.len() < text.len());
        alike.any(|word| text.starts_with(word)) || self.lead.iter().filter_map(behind).any(|rest| self.begins(rest))
    }

    fn parts(&self, text: &str, about_company: bool) -> Option<Vec<&Fact>> {
        // 「貴社の所在地」 says whose; 「貴社名・記入者名」 begins with no such word.
        let behind = self.lead.iter().find_map(|lead| text.strip_prefix(lead.as_str()));
        let behind = behind.filter(|rest| !rest.is_empty() && !self.known.contains_key(text));
        behind.and_then(|rest| self.parts(rest, true)).or_else(|| self.joined(text, about_company))
    }

    fn joined(&self, rest: &str, about_company: bool) -> Option<Vec<&Fact>> {
        let known = |word: &str| self.known.get(word).filter(|_| about_company || !self.weak.iter().any(|w| w == word));
        if let Some(&at) = known(rest) {
            return Some(vec![&self.facts[at]]);
        }
        for joint in ["および", "及び", "ならびに", "並びに", "、", ",", "・", "/", "と"] {
            let mut cuts = rest.match_indices(joint);
            let found = cuts.find_map(|(at, _)| {
                let (left, right) = (&rest[..at], &rest[at + joint.len()..]);
                // The left word says of the right one what it is about.
                let left = self.parts(left, about_company)?;
                let right = self.parts(right, true)?;
                let mut both: Vec<&Fact> = left.into_iter().chain(right).collect();
                both.dedup();
                Some(both)
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn of(&self, question: &Question) -> Option<Vec<&Fact>> {
        // What is no fact about a company is none about anything.
        self.asked(&question.text, true)?;
        let speaks = |text: &str| {
            let text = squeeze(text);
            self.about.iter().any(|w| text.contains(w.as_str())) && !text.ends_with('か') && !text.ends_with('?')
        };
        // A list of parts of the question above is no list of facts: 「次の情報を提供していますか (1) 氏名」.
        let about_company = question.section.last().is_some_and(|s| speaks(s)) || question.section.is_empty() && speaks(&question.sheet);
        self.asked(&question.text, about_company)
    }
}

/// The facts a profile can hold, in the order of the file.
pub fn facts() -> impl Iterator<Item = &'static Fact> {
    Words::builtin().facts.iter().filter(|f| ![DATE, SERVICES, CLIENT_CODE].contains(&f.key.as_str()))
}

/// What a question is about.
#[must_use]
pub fn kind_of(question: &Question) -> Kind {
    if Words::builtin().of(question).is_some() { Kind::Profile } else { Kind::Check }
}

/// Takes for facts about the company, too, what can be one and stands right before or after such a fact: 「申請者の名称」, 「所在地」.
pub(super) fn spread(questions: &mut [Question]) {
    let could = |q: &Question| Words::builtin().asked(&q.text, true).is_some();
    let follows = |a: &Question, b: &Question| (&a.sheet, &a.section) == (&b.sheet, &b.section) && a.question_cell.row.abs_diff(b.question_cell.row) <= 1;
    for at in (1..questions.len()).chain((1..questions.len()).rev()) {
        let (before, after) = questions.split_at_mut(at);
        if let (Some(a), Some(b)) = (before.last_mut(), after.first_mut())
            && a.kind != b.kind
            && follows(a, b)
            && could(a)
            && could(b)
        {
            (a.kind, b.kind) = (Kind::Profile, Kind::Profile);
        }
    }
}

/// Whether a label such as 「会社名」 asks for facts and nothing else; `about_company` where what stands around it does.
pub(super) fn asks(label: &str, about_company: bool) -> bool {
    Words::builtin().asked(label, about_company).is_some()
}

/// The draft for a question about the company, in a questionnaire about `services`; `None` where the profile does not hold all
/// that is asked for.
#[must_use]
pub fn draft(question: &Question, profile: &Profile, services: &[String]) -> Option<Draft> {
    let asked = Words::builtin().asked(&question.text, true).filter(|_| question.kind == Kind::Profile)?;
    let value = |fact: &Fact| match fact.key.as_str() {
        SERVICES => Some(services.join("、")).filter(|s| !s.is_empty()),
        key => profile.0.get(key).cloned(),
    };
    let values: Vec<(&Fact, String)> = asked.into_iter().map(|fact| Some((fact, value(fact)?))).collect::<Option<_>>()?;
    let text = match values.as_slice() {
        [(_, value)] => value.clone(),
        several => several.iter().map(|(fact, value)| format!("{}：{value}", fact.name)).collect::<Vec<_>>().join("\n"),
    };
    Some(Draft { text, sources: values.iter().map(|(fact, _)| fact.name.clone()).collect() })
}

/// The day that a workbook says it was filled in on: beside, below or behind a word such as 記入日; `None` where it says none.
#[must_use]
pub fn answered_on(workbook: &Workbook) -> Option<Date> {
    let words = Words::builtin();
    let is_date = |word: &str| words.known.get(&squeeze(word)).is_some_and(|&at| words.facts[at].key == DATE);
    for sheet in workbook.sheets.iter().filter(|s| s.visibility == Visibility::Visible) {
        let labels = sheet.cells.iter().filter(|(_, c)| !c.text.is_empty() && c.text.chars().nth(40).is_none());
        for (at, cell) in labels {
            if let Some((label, day)) = cell.text.split_once([':', '：']).or_else(|| cell.text.split_once([' ', '　']))
                && is_date(label)
                && let Some(day) = date(day)
            {
                return Some(day);
            }
            if !is_date(&cell.text) {
                continue;
            }
            let right = sheet.cells.range(CellRef::new(at.row, at.col + 1)..CellRef::new(at.row + 1, 1));
            let beside = right.map(|(_, c)| &c.text).find(|t| !t.is_empty()).and_then(|text| date(text));
            if let Some(day) = beside.or_else(|| date(sheet.text(CellRef::new(at.row + 1, at.col)))) {
                return Some(day);
            }
        }
    }
    None
}

fn squeeze(text: &str) -> String {
    let mut text = normalize(text);
    text.retain(|c| !is_left_out(c));
    text
}

fn is_left_out(c: char) -> bool {
    c.is_whitespace() || matches!(c, '。' | '.' | ':' | '※' | '*' | '■' | '●' | '◆' | '_')
}

/// Without a number in front: 「1会社名」, 「(1)会社名」, 「①会社名」.
fn unnumbered(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '(' | ')' | '-'));
    rest.trim_start_matches(['、', ')'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_can_be_read_and_a_broken_line_is_named() {
        assert!(Words::parse(VOCABULARY, include_str!("../../index/profile.tsv")).is_ok());
        let bad = Words::parse(VOCABULARY, "phone\t電話\nfax\t電話\n").unwrap_err().to_string();
        assert!(bad.starts_with("index/profile.tsv の 2 行目"), "{bad}");
    }

    #[test]
    fn facts_are_what_is_asked_for_and_nothing_else() {
        let known = Words::builtin();
        let keys = |text: &str, about: bool| known.asked(text, about).map(|found| found.iter().map(|f| f.key.as_str()).collect::<Vec<_>>());
        for (text, want) in [
            ("会社名", vec!["company-name"]),
            ("会社名（フリガナ）", vec!["company-name-kana"]),
            ("資本金および直近の従業員数", vec!["capital", "employees"]),
            ("サービスを提供する事業者の名称、代表者名、設立年月", vec!["company-name", "representative", "founded"]),
            ("貴社の正式名称と本社所在地を備考欄にご記入ください。", vec!["company-name", "address"]),
            ("代表者の役職・氏名", vec!["representative"]),
            ("本件のご担当窓口（部署・氏名・電話番号）", vec!["contact-name"]),
            ("1. 貴社名", vec!["company-name"]),
            ("記入日", vec!["date"]),
            ("Company name", vec!["company-name"]),
        ] {
            assert_eq!(keys(text, false), Some(want), "{text}");
        }
        for text in ["氏名", "委託先の名称", "プライバシーマークを取得しているか", "ISMS認証の取得状況", "個人情報保護管理者の氏名", "従業員数に応じた教育を行っているか", ""] {
            assert_eq!(keys(text, false), None, "{text}");
        }
        assert_eq!(keys("氏名", true), Some(vec!["contact-name"]));
    }
}
