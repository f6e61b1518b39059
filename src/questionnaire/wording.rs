//! What a text says of itself by its wording: its number, that it asks, explains, is an example or a total.

use super::headings::without_brackets;
use super::numbers::{is_counter, is_number};
use crate::text::normalize;

/// 「Q1. …」 → Q1, 「１）…」 → １）, 「(1) …」 → (1), 「①…」 → ①.
pub(super) fn leading_number(text: &str) -> Option<String> {
    let circled = |c: &char| matches!(c, '①'..='⑳' | '㉑'..='㉟');
    if let Some(c) = text.chars().next().filter(circled) {
        return Some(c.to_string());
    }
    // 「a) …」
    let mut letters = text.chars();
    if let (Some('a'..='z' | 'A'..='Z' | 'ア'..='ン'), Some(close @ (')' | '）'))) = (letters.next(), letters.next()) {
        return text.find(close).map(|at| text[..at + close.len_utf8()].to_owned());
    }
    let mut end = 0;
    let mut digits = false;
    for (at, c) in text.char_indices().take(10) {
        let folded = normalize(&c.to_string()).chars().next().unwrap_or(' ');
        match folded {
            '0'..='9' => digits = true,
            '(' if at == 0 => {}
            'q' | 'a'..='z' if !digits => {}
            // 「P-4. …」
            '-' if digits || text[at + c.len_utf8()..].starts_with(|n: char| n.is_ascii_digit()) => {}
            // Closing marks belong to the number, a full stop does not.
            ')' if digits => return Some(text[..at + c.len_utf8()].to_owned()),
            '.' | ':' if digits && text[at + c.len_utf8()..].starts_with(|n: char| normalize(&n.to_string()).starts_with(|d: char| d.is_ascii_digit())) => {}
            '.' | ':' | ' ' if digits && at > 0 => {
                end = at;
                break;
            }
            _ => return None,
        }
    }
    (digits && end > 0).then(|| text[..end].to_owned())
}

/// Whether a number is one below another: 「(1)」, 「①」, 「a)」.
pub(super) fn is_child_number(number: &str) -> bool {
    number.starts_with(['(', '（', '①', '②', '③', '④', '⑤', '⑥', '⑦', '⑧', '⑨']) || number.ends_with([')', '）'])
}

/// Whether the text can be a question's number: most have digits, some only letters.
pub(super) fn counts(text: &str) -> bool {
    is_number(text) || is_counter(text) || text.chars().nth(16).is_none() && text.contains(char::is_numeric)
}

/// Whether the text explains rather than asks: 「※…」, 「（注）…」, 「【解説】…」.
pub(super) fn is_note(text: &str) -> bool {
    // 「💬 …」, 「💡 …」
    let pictured = text.starts_with(|c: char| matches!(c, '\u{1F300}'..='\u{1FAFF}'));
    let marked = pictured || text.starts_with(['※', '＊', '*', '・']);
    marked || ["注", "（注", "(注", "【注", "（補足", "【補足", "【解説", "＜解説", "【参考", "【ポイント", "【備考"].iter().any(|w| text.starts_with(w))
}

/// Whether the text asks or demands, by how it ends.
pub(super) fn asks(text: &str) -> bool {
    let end = text.trim_end_matches(['。', '.', ' ', '　']);
    text.ends_with(['?', '？']) || end.ends_with('か') || end.ends_with("こと") || end.ends_with("ください") || end.ends_with("下さい")
}

/// Whether the text asks for an answer in words: 「…をお書きください」.
pub(super) fn asks_for_words(text: &str) -> bool {
    ["ください", "下さい", "お書き", "記載", "記入", "説明", "教えて"].iter().any(|w| text.contains(w))
}

/// Whether the text asks for yes or no: 「…しているか」. 「どのように…しているか」 does not.
pub(super) fn asks_yes_or_no(text: &str) -> bool {
    let open = ["ど", "何", "いつ", "誰", "だれ", "いく", "なに", "なぜ"];
    text.trim_end_matches(['。', '？', '?', ' ', '　']).ends_with('か') && !open.iter().any(|w| text.contains(w))
}

/// Whether the text only leads up to what stands below it: 「次の点をお書きください」, 「以下の各項目について」.
pub(super) fn leads_up(text: &str) -> bool {
    // Most texts have neither letter.
    text.contains(['次', '下']) && ["次の", "以下の", "下記の", "次に", "以下に", "下記に"].iter().any(|w| text.contains(w))
}

/// Longest word for an example, in characters; more by half where its letters are half-width and marked: 「ｻﾝﾌﾟﾙ」.
const MAX_EXAMPLE: usize = 10;

/// Whether the text says that its row is an example: 「記入例」, 「（例）」, 「※サンプル」.
pub(super) fn is_example_mark(text: &str) -> bool {
    if text.len() > 40 || !text.contains(['例', 'サ', 'e', 'E', 'ｅ', 'Ｅ']) {
        return false;
    }
    // Longer than all of these words, whatever its width.
    if text.chars().filter(|c| c.is_alphabetic()).nth(MAX_EXAMPLE).is_some() {
        return false;
    }
    // 「例／e.g.」 says it twice.
    let text = normalize(text);
    let mut words = text.split([' ', '/', '・']).map(|part| part.chars().filter(|c| c.is_alphanumeric()).collect::<String>()).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && words.all(|word| names_example(&word))
}

fn names_example(word: &str) -> bool {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
    bare.is_empty() || ["例", "記入例", "記載例", "回答例", "入力例", "ex", "eg", "example", "sample", "サンプル"].contains(&bare)
}

/// Whether the text itself is marked as an example: 「記入例：…」, 「（例）…」.
pub(super) fn is_example(question: &str) -> bool {
    let text = question.trim_start_matches(['(', '（', '【', '[', '<', '＜', '※', ' ', '　']);
    let named = ["記入例", "記載例", "回答例", "入力例"].iter().any(|w| text.starts_with(w));
    // 「サンプル・試作品の取扱い」 is none.
    let short = text.strip_prefix('例').or_else(|| text.strip_prefix("サンプル"));
    named || short.is_some_and(|rest| rest.is_empty() || rest.starts_with([')', '）', '】', ']', '：', ':', '＞', '>', '、']))
}

/// Whether the text only says that something goes on: 「（続き）」.
pub(super) fn is_continued(text: &str) -> bool {
    let bare = text.trim_matches(|c: char| !c.is_alphanumeric());
    // 「（統制に関する基準 つづき）」
    let bracketed = text.starts_with(['(', '（', '【', '＜']);
    if bracketed && ["続き", "つづき"].iter().any(|w| bare.ends_with(w)) {
        return true;
    }
    ["続き", "つづき", "前頁の続き", "前ページの続き", "continued"].contains(&bare)
}

/// Longest word for a total, in characters.
const MAX_TOTAL: usize = 5;
/// Words for a total.
const TOTALS: [&str; 9] = ["合計", "小計", "総計", "平均", "平均点", "合計点", "得点", "以上", "total"];

/// Whether the text names a sum: 「合計」.
pub(super) fn is_total(question: &str) -> bool {
    // 「○ の数」
    let count = question.strip_suffix("の数").or_else(|| question.strip_suffix("の個数")).or_else(|| question.strip_suffix("の件数"));
    if count.is_some_and(|what| what.trim().chars().nth(4).is_none()) {
        return true;
    }
    // Most texts are questions, and show it by their first letter.
    let first = question.chars().next();
    if first.is_some_and(|c| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿') && !TOTALS.iter().any(|word| word.starts_with(c))) {
        return false;
    }
    let bare = without_brackets(question);
    // Longer than all of them, whatever its width and spaces.
    if bare.chars().filter(|c| !c.is_whitespace()).nth(MAX_TOTAL).is_some() {
        return false;
    }
    let text = normalize(&bare);
    TOTALS.contains(&text.as_str())
}
