//! Standard sheets in differing layouts, and what a sheet that can't be read is told.

use std::collections::BTreeMap;
use std::path::Path;

use kaitou::standard::{Item, StandardError, StandardSheet, read};
use kaitou::workbook::{Cell, CellRange, CellRef, Limits, Sheet, Visibility, Workbook};

/// A standard sheet of `fixtures/`.
pub fn fixture(name: &str) -> StandardSheet {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap();
    read(&kaitou::workbook::read::read(&bytes, &Limits::default()).unwrap()).unwrap()
}

/// A workbook with one sheet; a cell `=` is merged with the one to its left, `^` with the one above.
fn workbook(rows: &[&[&str]]) -> Workbook {
    let mut cells = BTreeMap::new();
    let mut merges: Vec<CellRange> = Vec::new();
    for (r, row) in (1..).zip(rows) {
        for (c, text) in (1..).zip(row.iter()) {
            let cell = CellRef::new(r, c);
            let neighbour = match *text {
                "=" => CellRef::new(r, c - 1),
                "^" => CellRef::new(r - 1, c),
                _ => {
                    cells.insert(cell, Cell { text: (*text).to_owned(), ..Cell::default() });
                    continue;
                }
            };
            match merges.iter_mut().find(|m| m.contains(neighbour)) {
                Some(merge) => merge.last = cell,
                None => merges.push(CellRange { first: neighbour, last: cell }),
            }
        }
    }
    let sheet = Sheet {
        name: "標準".to_owned(),
        visibility: Visibility::Visible,
        cells,
        merges,
        validations: Vec::new(),
        protected: false,
        hidden_rows: Vec::new(),
        hidden_cols: Vec::new(),
        widths: Vec::new(),
    };
    Workbook { sheets: vec![sheet], problems: Vec::new() }
}

fn path(item: &Item) -> Vec<&str> {
    item.section.iter().map(String::as_str).collect()
}

#[test]
fn the_sample_sheet_with_a_company_part_and_a_part_by_service() {
    let sheet = fixture("standard-sheet.xlsx");
    assert_eq!(sheet.services, ["OpenMill/QuickMill", "OrderMill", "AIRsMEMBERS/Myリスト"]);
    assert_eq!(sheet.items.iter().map(|i| i.id).collect::<Vec<_>>(), (1..=67).collect::<Vec<_>>());
    for item in &sheet.items {
        let per_service = item.id >= 38;
        assert_eq!(item.answers.len(), if per_service { 3 } else { 1 }, "{item:?}");
        assert!(item.answers.iter().all(|a| a.service.is_some() == per_service && !a.text.is_empty()), "{item:?}");
        // The first item states a date; all others of the company's part carry a mark.
        assert_eq!(item.answers[0].mark.as_deref(), (2..38).contains(&item.id).then_some("○"), "{item:?}");
    }
    let item = |id| sheet.item(id).unwrap();
    assert_eq!(path(item(1)), ["開示情報の時点", "開示情報の日付"]);
    assert_eq!(path(item(2)), ["情報セキュリティにかかわる第三者認証の取得"]);
    assert_eq!(path(item(16)), ["アクセス制御"]);
    assert_eq!(path(item(55)), ["サービス基本特性", "セキュリティ", "セキュリティパッチ管理"]);
    assert_eq!(path(item(62)), ["ネットワーク", "セキュリティ", "その他セキュリティ対策"]);
    assert_eq!(path(item(63)), ["ネットワーク", "P C側ネットワーク", "推奨回線"]);
    assert_eq!(path(item(67))[0], "サービスサポート");
    assert_eq!(item(42).answers.iter().map(|a| a.text.as_str()).collect::<Vec<_>>(), ["不可", "契約内容に依存", "不可"]);
}

#[test]
fn another_company_with_other_words_and_no_services() {
    let sheet = fixture("second-standard-sheet.xlsx");
    assert_eq!((sheet.items.len(), sheet.services.len()), (45, 0));
    // Numbers such as U-04 are no ids: the places are.
    let item = sheet.items.iter().find(|i| i.number == "U-04").unwrap();
    assert_eq!((item.id, item.answers[0].mark.as_deref()), (30, Some("一部実施")));
    assert!(item.answers[0].text.starts_with("VPN"), "{item:?}");
    assert!(sheet.items.iter().all(|i| i.section.len() == 1 && !i.question.is_empty() && i.answers[0].mark.is_some()));
}

#[test]
fn categories_carry_down_and_headings_name_services() {
    let sheet = read(&workbook(&[
        &["社内向けの覚え書き"],
        &["項番", "分類", "確認項目", "回答（甲）", "回答（乙）"],
        &["1-1", "認証", "多要素認証を使えるか", "○", "×"],
        &["1-2", "^", "パスワードの桁数", "8桁以上", "12桁以上"],
        &["1-3", "", "ロックの条件", "5回", ""],
        &["2-1", "通信", "暗号化の方式", "TLS 1.2以上", "="],
    ]))
    .unwrap();
    assert_eq!(sheet.services, ["甲", "乙"]);
    assert_eq!(sheet.items.iter().map(path).collect::<Vec<_>>(), [["認証"], ["認証"], ["認証"], ["通信"]]);
    assert_eq!(sheet.items.iter().map(|i| i.answers.len()).collect::<Vec<_>>(), [2, 2, 1, 2]);
    assert_eq!(sheet.items[3].answers[1].text, "TLS 1.2以上");
    assert_eq!(sheet.items.iter().map(|i| i.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn services_are_found_by_their_names_alone() {
    let sheet = fixture("standard-sheet.xlsx");
    let check = |names: &[&str]| sheet.check_services(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
    assert_eq!(check(&["ｏｒｄｅｒｍｉｌｌ"]).unwrap(), ["OrderMill"]);
    assert_eq!(check(&["OrderMill", "QuickMill"]).unwrap(), ["OpenMill/QuickMill", "OrderMill"]);
    let error = check(&["OrderMill", "NoMill"]).unwrap_err().to_string();
    assert!(error.contains("「NoMill」") && error.contains("OpenMill/QuickMill、OrderMill"), "{error}");
}

#[test]
fn what_can_not_be_read_is_named_with_its_row() {
    let heading: &[&str] = &["No.", "質問", "", "回答"];
    let error = |rows: &[&[&str]]| read(&workbook(rows)).unwrap_err();
    let message = error(&[&["売上", "4月"], &["東京", "12"]]).to_string();
    assert!(message.contains("標準") && message.contains("確認項目") && message.contains("回答"), "{message}");
    assert!(matches!(error(&[&["表紙"], heading]), StandardError::NoItems { row: 2, .. }));
    let rows: [&[&str]; 3] = [heading, &["1", "台帳はあるか", "○", "ある"], &["2", "更新しているか", "", ""]];
    assert!(matches!(error(&rows), StandardError::NoAnswer { row: 3, .. }));
    let rows: [&[&str]; 3] = [heading, &["1", "台帳はあるか", "○", "ある"], &["1", "更新しているか", "○", "年1回"]];
    assert!(matches!(error(&rows), StandardError::SameNumber { first: 2, row: 3, .. }));
    let rows: [&[&str]; 2] = [heading, &["1", "", "○", "ある"]];
    assert!(matches!(error(&rows), StandardError::NoQuestion { row: 2, .. }));
}
