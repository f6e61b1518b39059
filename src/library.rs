//! Answers that clients were given before, as the files hold them that came in with answers: past, but approved by nobody here.
//! They are shown beside the drafts with their client, file and date, and never become a draft by themselves.

use jiff::civil::Date;

use crate::export::FinalAnswer;
use crate::questionnaire::polarity::is_turned_under;
use crate::text::{dice, normalize, pair_set};

/// From this likeness (Dice over pairs of characters) on, an old question counts as nearly the same.
const NEARLY: f64 = 0.85;
/// At most so many are offered for a question.
const OFFERED: usize = 5;
/// At most so many are found by words.
const LISTED: usize = 20;

/// One past answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledAnswer {
    /// Its id in the library.
    pub id: i64,
    /// Who was answered.
    pub client: String,
    /// When.
    pub answered_on: Date,
    /// The file it stood in.
    pub file_name: String,
    /// The headings the question stood under, the widest first.
    pub section: Vec<String>,
    /// The client's question, verbatim.
    pub question: String,
    /// What stood there, verbatim.
    pub answer: FinalAnswer,
}

/// The answers in `all` to questions that ask nearly the same as `question` under `section`, and in the same direction: the most
/// alike first, then the latest; none twice.
#[must_use]
pub fn alike<'a>(section: &[String], question: &str, all: &'a [FiledAnswer]) -> Vec<&'a FiledAnswer> {
    let folded = normalize(question);
    let (pairs, turned) = (pair_set(&folded), is_turned_under(section, question));
    let near = |filed: &&FiledAnswer| {
        // Texts of very different length can't be alike: most end here.
        let (few, many) = (filed.question.len().min(question.len()), filed.question.len().max(question.len()));
        few * 10 >= many * 6
    };
    let mut found: Vec<(f64, &FiledAnswer)> = all
        .iter()
        .filter(near)
        .map(|filed| {
            let text = normalize(&filed.question);
            (if text == folded { 1.0 } else { dice(&pairs, &pair_set(&text)) }, filed)
        })
        // A small change may turn a question round: then the old answer is not this one's.
        .filter(|(likeness, filed)| *likeness >= NEARLY && is_turned_under(&filed.section, &filed.question) == turned)
        .collect();
    found.sort_by(|(a, x), (b, y)| b.total_cmp(a).then(y.answered_on.cmp(&x.answered_on)).then(y.id.cmp(&x.id)));
    distinct(found.into_iter().map(|(_, filed)| filed), OFFERED)
}

/// The answers in `all` in whose question or text all of `words` stand, the latest first.
#[must_use]
pub fn with_words<'a>(words: &str, all: &'a [FiledAnswer]) -> Vec<&'a FiledAnswer> {
    let words = normalize(words);
    let words: Vec<&str> = words.split(' ').filter(|w| !w.is_empty()).collect();
    let has = |filed: &&FiledAnswer| {
        let both = normalize(&format!("{} {}", filed.question, filed.answer.text));
        !words.is_empty() && words.iter().all(|w| both.contains(w))
    };
    let mut found: Vec<&FiledAnswer> = all.iter().filter(has).collect();
    found.sort_by_key(|filed| std::cmp::Reverse((filed.answered_on, filed.id)));
    distinct(found.into_iter(), LISTED)
}

/// The first `most` of them, without those that say the same to the same client.
fn distinct<'a>(all: impl Iterator<Item = &'a FiledAnswer>, most: usize) -> Vec<&'a FiledAnswer> {
    let mut kept: Vec<&FiledAnswer> = Vec::new();
    for filed in all {
        let same = |k: &&FiledAnswer| k.client == filed.client && k.question == filed.question && k.answer == filed.answer;
        if kept.len() < most && !kept.iter().any(same) {
            kept.push(filed);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filed(id: i64, day: i8, question: &str, text: &str) -> FiledAnswer {
        FiledAnswer {
            id,
            client: "甲社".to_owned(),
            answered_on: Date::constant(2025, 4, day),
            file_name: "昨年.xlsx".to_owned(),
            section: vec![],
            question: question.to_owned(),
            answer: FinalAnswer { choice: Some("○".to_owned()), text: text.to_owned() },
        }
    }

    #[test]
    fn the_same_question_brings_its_answers_and_one_turned_round_does_not() {
        let all = [
            filed(1, 1, "社外との打合せや説明会の録画を、終了した後に保存しているか。", "古い回答"),
            filed(2, 2, "社外との打合せや、説明会の録画を終了した後に保存しているか？", "新しい回答"),
            filed(3, 2, "社外との打合せや、説明会の録画を終了した後に保存しているか？", "新しい回答"),
            filed(4, 3, "社外との打合せや説明会の録画を、終了した後に保存していないか。", "逆の回答"),
            filed(5, 3, "通信を暗号化していますか。", "別の回答"),
        ];
        let ids = |found: Vec<&FiledAnswer>| found.iter().map(|f| f.id).collect::<Vec<_>>();
        assert_eq!(ids(alike(&[], "社外との打合せや、説明会の録画を終了した後に保存しているか？", &all)), [3, 1]);
        assert_eq!(ids(alike(&[], "まったく別の質問です。", &all)), Vec::<i64>::new());
        assert_eq!(ids(with_words("説明会　回答", &all)), [4, 3, 1]);
        assert_eq!(ids(with_words(" ", &all)), Vec::<i64>::new());
    }
}
