//! The words by which a standard sheet's columns are known.

use crate::text::normalize;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Number,
    Section,
    Question,
    Mark,
    Answer,
    Note,
}

/// Headings by role: the whole text of the cell, without spaces, marks and brackets.
const WORDS: [(Role, &[&str]); 6] = [
    (
        Role::Number,
        &[
            "no",
            "№",
            "#",
            "番号",
            "項番",
            "管理番号",
            "通番",
            "連番",
            "項目番号",
            "項目no",
            "管理no",
            "id",
            "質問番号",
            "設問番号",
        ],
    ),
    (
        Role::Section,
        &[
            "領域",
            "分野",
            "分類",
            "大分類",
            "中分類",
            "小分類",
            "カテゴリ",
            "カテゴリー",
            "大項目",
            "中項目",
            "小項目",
            "区分",
            "章",
            "節",
            "テーマ",
            "セクション",
            "管理領域",
            "対策領域",
            "項目名",
            "category",
            "section",
        ],
    ),
    (
        Role::Question,
        &[
            "質問",
            "項目",
            "確認項目",
            "設問",
            "情報開示項目",
            "要求事項",
            "質問事項",
            "質問内容",
            "設問内容",
            "確認事項",
            "確認内容",
            "開示項目",
            "チェック項目",
            "チェック内容",
            "点検項目",
            "要件",
            "管理策",
            "対策項目",
            "評価項目",
            "調査項目",
            "セキュリティ項目",
            "内容",
            "question",
            "questions",
            "requirement",
            "control",
        ],
    ),
    (
        Role::Mark,
        &[
            "対応状況",
            "実施状況",
            "遵守状況",
            "適合状況",
            "状況",
            "可否",
            "適否",
            "有無",
            "判定",
            "評価",
            "結果",
            "回答区分",
            "対応",
            "実施",
            "対応可否",
            "対応有無",
            "実施有無",
            "○×",
            "選択",
            "選択肢",
            "status",
        ],
    ),
    (
        Role::Answer,
        &[
            "回答",
            "詳細",
            "当社回答",
            "回答内容",
            "対応内容",
            "開示内容",
            "弊社回答",
            "自社回答",
            "標準回答",
            "回答欄",
            "回答文",
            "回答例",
            "回答詳細",
            "詳細回答",
            "実施内容",
            "対策内容",
            "当社の対応",
            "弊社の対応",
            "当社の回答",
            "answer",
            "response",
        ],
    ),
    (
        Role::Note,
        &[
            "補足",
            "補足説明",
            "補足事項",
            "説明",
            "回答補足",
            "補足回答",
            "回答の補足",
            "特記事項",
            "コメント",
            "備考",
            "根拠",
            "comment",
            "note",
            "notes",
        ],
    ),
];

/// The heading without what varies: spaces, dots, brackets at its end.
fn plain(text: &str) -> String {
    let text: String = normalize(text).chars().filter(|c| !c.is_whitespace() && !"・.:*※".contains(*c)).collect();
    text
}

/// What a cell says as a column's heading; a heading may carry an explanation in brackets (`回答（○／×）`).
pub(super) fn role_of(text: &str) -> Option<Role> {
    let whole = plain(text);
    let find = |t: &str| WORDS.iter().find(|(_, words)| words.contains(&t)).map(|(role, _)| *role);
    find(&whole).or_else(|| find(whole.split(['(', '【', '[', '<']).next()?))
}

/// The service in an answer's heading: `回答（サービス甲）`.
pub(super) fn service_in(text: &str) -> Option<String> {
    let (head, rest) = text.split_once(['(', '（', '【', '['])?;
    let service = rest.trim_end_matches([')', '）', '】', ']']).trim();
    (role_of(head) == Some(Role::Answer) && !service.is_empty()).then(|| service.to_owned())
}

/// Whether a cell in the number column is a number such as `12`, `A-3`, `2.1.4`, `No.5`, `問7`.
pub(super) fn is_number(text: &str) -> bool {
    let text = normalize(text);
    let odd = |c: char| !(c.is_ascii_alphanumeric() || "-.()_/#no№q問第項".contains(c));
    text.chars().count() <= 16 && text.chars().any(|c| c.is_ascii_digit()) && !text.chars().any(odd)
}

/// The headings that are looked for, for the message when they are missing.
pub(super) fn looked_for() -> String {
    let some = |role: Role| {
        let words = WORDS.iter().find(|(r, _)| *r == role).map_or(&[][..], |(_, w)| w);
        words.iter().take(6).copied().collect::<Vec<_>>().join("・")
    };
    format!("質問の列（{} など）と回答の列（{} など）", some(Role::Question), some(Role::Answer))
}
