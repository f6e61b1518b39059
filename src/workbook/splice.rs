//! The patches that put texts into the cells of a worksheet part.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use super::layout::{Fit, with_attribute};
use super::patch::Patch;
use super::surveyed::{Formula, Survey, Tag, WantedCell};
use super::write::Texts;
use super::{CellRange, CellRef, letters};

/// A text, and the cell that it is for.
type Wanted<'s> = (&'s str, &'s WantedCell);

/// The patches that put `texts` into the surveyed worksheet, laid out as `fit` says; or the cell that can't be written, and why.
pub(super) fn patches(survey: &Survey, texts: &Texts<'_>, fit: &Fit) -> Result<Vec<Patch>, (CellRef, String)> {
    let mut patches = Vec::with_capacity(texts.len() + 2);
    let mut wanted: Vec<Wanted<'_>> = Vec::with_capacity(texts.len());
    for ((_, text), cell) in texts.iter().zip(&survey.cells) {
        check(cell)?;
        // Nothing into nothing is no change.
        if !(text.is_empty() && cell.found.is_none()) {
            wanted.push((text, cell));
        }
    }
    let mut appended = String::new();
    for cells in wanted.chunk_by(|(_, a), (_, b)| a.at.row == b.at.row) {
        let Some(row) = cells.first().and_then(|(_, cell)| survey.row(cell.at.row)) else { continue };
        match (&row.tag, row.next) {
            (Some(tag), _) => patch_row(survey, fit, tag, cells, &mut patches),
            (None, Some(next)) => patches.push(Patch { span: next..next, text: new_row(survey, fit, row.number, cells) }),
            (None, None) => appended.push_str(&new_row(survey, fit, row.number, cells)),
        }
    }
    if let Some(data) = survey.data.as_ref().filter(|_| !appended.is_empty()) {
        append_into(data, &format!("{}sheetData", survey.prefix), &data.raw, &appended, &mut patches);
    }
    if let Some((tag, range)) = &survey.dimension {
        let grown = wanted.iter().fold(*range, |r, (_, cell)| CellRange {
            first: CellRef::new(r.first.row.min(cell.at.row), r.first.col.min(cell.at.col)),
            last: CellRef::new(r.last.row.max(cell.at.row), r.last.col.max(cell.at.col)),
        });
        if grown != *range {
            patches.push(Patch { span: tag.span.clone(), text: replace_attribute(&tag.raw, "ref", &grown.to_string()) });
        }
    }
    // What is put in at the same place keeps the order in which it was pushed, which is ascending.
    patches.sort_by_key(|p| (p.span.start, p.span.end));
    Ok(patches)
}

fn check(cell: &WantedCell) -> Result<(), (CellRef, String)> {
    let refuse = |why: &str| Err((cell.at, why.to_owned()));
    match &cell.found {
        _ if cell.obstacle.is_some() => refuse(cell.obstacle.as_deref().unwrap_or_default()),
        _ if cell.again => refuse("ファイルの中に同じ番地のセルが二つ以上あります"),
        Some(content) if content.formula == Some(Formula::SharedMaster) => refuse("他のセルが共有する数式の元です"),
        _ => Ok(()),
    }
}

fn patch_row(survey: &Survey, fit: &Fit, tag: &Tag, cells: &[Wanted<'_>], patches: &mut Vec<Patch>) {
    let p = &survey.prefix;
    let mut added = Vec::new();
    let mut at_end = String::new();
    for &(text, cell) in cells {
        let fitting = fit.styles.get(&cell.at).map(String::as_str);
        if let Some(content) = &cell.found {
            let text = cell_xml(p, cell.at, fitting.or(content.style.as_deref()), text);
            patches.push(Patch { span: content.span.clone(), text });
            continue;
        }
        added.push(cell.at.col);
        let new = cell_xml(p, cell.at, fitting.or_else(|| survey.style(cell.at)), text);
        match cell.next {
            Some(next) => patches.push(Patch { span: next..next, text: new }),
            None => at_end.push_str(&new),
        }
    }
    let mut raw = widen_spans(&tag.raw, &added);
    if let Some(height) = cells.first().and_then(|(_, cell)| fit.heights.get(&cell.at.row)) {
        raw = Cow::Owned(with_attribute(&with_attribute(&raw, "ht", &height.to_string()), "customHeight", "1"));
    }
    append_into(tag, &format!("{p}row"), &raw, &at_end, patches);
}

/// Puts `content` at the end of an element whose start tag becomes `raw`.
fn append_into(tag: &Tag, name: &str, raw: &str, content: &str, patches: &mut Vec<Patch>) {
    if tag.empty && !content.is_empty() {
        let open = raw.trim_end_matches('>').trim_end_matches('/').trim_end();
        patches.push(Patch { span: tag.span.clone(), text: format!("{open}>{content}</{name}>") });
        return;
    }
    if raw != tag.raw {
        patches.push(Patch { span: tag.span.clone(), text: raw.to_owned() });
    }
    if !content.is_empty() {
        patches.push(Patch { span: tag.close..tag.close, text: content.to_owned() });
    }
}

fn new_row(survey: &Survey, fit: &Fit, number: u32, cells: &[Wanted<'_>]) -> String {
    let p = &survey.prefix;
    let height = fit.heights.get(&number).map(|h| format!(" ht=\"{h}\" customHeight=\"1\"")).unwrap_or_default();
    let mut row = format!("<{p}row r=\"{number}\"{height}>");
    for &(text, cell) in cells {
        let style = fit.styles.get(&cell.at).map(String::as_str).or_else(|| survey.style(cell.at));
        row.push_str(&cell_xml(p, cell.at, style, text));
    }
    let _ = write!(row, "</{p}row>");
    row
}

/// An inline string: text whatever it begins with, and the shared strings stay as they are. An empty text leaves the cell empty.
fn cell_xml(prefix: &str, at: CellRef, style: Option<&str>, text: &str) -> String {
    let p = prefix;
    let mut xml = String::with_capacity(text.len() + 6 * p.len() + 96);
    xml.extend(["<", p, "c r=\""]);
    xml.extend(letters(at.col));
    put_number(&mut xml, at.row);
    xml.push('"');
    if let Some(style) = style {
        xml.extend([" s=\"", &*escape(style), "\""]);
    }
    if text.is_empty() {
        xml.push_str("/>");
        return xml;
    }
    let text = escape_hex(text);
    xml.extend([" t=\"inlineStr\"><", p, "is><", p, "t xml:space=\"preserve\">", &*escape(&text)]);
    xml.extend(["</", p, "t></", p, "is></", p, "c>"]);
    xml
}

// `write!` takes longer than all else about a cell.
fn put_number(xml: &mut String, number: u32) {
    if number >= 10 {
        put_number(xml, number / 10);
    }
    xml.push(char::from(b'0' + (number % 10) as u8));
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.bytes().fold(false, |any, b| any | matches!(b, b'&' | b'<' | b'>' | b'"')) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Excel reads `_x0041_` in a string as the character 0x41; a literal one is written `_x005F_x0041_` (ECMA-376, 22.9.2.19).
fn escape_hex(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'_', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let is_escape = |i: usize| {
        bytes.len() >= i + 7
            && bytes[i + 1] == b'x'
            && bytes[i + 2..i + 6].iter().all(u8::is_ascii_hexdigit)
            && bytes[i + 6] == b'_'
    };
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        if c == '_' && is_escape(i) {
            out.push_str("_x005F");
        }
        out.push(c);
    }
    Cow::Owned(out)
}

/// The row's tag with its `spans` (a hint of first:last column) wide enough for the `added` columns.
fn widen_spans<'t>(tag: &'t str, added: &[u32]) -> Cow<'t, str> {
    if added.is_empty() {
        return Cow::Borrowed(tag);
    }
    let Some(spans) = attribute_span(tag, "spans").map(|span| &tag[span]) else { return Cow::Borrowed(tag) };
    let Some((first, last)) = spans.split_once(':').and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)))
    else {
        return Cow::Borrowed(tag);
    };
    let first_new = added.iter().copied().fold(first, u32::min);
    let last_new = added.iter().copied().fold(last, u32::max);
    if (first, last) == (first_new, last_new) {
        Cow::Borrowed(tag)
    } else {
        Cow::Owned(replace_attribute(tag, "spans", &format!("{first_new}:{last_new}")))
    }
}

/// Where the value of the attribute stands in the tag.
pub(super) fn attribute_span(tag: &str, name: &str) -> Option<Range<usize>> {
    let mut at = tag.find(char::is_whitespace)?;
    loop {
        at += tag[at..].find(|c: char| !c.is_whitespace())?;
        let equals = at + tag[at..].find('=')?;
        let quote = equals + 1 + tag[equals + 1..].find(['"', '\''])?;
        let end = quote + 1 + tag[quote + 1..].find(tag[quote..].chars().next()?)?;
        if tag[at..equals].trim_end() == name {
            return Some(quote + 1..end);
        }
        at = end + 1;
    }
}

pub(super) fn replace_attribute(tag: &str, name: &str, value: &str) -> String {
    match attribute_span(tag, name) {
        Some(span) => format!("{}{value}{}", &tag[..span.start], &tag[span.end..]),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::patch::{Compared, apply, is_spliced};
    use super::super::survey::survey;
    use super::super::xml::Tokens;
    use super::*;

    fn spliced(xml: &str, list: &[(&str, &str)]) -> Result<String, (CellRef, String)> {
        let mut texts: Texts<'_> = list.iter().map(|(at, text)| (at.parse().expect("a reference"), Cow::from(*text))).collect();
        texts.sort();
        let wanted = texts.iter().map(|(at, _)| *at);
        let survey = survey(Tokens::of(xml.as_bytes(), 64), wanted, false).expect("a worksheet");
        let patches = patches(&survey, &texts, &Fit::default())?;
        let mut out = Vec::new();
        apply(xml.as_bytes(), 0, &patches, &mut out).expect("in memory");
        assert_eq!(super::super::patch::spliced(xml.as_bytes(), &patches).as_ref(), Some(&out));
        let same = |after: &[u8]| {
            let same = is_spliced(xml.as_bytes(), &patches, after);
            assert_eq!(same, io::copy(&mut Compared::new(after, xml.as_bytes(), &patches), &mut io::sink()).is_ok());
            same
        };
        assert!(same(&out));
        for at in 0..out.len() {
            let mut other = out.clone();
            other[at] ^= 1;
            assert!(!same(&other) && !same(&out[..at]), "{at}");
        }
        Ok(String::from_utf8(out).expect("text"))
    }

    fn t(s: &str) -> String {
        format!(r#" t="inlineStr"><is><t xml:space="preserve">{s}</t></is></c>"#)
    }

    #[test]
    fn only_the_wanted_cells_change() {
        let xml = r#"<worksheet><dimension ref="A1:B3"/><cols><col min="3" max="4" style="7"/></cols><sheetData><row r="1" spans="1:2" ><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="2"/></row><row r="3"/></sheetData><x/></worksheet>"#;
        let out = spliced(xml, &[("B1", "=1+1"), ("C1", "a&b"), ("A2", "二行\n目"), ("D3", "x"), ("A5", "_x0041_")]).unwrap();
        let want = format!(
            r#"<worksheet><dimension ref="A1:D5"/><cols><col min="3" max="4" style="7"/></cols><sheetData><row r="1" spans="1:3" ><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="2"{}<c r="C1" s="7"{}</row><row r="2"><c r="A2"{}</row><row r="3"><c r="D3" s="7"{}</row><row r="5"><c r="A5"{}</row></sheetData><x/></worksheet>"#,
            t("=1+1"),
            t("a&amp;b"),
            t("二行\n目"),
            t("x"),
            t("_x005F_x0041_")
        );
        assert_eq!(out, want);
    }

    #[test]
    fn prefixes_marks_and_empty_sheets_are_kept() {
        let out = spliced("\u{feff}<x:worksheet><x:sheetData /></x:worksheet>", &[("B2", "あ")]).unwrap();
        assert_eq!(
            out,
            "\u{feff}<x:worksheet><x:sheetData><x:row r=\"2\"><x:c r=\"B2\" t=\"inlineStr\"><x:is><x:t xml:space=\"preserve\">あ</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>"
        );
    }

    #[test]
    fn places_are_found_without_references_in_disorder_and_in_lower_case() {
        let xml = "<worksheet><sheetData><row><c/><c t='d'><v>2024-04-01</v></c></row><row r='9'><c r='c9'/><c r='a9'/></row><row r='4'/><row><c/></row></sheetData></worksheet>";
        let out = spliced(xml, &[("B1", "x"), ("A9", "y"), ("B4", "z"), ("A5", "w"), ("A7", "v")]).unwrap();
        let want = format!(
            "<worksheet><sheetData><row><c/><c r=\"B1\"{}</row><row r=\"7\"><c r=\"A7\"{}</row><row r='9'><c r='c9'/><c r=\"A9\"{}</row><row r='4'><c r=\"B4\"{}</row><row><c r=\"A5\"{}</row></sheetData></worksheet>",
            t("x"),
            t("v"),
            t("y"),
            t("z"),
            t("w")
        );
        assert_eq!(out, want);
    }

    #[test]
    fn formulas_that_others_hang_on_are_never_overwritten() {
        let f = |f: &str| format!("<worksheet><sheetData><row r='1'><c r='A1'>{f}<v>1</v></c></row></sheetData></worksheet>");
        for (formula, cell) in [
            ("<f t='shared' ref='A1:A9' si='0'>B1</f>", "A1"),
            ("<f t='array' ref='A1:B2'>B1:C2</f>", "B2"),
            ("<f t='dataTable' ref='A1:C3' r1='Z1'/>", "C3"),
        ] {
            assert!(spliced(&f(formula), &[(cell, "x")]).is_err(), "{formula}");
        }
        for formula in ["<f>B1</f>", "<f t='shared' si='0'/>", "<f t='shared' ref='A1' si='0'>B1</f>"] {
            assert!(spliced(&f(formula), &[("A1", "x")]).is_ok(), "{formula}");
        }
    }

    #[test]
    fn a_cell_that_stands_twice_or_under_a_merge_is_refused() {
        let xml = "<worksheet><sheetData><row r='1'><c r='A1'/><c r='A1'/></row></sheetData><mergeCells><mergeCell ref='B1:C2'/></mergeCells></worksheet>";
        assert!(spliced(xml, &[("A1", "x")]).is_err());
        assert!(spliced(xml, &[("C2", "x")]).is_err());
        assert!(spliced(xml, &[("B1", "x")]).is_ok());
    }

    #[test]
    fn rows_of_anchors_are_no_rows_of_cells() {
        let xml = "<worksheet><sheetData><row r='3'/></sheetData><controls><anchor><xdr:row>1</xdr:row></anchor><row r='1'/></controls></worksheet>";
        let out = spliced(xml, &[("A1", "x")]).unwrap();
        assert!(out.starts_with("<worksheet><sheetData><row r=\"1\"><c r=\"A1\""), "{out}");
    }
}
