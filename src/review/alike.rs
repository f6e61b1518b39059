//! Questions of one questionnaire that ask the same, and answers to them that contradict each other.

use crate::export::FinalAnswer;
use crate::questionnaire::choices::{stance_of, stance_of_text};
use crate::text::{dice, normalize, pair_set};

/// Texts that share this much are near enough to be looked at together.
const NEAR: f64 = 0.9;
/// Shorter questions (有無, 備考) say too little without what stands around them.
const LETTERS: usize = 8;

/// For each question the place of the first one that asks the same or nearly the same, where several do. Questions that
/// differ in a number (8文字以上, 12文字以上) ask different things, however alike they are.
#[must_use]
pub fn groups(texts: &[&str]) -> Vec<Option<usize>> {
    let folded: Vec<(Vec<u64>, String, usize)> = texts
        .iter()
        .map(|text| {
            let text = normalize(text);
            let digits = text.split(|c: char| !c.is_numeric()).filter(|d| !d.is_empty()).collect::<Vec<_>>().join(",");
            (pair_set(&text), digits, text.chars().filter(|c| c.is_alphanumeric()).count())
        })
        .collect();
    let mut first: Vec<Option<usize>> = vec![None; texts.len()];
    for (at, (pairs, digits, letters)) in folded.iter().enumerate() {
        if *letters < LETTERS {
            continue;
        }
        let near = |(p, d, l): &(Vec<u64>, String, usize)| {
            // Sets whose sizes differ too much can't be near: most pairs of questions end here.
            let (few, many) = (p.len().min(pairs.len()), p.len().max(pairs.len()));
            *l >= LETTERS && d == digits && few * 10 >= many * 8 && dice(p, pairs) >= NEAR
        };
        if let Some(earlier) = folded.iter().take(at).position(near) {
            let head = first.get(earlier).copied().flatten().unwrap_or(earlier);
            first[head] = Some(head);
            first[at] = Some(head);
        }
    }
    first
}

/// Whether two answers to the same question can't both be right: one says yes and the other no, or they take different choices.
#[must_use]
pub fn contradict(a: &FinalAnswer, b: &FinalAnswer) -> bool {
    let stance = |answer: &FinalAnswer| match &answer.choice {
        Some(choice) => stance_of(choice),
        None => stance_of_text(&answer.text),
    };
    match (stance(a), stance(b)) {
        (Some(a), Some(b)) => a != b,
        (None, None) => a.choice.is_some() && b.choice.is_some() && a.choice != b.choice,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_in_other_clothes_is_grouped() {
        let texts = [
            "委託先の情報セキュリティ対策を定期的に確認していますか。",
            "有無",
            "委託先の情報セキュリティ対策を、定期的に確認していますか？",
            "パスワードは8文字以上としていますか。",
            "パスワードは12文字以上としていますか。",
            "有無",
            "入退室の記録を取得していますか。",
            "委託先の情報セキュリティ対策を 定期的に確認していますか",
        ];
        assert_eq!(groups(&texts), [Some(0), None, Some(0), None, None, None, None, Some(0)]);
        assert_eq!(groups(&[]), Vec::<Option<usize>>::new());
    }

    #[test]
    fn yes_and_no_contradict_whatever_the_words() {
        let answer = |choice: &str, text: &str| FinalAnswer {
            choice: Some(choice.to_owned()).filter(|c| !c.is_empty()),
            text: text.to_owned(),
        };
        assert!(contradict(&answer("○", "実施しています"), &answer("いいえ", "")));
        assert!(contradict(&answer("", "有り（NTP）"), &answer("×", "")));
        assert!(contradict(&answer("レベル2", ""), &answer("レベル3", "")));
        assert!(!contradict(&answer("○", "甲"), &answer("はい", "乙")));
        assert!(!contradict(&answer("", "文だけ"), &answer("×", "")));
    }
}
