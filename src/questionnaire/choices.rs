//! Choices in the client's vocabulary: what they mean, which one says the same as an approved mark, and questions turned round.

use crate::text::normalize;

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
}

/// Whole texts, normalized and without spaces, by what they say. Levels such as 1–5 are missing on purpose: which end is the
/// good one differs from client to client.
const WORDS: [(Stance, &[&str]); 4] = [
    (
        Stance::Yes,
        &[
            "○",
            "◯",
            "〇",
            "◎",
            "⭕",
            "✓",
            "✔",
            "☑",
            "レ",
            "はい",
            "yes",
            "y",
            "有",
            "あり",
            "有り",
            "可",
            "可能",
            "実施済",
            "実施済み",
            "実施",
            "実施中",
            "実施している",
            "実施しています",
            "実施あり",
            "対応済",
            "対応済み",
            "対応",
            "対応可",
            "対応可能",
            "対応している",
            "対応しています",
            "対応あり",
            "できている",
            "できています",
            "出来ている",
            "している",
            "しています",
            "行っている",
            "行っています",
            "満たす",
            "満たしている",
            "満たしています",
            "適合",
            "適合している",
            "遵守",
            "遵守している",
            "準拠",
            "準拠している",
            "準拠済",
            "整備済",
            "整備済み",
            "整備している",
            "策定済",
            "策定済み",
            "定めている",
            "取得済",
            "取得済み",
            "取得している",
            "導入済",
            "導入済み",
            "導入している",
            "ok",
            "良",
            "合",
            "適",
            "該当",
            "該当する",
            "該当あり",
            "問題なし",
            "問題無し",
            "全て実施",
            "全て実施している",
            "全面実施",
            "完全に実施",
            "完全実施",
            "compliant",
            "fullycompliant",
            "implemented",
            "fullyimplemented",
            "met",
            "pass",
            "true",
            "在",
        ],
    ),
    (
        Stance::Partial,
        &[
            "△",
            "▲",
            "一部",
            "一部実施",
            "一部実施している",
            "一部実施しています",
            "一部実施済",
            "一部実施済み",
            "一部対応",
            "一部対応済",
            "一部対応済み",
            "一部対応している",
            "一部適合",
            "一部該当",
            "一部可",
            "一部あり",
            "一部有",
            "部分的",
            "部分的に実施",
            "部分的に実施している",
            "部分対応",
            "部分実施",
            "部分適合",
            "一部できている",
            "ほぼ実施",
            "partial",
            "partially",
            "partlycompliant",
            "partiallycompliant",
            "partiallyimplemented",
            "条件付き",
            "条件付",
            "条件付き可",
            "条件付可",
        ],
    ),
    (
        Stance::No,
        &[
            "×",
            "✕",
            "✗",
            "✖",
            "❌",
            "x",
            "いいえ",
            "no",
            "n",
            "無",
            "なし",
            "無し",
            "不可",
            "不可能",
            "否",
            "未実施",
            "未対応",
            "対応不可",
            "非対応",
            "対応なし",
            "対応していない",
            "対応していません",
            "実施していない",
            "実施していません",
            "実施なし",
            "できていない",
            "できていません",
            "していない",
            "していません",
            "行っていない",
            "行っていません",
            "満たさない",
            "満たしていない",
            "不適合",
            "非適合",
            "未整備",
            "未策定",
            "未取得",
            "未導入",
            "定めていない",
            "ng",
            "不適",
            "notcompliant",
            "noncompliant",
            "non-compliant",
            "notimplemented",
            "notmet",
            "fail",
            "false",
        ],
    ),
    (
        Stance::NotApplicable,
        &[
            "-",
            "－",
            "—",
            "―",
            "ー",
            "–",
            "−",
            "/",
            "対象外",
            "適用外",
            "適用除外",
            "該当なし",
            "該当無し",
            "該当しない",
            "非該当",
            "該当せず",
            "n/a",
            "na",
            "n.a.",
            "notapplicable",
        ],
    ),
];

fn plain(text: &str) -> String {
    normalize(text).chars().filter(|c| !c.is_whitespace() && !matches!(c, '。' | '.' | '、')).collect()
}

fn stance_of_whole(plain: &str) -> Option<Stance> {
    WORDS.iter().find(|(_, words)| words.iter().any(|w| self::plain(w) == plain)).map(|(stance, _)| *stance)
}

/// What a choice or mark says, where that is certain: a known word, or a mark with its explanation (`○：実施している`,
/// `はい（実施済）`) whose two parts agree. Numbers and levels are not certain.
#[must_use]
pub fn stance_of(text: &str) -> Option<Stance> {
    let whole = plain(text);
    if let Some(stance) = stance_of_whole(&whole) {
        return Some(stance);
    }
    let (head, tail) = whole.split_once([':', '(', '（', '：', '=', '／', '/', '・'])?;
    let tail = tail.trim_end_matches([')', '）']);
    match (stance_of_whole(head), stance_of_whole(tail)) {
        (Some(a), Some(b)) => (a == b).then_some(a),
        // 「いいえ（代替策あり）」 and 「はい（一部）」 say more than their first word.
        (Some(a), None) if tail.chars().count() <= 30 && !tail.contains("一部") && !tail.contains("代替") => Some(a),
        (None, Some(b)) if head.chars().count() <= 2 => Some(b),
        _ => None,
    }
}

/// What an approved text says by its first word (`有り（NTP）`, `不可`); `None` where it does not begin with such a word.
#[must_use]
pub fn stance_of_text(text: &str) -> Option<Stance> {
    const HEADS: [(&str, Stance); 14] = [
        ("有り", Stance::Yes),
        ("あり", Stance::Yes),
        ("有", Stance::Yes),
        ("○", Stance::Yes),
        ("はい", Stance::Yes),
        ("可", Stance::Yes),
        ("無し", Stance::No),
        ("なし", Stance::No),
        ("無", Stance::No),
        ("×", Stance::No),
        ("いいえ", Stance::No),
        ("不可", Stance::No),
        ("△", Stance::Partial),
        ("対象外", Stance::NotApplicable),
    ];
    let text = normalize(text);
    HEADS.iter().find_map(|(head, stance)| {
        let rest = text.strip_prefix(head)?;
        // 「有効期限…」 begins with 有, too: the word must end here.
        let ends = rest.chars().next().is_none_or(|c| !c.is_alphanumeric());
        ends.then_some(*stance)
    })
}

/// The one choice that says `stance`; `None` where there is none, or several that differ in what they say.
#[must_use]
pub fn choice_for(stance: Stance, choices: &[String]) -> Option<&String> {
    let mut fitting = choices.iter().filter(|c| stance_of(c) == Some(stance));
    let first = fitting.next()?;
    match fitting.next() {
        None => Some(first),
        // ◎ and ○ side by side are two degrees of yes.
        Some(_) => None,
    }
}

/// Whether a question is turned round, so that はい would not be the good answer (or that is not certain).
#[must_use]
pub fn is_negated(question: &str) -> bool {
    const TURNED: [&str; 22] = [
        "ていないか",
        "でいないか",
        "ていませんか",
        "でいませんか",
        "ことはないか",
        "ことはありませんか",
        "ことはあるか",
        "ことはありますか",
        "ことがあるか",
        "ことがありますか",
        "のままになってい",
        "まま使用してい",
        "まま利用してい",
        "まま放置",
        "ままではないか",
        "制限なく",
        "制限無く",
        "無制限に",
        "誰でも",
        "許可なく",
        "許可無く",
        "未対応の",
    ];
    // 「許可なく持ち出せないように」 forbids: はい is good again.
    const TURNED_BACK: [&str; 9] =
        ["ないように", "ないよう", "禁止", "防止", "防ぐ", "制限して", "制限し", "できない", "させない"];
    let text = normalize(question);
    let last = text.split(['。', '\n']).map(str::trim).rfind(|s| !s.is_empty()).unwrap_or("");
    let asks_negative = TURNED[..12].iter().any(|t| last.contains(t));
    let loose = TURNED[12..].iter().any(|t| last.contains(t)) && !TURNED_BACK.iter().any(|t| last.contains(t));
    asks_negative || loose
}
