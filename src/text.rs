//! Pure text: width, spaces, and what two texts share.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, decompose_compatible};

/// The text in one width and case: NFKC, lower case, white space and control characters folded to single spaces, trimmed.
#[must_use]
pub fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // What stays as it is, is copied in one go.
    let (mut from, mut gap) = (0, false);
    for (at, c) in text.char_indices() {
        let Some(folded) = plain(c) else { return normalize_any(text) };
        if folded == c && c != ' ' && !gap {
            continue;
        }
        out.push_str(&text[from..at]);
        from = at + c.len_utf8();
        if folded == ' ' {
            gap = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        out.push(folded);
    }
    out.push_str(&text[from..]);
    out
}

fn normalize_any(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).map(|c| if c.is_control() { ' ' } else { c }).collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the characters that most Japanese texts are made of fold to, each by itself; `None` for all others.
fn plain(c: char) -> Option<char> {
    match c {
        ' '..='~' => Some(c.to_ascii_lowercase()),
        '\n' | '\r' | '\t' | '\u{3000}' => Some(' '),
        // Full-width letters stand 0xFEE0 above their ASCII twins.
        '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).map(|c| c.to_ascii_lowercase()),
        'ぁ'..='ゖ' | 'ァ'..='ー' | '一'..='鿿' | '、'..='〕' | '×' | '○' | '△' | '◎' | '■' | '□' | '●' | '※' | '→' => Some(c),
        _ => None,
    }
}

/// The day that a text names: 「2024年2月8日」, 「2024/2/8」, 「2024-02-08」, 「令和6年2月8日」, 「R6.2.8」; `None` where it names none,
/// or more than a day.
#[must_use]
pub fn date(text: &str) -> Option<jiff::civil::Date> {
    let text = normalize(text);
    let text = text.split(['(', '〔']).next().unwrap_or_default().trim();
    let eras = [("令和", 2018), ("平成", 1988), ("昭和", 1925), ("r", 2018), ("h", 1988), ("s", 1925)];
    let (rest, before) = eras.iter().find_map(|(era, year)| Some((text.strip_prefix(era)?, *year))).unwrap_or((text, 0));
    let rest = rest.trim_start().replace("元年", "1年");
    let parts: Vec<&str> = rest.split(|c: char| !c.is_ascii_digit()).filter(|p| !p.is_empty()).collect();
    let marks = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '年' | '月' | '日' | '/' | '-' | '.' | ' '));
    let [year, month, day] = parts.as_slice() else { return None };
    let year = year.parse::<i16>().ok()?.checked_add(before)?;
    jiff::civil::Date::new(year, month.parse().ok()?, day.parse().ok()?).ok().filter(|_| marks && year >= 1990)
}

/// A text in one width and case, which still knows where each of its bytes came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// NFKC, lower case; white space and control characters become single spaces each.
    pub text: String,
    /// For each byte of `text`, and for its end: where the piece it belongs to begins and ends in the original.
    origin: Vec<(u32, u32)>,
}

impl Folded {
    /// Folds `original`.
    #[must_use]
    pub fn new(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), origin: Vec::with_capacity(original.len() + 1) };
        let mut chars = original.char_indices().peekable();
        while let Some((from, first)) = chars.next() {
            let mut to = from + first.len_utf8();
            if let Some(c) = plain(first)
                && chars.peek().is_none_or(|&(_, next)| plain(next).is_some())
            {
                folded.text.push(c);
                folded.origin.resize(folded.text.len(), (clip(from), clip(to)));
                continue;
            }
            // A half-width ｶ and its ﾞ are two characters that normalize into one, so a mark stays with its letter.
            while let Some(&(at, c)) = chars.peek().filter(|(_, c)| is_mark(*c)) {
                to = at + c.len_utf8();
                chars.next();
            }
            for c in original[from..to].nfkc().flat_map(char::to_lowercase) {
                let c = if c.is_control() || c.is_whitespace() { ' ' } else { c };
                folded.text.push(c);
                folded.origin.resize(folded.text.len(), (clip(from), clip(to)));
            }
        }
        folded.origin.push((clip(original.len()), clip(original.len())));
        folded
    }

    /// The bytes of the original from which bytes `from..to` of [`Folded::text`] came.
    #[must_use]
    pub fn origin(&self, from: usize, to: usize) -> (usize, usize) {
        let end = (clip(0), clip(0));
        let first = self.origin.get(from).unwrap_or(&end).0;
        let last = to.checked_sub(1).and_then(|i| self.origin.get(i)).unwrap_or(&end).1;
        (first as usize, last.max(first) as usize)
    }
}

/// Texts beyond 4 GB do not occur: a cell holds 32,767 characters.
fn clip(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn is_mark(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |d| first = first.or(Some(d)));
    !c.is_ascii() && first.is_some_and(|d| canonical_combining_class(d) != 0)
}

/// Whether `c` is a katakana letter or the long mark ー.
#[must_use]
pub fn is_katakana(c: char) -> bool {
    matches!(c, 'ァ'..='ヺ' | 'ー' | 'ヽ' | 'ヾ')
}

/// Whether `c` is a hiragana letter.
#[must_use]
pub fn is_hiragana(c: char) -> bool {
    matches!(c, 'ぁ'..='ゟ')
}

/// Pairs of neighbouring letters or digits of a normalized text, where at least one is not hiragana
/// (pairs such as ていす carry grammar, not content).
pub fn bigrams(normalized: &str) -> impl Iterator<Item = (usize, &str)> {
    let next = |at: usize| normalized[at..].chars().next();
    normalized.char_indices().filter_map(move |(from, a)| {
        let middle = from + a.len_utf8();
        let b = next(middle)?;
        let content = a.is_alphanumeric() && b.is_alphanumeric() && !(is_hiragana(a) && is_hiragana(b));
        content.then(|| (from, &normalized[from..middle + b.len_utf8()]))
    })
}

/// How alike two sets of character pairs are, 0 to 1 (Dice). Both must be sorted and free of repetitions.
#[must_use]
pub fn dice(a: &[u64], b: &[u64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut shared) = (0, 0, 0_u32);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    #[allow(clippy::cast_precision_loss)] // lengths of texts
    let total = (a.len() + b.len()) as f64;
    2.0 * f64::from(shared) / total
}

/// Every pair of neighbouring letters or digits (hiragana too), as numbers for [`dice`]: sorted, without repetitions.
#[must_use]
pub fn pair_set(normalized: &str) -> Vec<u64> {
    let letters: Vec<char> = normalized.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut pairs: Vec<u64> =
        letters.windows(2).map(|w| (u64::from(u32::from(w[0])) << 32) | u64::from(u32::from(w[1]))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_the_way_back() {
        let original = "ＰＣ・ｻｰﾊﾞｰの①　Ａ";
        let folded = Folded::new(original);
        assert_eq!(folded.text, "pc・サーバーの1 a");
        let at = folded.text.find("サーバー").unwrap();
        let (from, to) = folded.origin(at, at + "サーバー".len());
        assert_eq!(&original[from..to], "ｻｰﾊﾞｰ");
        let (from, to) = folded.origin(folded.text.len() - 1, folded.text.len());
        assert_eq!(&original[from..to], "Ａ");
        assert_eq!(Folded::new("").origin(0, 0), (0, 0));
    }

    #[test]
    fn the_short_way_folds_as_the_long_one() {
        for c in '\0'..='\u{ffff}' {
            let text = format!("あ{c}{c}い　{c}");
            if plain(c).is_some() {
                assert_eq!(normalize(&text), normalize_any(&text), "{c:?}");
            }
        }
        assert_eq!(normalize("　ＮＯ．　１\n ｶﾞ "), "no. 1 ガ");
    }

    #[test]
    fn days_are_read_in_every_way_of_writing() {
        for text in ["2024年2月8日", "２０２４／２／８", "2024-02-08", "2024.2.8", "令和6年2月8日", "R6.2.8", "2024年 2月 8日（木）"] {
            assert_eq!(date(text), Some(jiff::civil::Date::constant(2024, 2, 8)), "{text}");
        }
        assert_eq!(date("令和元年5月1日"), Some(jiff::civil::Date::constant(2019, 5, 1)));
        for text in ["年　月　日", "2024年2月", "2024年2月30日", "第3版 2024-02-08", "2024-02-08から2024-03-08", "1-2-3", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn likeness_runs_from_nothing_to_the_same() {
        let pairs = |s: &str| pair_set(&normalize(s));
        assert!((dice(&pairs("台帳を作成していますか？"), &pairs("台帳を作成していますか。")) - 1.0).abs() < 1e-9);
        assert!(dice(&pairs("入退室"), &pairs("暗号化")) < 1e-9);
        assert!(dice(&pairs(""), &pairs("")) < 1e-9);
    }
}
