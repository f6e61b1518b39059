//! What a file without questions seems to be: an invoice, a list of people, a PDF. The evidence is in
//! `index/not-a-questionnaire.tsv`, and is told with the guess.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use super::headings::without_brackets;
use super::words::{self, BadWord};
use crate::text::normalize;
use crate::workbook::Workbook;

/// The file of words.
pub const VOCABULARY: &str = "index/not-a-questionnaire.tsv";

/// Different words that together say what a workbook is, where no title does.
const ENOUGH: usize = 3;
/// At most so many pieces of evidence are told.
const TOLD: usize = 3;
/// Longest cell that is looked at, in characters.
const LONGEST: usize = 24;
/// So many cells are looked at: a guess needs no more.
const CELLS: usize = 20_000;
/// From this many cells on, a table of mostly numbers is told by its numbers.
const FIGURES: usize = 12;
/// The kinds that no word tells.
const EMPTY: &str = "empty";
const NUMBERS: &str = "figures";

/// A guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistaken {
    /// What it seems to be, as it is called.
    name: String,
    /// Why: words that stand in it, or another remark; empty where the name says it all.
    why: String,
    /// What to do instead.
    advice: String,
}

impl fmt::Display for Mistaken {
    /// 「請求書・見積書のようです（「単価」「数量」「金額」があります）。質問票のファイルを選び直してください。」
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = if self.why.is_empty() { String::new() } else { format!("（{}）", self.why) };
        write!(f, "{}のようです{why}。{}", self.name, self.advice)
    }
}

/// One kind of file, and what tells it.
#[derive(Debug)]
struct Kind {
    key: String,
    name: String,
    advice: String,
    titles: Vec<String>,
    words: Vec<String>,
    bytes: Vec<Vec<u8>>,
    parts: Vec<String>,
    streams: Vec<String>,
}

/// The kinds of `index/not-a-questionnaire.tsv`, in the order of the file.
#[derive(Debug, Default)]
struct Kinds(Vec<Kind>);

/// Those in use: set at the start, else the built-in ones.
static WORDS: OnceLock<Kinds> = OnceLock::new();

/// Puts other words in the place of the built-in ones, see [`words::replace`].
pub(super) fn replace(file: &str, text: &str) -> Result<bool, BadWord> {
    Ok(WORDS.set(Kinds::parse(file, text)?).is_ok())
}

impl Kinds {
    fn builtin() -> &'static Self {
        WORDS.get_or_init(|| Self::parse(VOCABULARY, include_str!("../../index/not-a-questionnaire.tsv")).unwrap_or_default())
    }

    fn parse(file: &str, text: &str) -> Result<Self, BadWord> {
        let mut kinds: Vec<Kind> = Vec::new();
        words::read(file, text, |role, rest| {
            let (key, says) = rest.split_once('\t').ok_or("「役割<TAB>種類<TAB>語」の形で書いてください。")?;
            if role == "is" {
                let (name, advice) = says.split_once('\t').ok_or("「is<TAB>種類<TAB>名前<TAB>すること」の形で書いてください。")?;
                let kind = Kind {
                    key: key.to_owned(),
                    name: name.to_owned(),
                    advice: advice.to_owned(),
                    titles: Vec::new(),
                    words: Vec::new(),
                    bytes: Vec::new(),
                    parts: Vec::new(),
                    streams: Vec::new(),
                };
                kinds.push(kind);
                return Ok(());
            }
            let kind = kinds.iter_mut().find(|k| k.key == key).ok_or_else(|| format!("「{key}」という種類の is の行が、上にありません。"))?;
            match role {
                "title" => kind.titles.push(squeeze(says)),
                "word" => kind.words.push(squeeze(says)),
                "part" => kind.parts.push(says.to_owned()),
                "stream" => kind.streams.push(says.to_owned()),
                "bytes" => {
                    let bytes: Result<Vec<u8>, _> = says.split(' ').map(|byte| u8::from_str_radix(byte, 16)).collect();
                    kind.bytes.push(bytes.map_err(|_| "「25 50 44 46」のように、16進数を空白で区切って書いてください。")?);
                }
                _ => return Err(words::unknown(role)),
            }
            Ok(())
        })?;
        Ok(Self(kinds))
    }

    fn mistaken(&self, key: &str, why: String) -> Option<Mistaken> {
        self.0.iter().find(|k| k.key == key).map(|k| Mistaken { name: k.name.clone(), why, advice: k.advice.clone() })
    }
}

/// What a file that is no workbook seems to be, by how it begins and what it holds; `None` where nothing tells.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> Option<Mistaken> {
    let kinds = Kinds::builtin();
    let holds = |name: &[u8]| memchr::memmem::find(bytes, name).is_some();
    let is = |kind: &&Kind| {
        // Names in a zip are bytes, those in an old Office file are UTF-16.
        let wide = |name: &String| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        kind.bytes.iter().any(|begins| bytes.trim_ascii_start().starts_with(begins))
            || bytes.starts_with(b"PK") && kind.parts.iter().any(|part| holds(part.as_bytes()))
            || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) && kind.streams.iter().any(|stream| holds(&wide(stream)))
    };
    let found = kinds.0.iter().find(is)?;
    kinds.mistaken(&found.key, String::new())
}

/// What a workbook without questions seems to be, by its words and numbers; `None` where nothing tells.
#[must_use]
pub fn of_workbook(workbook: &Workbook) -> Option<Mistaken> {
    let kinds = Kinds::builtin();
    let cells = || workbook.sheets.iter().flat_map(|s| s.cells.values()).map(|c| c.text.as_str()).filter(|t| !t.is_empty());
    if cells().next().is_none() {
        return kinds.mistaken(EMPTY, String::new());
    }
    let short: Vec<(String, &str)> = cells()
        .take(CELLS)
        .filter(|t| t.chars().nth(LONGEST).is_none())
        .map(|t| (squeeze(&without_brackets(t)), t))
        .filter(|(word, _)| !word.is_empty())
        .collect();
    let tabs: Vec<(String, &str)> = workbook.sheets.iter().map(|s| (squeeze(&s.name), s.name.as_str())).collect();
    let mut best: Option<(usize, &Kind, Vec<&str>)> = None;
    for kind in &kinds.0 {
        let by_tab = tabs.iter().find(|(name, _)| kind.titles.iter().any(|t| name.contains(t.as_str()))).map(|(_, says)| *says);
        let by_title = || short.iter().find(|(word, _)| kind.titles.iter().any(|t| word.starts_with(t.as_str()))).map(|(_, says)| *says);
        let title = by_tab.or_else(by_title);
        let mut seen = BTreeSet::new();
        let words: Vec<&str> =
            short.iter().filter(|(word, _)| kind.words.contains(word) && seen.insert(word.clone())).map(|(_, says)| *says).collect();
        let weight = words.len() + if title.is_some() { ENOUGH } else { 0 };
        if weight >= ENOUGH && best.as_ref().is_none_or(|(most, ..)| weight > *most) {
            best = Some((weight, kind, title.into_iter().chain(words).collect()));
        }
    }
    if let Some((_, kind, says)) = best {
        let mut told: Vec<String> = Vec::new();
        for word in says.iter().map(|w| format!("「{}」", w.replace('\n', " "))) {
            if !told.contains(&word) {
                told.push(word);
            }
        }
        told.truncate(TOLD);
        return kinds.mistaken(&kind.key, format!("{}があります", told.concat()));
    }
    let (all, numbers) = (cells().take(CELLS).count(), cells().take(CELLS).filter(|t| is_amount(t)).count());
    (all >= FIGURES && numbers * 2 >= all).then(|| kinds.mistaken(NUMBERS, format!("セルの{}%が数値です", numbers * 100 / all)))?
}

fn squeeze(text: &str) -> String {
    normalize(text).chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '：' | '■' | '●' | '◆' | '※' | '*')).collect()
}

/// 「1,200」, 「-3.5」, 「¥500」, 「12%」.
fn is_amount(text: &str) -> bool {
    let text = normalize(text);
    let bare = text.trim_start_matches(['¥', '\\', '$', '-', '+', '△', '▲']).trim_end_matches(['%', '円']);
    !bare.is_empty() && bare.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::workbook::{Cell, CellRef, Sheet, Visibility};

    fn book(name: &str, rows: &[&[&str]]) -> Workbook {
        let mut sheet = Sheet {
            name: name.to_owned(),
            visibility: Visibility::Visible,
            cells: std::collections::BTreeMap::new(),
            merges: vec![],
            validations: vec![],
            protected: false,
            hidden_rows: vec![],
            hidden_cols: vec![],
            widths: Default::default(),
        };
        for (row, texts) in (1..).zip(rows) {
            for (col, text) in (1..).zip(*texts) {
                sheet.cells.insert(CellRef::new(row, col), Cell { text: (*text).to_owned(), ..Cell::default() });
            }
        }
        Workbook { sheets: vec![sheet], problems: vec![] }
    }

    #[test]
    fn the_words_can_be_read_and_a_broken_line_is_named() {
        assert!(Kinds::parse(VOCABULARY, include_str!("../../index/not-a-questionnaire.tsv")).is_ok());
        let bad = Kinds::parse(VOCABULARY, "word\tinvoice\t単価\n").unwrap_err().to_string();
        assert!(bad.starts_with("index/not-a-questionnaire.tsv の 1 行目"), "{bad}");
    }

    #[test]
    fn the_evidence_is_told() {
        let says = |book: &Workbook| of_workbook(book).map(|m| m.to_string()).unwrap_or_default();
        let bill = says(&book("Sheet1", &[&["御 請 求 書"], &["品名", "単価", "数量", "金額（税込）"], &["用紙", "500", "10", "5,000"]]));
        assert!(bill.starts_with("請求書・見積書のようです（「御 請 求 書」「品名」「単価」があります）。"), "{bill}");
        assert!(says(&book("社員名簿", &[&["番号", "氏名"]])).starts_with("名簿のようです（「社員名簿」「氏名」があります）。"));
        assert!(says(&book("Sheet1", &[&["氏名", "フリガナ", "生年月日"]])).starts_with("名簿のようです"));
        assert!(says(&book("Sheet1", &[])).starts_with("何も記入されていないブックのようです。"));
        let rows: Vec<[String; 3]> = (0..8).map(|n| [format!("店舗{n}"), format!("{}", n * 31), format!("{n},500")]).collect();
        let rows: Vec<Vec<&str>> = rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        assert!(says(&book("Sheet1", &rows)).starts_with("数値の集計表のようです（セルの66%が数値です）"));
        assert_eq!(says(&book("Sheet1", &[&["氏名"], &["議題"], &["何かの文章です。"]])), "");
    }

    #[test]
    fn other_programs_files_are_told_by_their_bytes() {
        let says = |bytes: &[u8]| of_bytes(bytes).map(|m| m.name).unwrap_or_default();
        assert_eq!(says(b"%PDF-1.7\n"), "PDFファイル");
        assert_eq!(says(b"PK\x03\x04....word/document.xml"), "Word文書");
        assert_eq!(says(b"\x89PNG\r\n\x1a\n"), "画像");
        let mut letter = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
        letter.extend("WordDocument".encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(says(&letter), "Word文書");
        assert_eq!(says("質問".as_bytes()), "");
    }
}
