//! Texts that count: a question's number, a letter, points.

use crate::text::normalize;

/// Whether the text is a number of points: 「4点」, 「－1点」, 「（２点）」.
pub(super) fn is_points(text: &str) -> bool {
    let text = normalize(text);
    let bare = text.trim_matches(['(', ')', '[', ']']).trim_start_matches(['-', '−', '+']);
    bare.strip_suffix("点").or_else(|| bare.strip_suffix("pt")).is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// Whether the text is a number as clients write them: `1`, `1-2`, `(3)`, `②`, `A1-1`, `IAM-01.1`, `Q12`.
pub(super) fn is_number(text: &str) -> bool {
    if (1..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return true;
    }
    // 「追3」, 「工01」: a group's letter and a number.
    if text.len() <= 12
        && let Some(rest) = text.strip_prefix(|c: char| matches!(c, '一'..='鿿'))
    {
        let digits = normalize(rest.trim_start_matches(['-', '－', 'ー', '‐']));
        // 「別1-4」
        let parted = digits.len() <= 5 && digits.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        if parted || (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            return true;
        }
    }
    // Most texts are words.
    let word = |c: char| matches!(c, 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿') && !matches!(c, '第' | '項' | '条' | '問' | '設' | '質' | '番');
    if text.len() > 36 || text.contains(word) || !text.contains(char::is_numeric) {
        return false;
    }
    let text = normalize(text);
    let short = text.chars().count() <= 12;
    let shape = text.chars().all(|c| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '(' | ')' | '_' | ':' | '#' | '&' | '第' | '項' | '条' | '問' | '設' | '質' | '番' | 'ー' | '－' | '‐' | '–' | ' ')
    });
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    short && shape && text.chars().any(|c| c.is_ascii_digit()) && letters <= 6
}

/// Whether the text counts without digits: `ア`, `イ)`, `Ⅲ`, `(a)`, `一`, `二十三`.
pub(super) fn is_counter(text: &str) -> bool {
    let bare = text.trim_matches(['(', ')', '（', '）', '.', '．', '、', '・', ' ', '　']);
    let roman = bare.chars().count() <= 4 && bare.chars().all(|c| matches!(c, 'Ⅰ'..='ⅹ' | 'I' | 'V' | 'X'));
    let single = bare.chars().nth(1).is_none();
    let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, 'ァ'..='ン' | 'ｱ'..='ﾝ' | 'Ａ'..='ｚ');
    let numeral = |c: char| matches!(c, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百');
    let several = bare.chars().nth(5).is_none() && bare.chars().all(numeral);
    !bare.is_empty() && (roman || several || single && bare.chars().all(letter))
}
