//! Two questions in one cell: 「…を導入していますか。また、…を記録していますか。」
//!
//! Only questions that each want an answer of their own count. What goes into one of them further (「その頻度は？」, 「ある場合は…」)
//! does not: the answer to the first answers it, or says nothing to it.

use crate::text::normalize;

/// A shorter one is a remainder, not a question.
const SHORTEST: usize = 8;
/// More than so many are a list, whose items belong together.
const MOST: usize = 4;

/// With these a sentence goes on about what was asked before.
const GOES_ON: [&str; 34] = [
    "それ", "その", "これ", "この", "上記", "前記", "左記", "同", "当該", "はい", "いいえ", "有の", "有り", "ある場合", "あれば", "いる場合", "している", "実施", "該当",
    "yes", "no", "○", "◯", "はいの", "具体", "例えば", "例:", "※", "注", "if ", "for example", "e.g.", "可能な場合", "可能であれば",
];
/// With these it asks for a detail: no yes or no.
const DETAIL: [&str; 27] = [
    "どのよう", "どの程度", "どのくらい", "どれくらい", "どれ", "どの", "どこ", "どなた", "いつ", "誰が", "だれが", "何を", "何で", "何に", "何が", "何人", "何名", "何年", "何日", "何回", "何時間", "いくつ",
    "how ", "what ", "which ", "who ", "when ",
];
/// Between two questions.
const JOINTS: [&str; 8] = ["また", "さらに", "加えて", "なお", "かつ", "併せて", "あわせて", "and "];

/// The questions in a cell, verbatim; none where there is just one.
#[must_use]
pub fn asks(text: &str) -> Vec<&str> {
    let asks: Vec<&str> = sentences(text).into_iter().filter(|s| asks_for_itself(s)).collect();
    if (2..=MOST).contains(&asks.len()) { asks } else { Vec::new() }
}

/// The sentences that end in か, a question mark or, as a demand, in こと; with those that lead up to them.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut from, mut depth) = (0, 0_u32);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '（' | '「' | '『' | '[' | '【' => depth += 1,
            ')' | '）' | '」' | '』' | ']' | '】' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let end = at + c.len_utf8();
        let stops = matches!(c, '。' | '？' | '?') || c == '\n' && is_question(&text[from..at]);
        if stops && depth == 0 {
            found.push(text[from..end].trim());
            from = end;
        }
    }
    found.push(text[from..].trim());
    found
}

fn is_question(sentence: &str) -> bool {
    let bare = sentence.trim_end_matches(['。', '.', ' ', '　', '\n', '\r']);
    bare.ends_with(['か', '?', '？']) || bare.ends_with("こと")
}

fn asks_for_itself(sentence: &str) -> bool {
    if !is_question(sentence) || sentence.chars().count() < SHORTEST {
        return false;
    }
    let plain = normalize(sentence);
    let mut plain = plain.trim_start_matches(|c: char| !c.is_alphanumeric() || c.is_numeric());
    while let Some(rest) = JOINTS.iter().find_map(|j| plain.strip_prefix(j)) {
        plain = rest.trim_start_matches(['、', ',', ' ', 'に', 'て']);
    }
    let condition = ["場合", "ときは", "際は"].iter().any(|c| plain.find(c).is_some_and(|at| plain[..at].chars().count() <= 12));
    !condition && !GOES_ON.iter().any(|w| plain.starts_with(w)) && !DETAIL.iter().any(|w| plain.contains(w))
}

#[cfg(test)]
mod tests {
    use super::asks;

    #[test]
    fn two_questions_are_two_and_a_question_about_the_first_is_none() {
        let two = "ウイルス対策ソフトを全端末に導入していますか。また、操作ログを取得し保管していますか。";
        assert_eq!(asks(two), ["ウイルス対策ソフトを全端末に導入していますか。", "また、操作ログを取得し保管していますか。"]);
        assert_eq!(asks("Is data encrypted at rest? Are backups tested every year?").len(), 2);
        assert_eq!(asks("①入退室を記録していますか\n②監視カメラを設置していますか").len(), 2);
        for one in [
            "バックアップを取得していますか。",
            "バックアップを取得していますか。その頻度はどのくらいですか。",
            "再委託を行いますか。行う場合は、委託先を管理していますか。",
            "ログ（いつ、誰が、何をしたか）を取得していますか。",
            "規程を定めていること。\n（例：就業規則を定めていますか？）",
            "",
        ] {
            assert!(asks(one).is_empty(), "{one}");
        }
    }
}
