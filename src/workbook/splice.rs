//! Puts texts into the cells of a worksheet part by cutting and joining its XML: whatever is not such a cell stays as it
//! was, to the byte, but for what a new cell makes necessary (its row, the row's `spans`, the sheet's `dimension`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::package::attribute;
use super::{CellRange, CellRef};

/// Why a part can't be edited; the reasons are Japanese, for a person.
#[derive(Debug)]
pub(super) enum SpliceError {
    Cell(CellRef, &'static str),
    Part(&'static str),
}

/// A column's default style: from, to, style.
type ColumnStyle = (u32, u32, String);

/// One row of the part: where it stands in the XML, and its cells.
struct Row {
    number: u32,
    /// From `<row` to behind its start tag.
    start_tag: Range<usize>,
    /// `<row …/>`, without an end tag.
    empty: bool,
    /// Where its end tag begins (for an empty row, the end of its start tag).
    end: usize,
    style: Option<String>,
    cells: Vec<CellSpan>,
}

struct CellSpan {
    at: CellRef,
    /// From `<c` to behind `</c>`.
    span: Range<usize>,
    style: Option<String>,
    formula: Option<Formula>,
}

#[derive(Clone, Copy, PartialEq)]
enum Formula {
    Plain,
    /// Others depend on it, or it on others: a shared formula, an array, a data table.
    Linked,
}

/// What one pass over the part finds.
#[derive(Default)]
struct Outline {
    /// The tag prefix of the spreadsheet's namespace with its colon, or nothing.
    prefix: String,
    dimension: Option<(Range<usize>, CellRange)>,
    columns: Vec<ColumnStyle>,
    /// The whole `<sheetData/>` where it is empty, else where `</sheetData>` begins.
    data_empty: Option<Range<usize>>,
    data_end: usize,
    rows: Vec<Row>,
}

/// The part with `cells` put in.
pub(super) fn splice(xml: &str, cells: &BTreeMap<CellRef, String>) -> Result<String, SpliceError> {
    // quick-xml passes over a byte order mark without counting it.
    let body_start = if xml.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = &xml[body_start..];
    let outline = outline(body)?;
    let mut patches: Vec<(Range<usize>, String)> = Vec::new();
    let mut wanted: BTreeMap<u32, Vec<(CellRef, &str)>> = BTreeMap::new();
    for (&at, text) in cells {
        wanted.entry(at.row).or_default().push((at, text));
    }
    let mut appended = String::new();
    for (number, texts) in &wanted {
        match outline.rows.iter().find(|r| r.number == *number) {
            Some(row) => patch_row(&outline, row, body, texts, &mut patches)?,
            None => {
                let new = new_row(&outline, *number, texts);
                match outline.rows.iter().find(|r| r.number > *number) {
                    Some(next) => patches.push((next.start_tag.start..next.start_tag.start, new)),
                    None => appended.push_str(&new),
                }
            }
        }
    }
    if !appended.is_empty() {
        let p = &outline.prefix;
        match &outline.data_empty {
            Some(span) => patches.push((span.clone(), format!("<{p}sheetData>{appended}</{p}sheetData>"))),
            None => patches.push((outline.data_end..outline.data_end, appended)),
        }
    }
    if let Some((span, range)) = &outline.dimension {
        let grown = cells.keys().fold(*range, |r, c| CellRange {
            first: CellRef::new(r.first.row.min(c.row), r.first.col.min(c.col)),
            last: CellRef::new(r.last.row.max(c.row), r.last.col.max(c.col)),
        });
        if grown != *range {
            patches.push((span.clone(), replace_attribute(&body[span.clone()], "ref", &grown.to_string())));
        }
    }
    // Rows put in at the same place keep the order in which they were pushed, which is ascending.
    patches.sort_by_key(|(span, _)| (span.start, span.end));
    let mut out = String::with_capacity(xml.len() + cells.values().map(|t| t.len() + 80).sum::<usize>());
    out.push_str(&xml[..body_start]);
    let mut position = 0;
    for (span, text) in patches {
        out.push_str(&body[position..span.start]);
        out.push_str(&text);
        position = span.end;
    }
    out.push_str(&body[position..]);
    Ok(out)
}

fn outline(body: &str) -> Result<Outline, SpliceError> {
    const BROKEN: SpliceError = SpliceError::Part("XMLが正しくありません");
    let mut reader = Reader::from_str(body);
    let mut outline = Outline::default();
    let mut in_data = false;
    let mut next_row = 1;
    let mut next_col = 1;
    let mut depth_in_cell = 0_u32;
    loop {
        let start = position(&reader);
        let event = reader.read_event().map_err(|_| BROKEN)?;
        let end = position(&reader);
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(e) | Event::Empty(e) => {
                let name = e.local_name();
                let name = name.as_ref();
                match name {
                    "dimension" if !in_data => {
                        outline.dimension = attribute(&e, "ref").and_then(|r| r.parse().ok()).map(|r| (start..end, r));
                    }
                    "col" if !in_data => outline.columns.extend(column_style(&e)),
                    "sheetData" if !in_data => {
                        outline.prefix = prefix(&e);
                        if empty {
                            outline.data_empty = Some(start..end);
                        } else {
                            in_data = true;
                        }
                    }
                    "row" if in_data && depth_in_cell == 0 => {
                        let number = attribute(&e, "r").and_then(|r| r.parse().ok()).unwrap_or(next_row);
                        if outline.rows.last().is_some_and(|r| r.number >= number) {
                            return Err(SpliceError::Part("行の順序が乱れています"));
                        }
                        next_row = number + 1;
                        next_col = 1;
                        let style = attribute(&e, "s").filter(|_| attribute(&e, "customFormat").is_some_and(|f| f == "1" || f == "true"));
                        outline.rows.push(Row { number, start_tag: start..end, empty, end, style, cells: Vec::new() });
                    }
                    "c" if in_data && depth_in_cell == 0 => {
                        let row = outline.rows.last_mut().ok_or(BROKEN)?;
                        let at = match attribute(&e, "r") {
                            Some(r) => r.parse().map_err(|_| SpliceError::Part("セル番地が正しくありません"))?,
                            None => CellRef::new(row.number, next_col),
                        };
                        if at.row != row.number || row.cells.last().is_some_and(|c| c.at.col >= at.col) {
                            return Err(SpliceError::Part("セルの順序が乱れています"));
                        }
                        next_col = at.col + 1;
                        row.cells.push(CellSpan { at, span: start..end, style: attribute(&e, "s"), formula: None });
                        depth_in_cell = u32::from(!empty);
                    }
                    "f" if depth_in_cell == 1 => {
                        let linked = attribute(&e, "t").is_some_and(|t| t != "normal");
                        if let Some(cell) = outline.rows.last_mut().and_then(|r| r.cells.last_mut()) {
                            cell.formula = Some(if linked { Formula::Linked } else { Formula::Plain });
                        }
                        depth_in_cell += u32::from(!empty);
                    }
                    _ if depth_in_cell > 0 && !empty => depth_in_cell += 1,
                    _ => {}
                }
            }
            Event::End(e) => match e.local_name().as_ref() {
                "sheetData" if in_data && depth_in_cell == 0 => {
                    in_data = false;
                    outline.data_end = start;
                }
                "row" if in_data && depth_in_cell == 0 => {
                    if let Some(row) = outline.rows.last_mut() {
                        row.end = start;
                    }
                }
                _ if depth_in_cell > 0 => {
                    depth_in_cell -= 1;
                    if depth_in_cell == 0
                        && let Some(cell) = outline.rows.last_mut().and_then(|r| r.cells.last_mut())
                    {
                        cell.span.end = end;
                    }
                }
                _ => {}
            },
            Event::DocType(_) => return Err(SpliceError::Part("DOCTYPE宣言があります")),
            Event::Eof => break,
            _ => {}
        }
    }
    if outline.data_empty.is_none() && outline.data_end == 0 {
        return Err(SpliceError::Part("セルの領域（sheetData）がありません"));
    }
    Ok(outline)
}

/// Byte position in the slice that is read: it is in memory, so it fits.
fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn prefix(element: &BytesStart<'_>) -> String {
    element.name().prefix().map_or_else(String::new, |p| format!("{}:", p.as_ref()))
}

fn column_style(element: &BytesStart<'_>) -> Option<ColumnStyle> {
    let first = attribute(element, "min")?.parse().ok()?;
    let last = attribute(element, "max")?.parse().ok()?;
    Some((first, last, attribute(element, "style")?))
}

fn patch_row(
    outline: &Outline,
    row: &Row,
    body: &str,
    texts: &[(CellRef, &str)],
    patches: &mut Vec<(Range<usize>, String)>,
) -> Result<(), SpliceError> {
    let p = &outline.prefix;
    let mut added = Vec::new();
    let mut at_end = String::new();
    for &(at, text) in texts {
        if let Some(cell) = row.cells.iter().find(|c| c.at == at) {
            match cell.formula {
                Some(Formula::Linked) => return Err(SpliceError::Cell(at, "他のセルとつながった数式があります")),
                Some(Formula::Plain) => return Err(SpliceError::Cell(at, "数式が入っています")),
                None => {}
            }
            patches.push((cell.span.clone(), cell_xml(p, at, cell.style.as_deref(), text)));
            continue;
        }
        added.push(at.col);
        let style = row.style.as_deref().or_else(|| outline.column_style(at.col));
        let new = cell_xml(p, at, style, text);
        match row.cells.iter().find(|c| c.at.col > at.col) {
            Some(next) => patches.push((next.span.start..next.span.start, new)),
            None => at_end.push_str(&new),
        }
    }
    if added.is_empty() {
        return Ok(());
    }
    let tag = &body[row.start_tag.clone()];
    let mut new_tag = widen_spans(tag, &added);
    if row.empty {
        let open = new_tag.trim_end_matches('>').trim_end_matches('/').trim_end();
        new_tag = format!("{open}>{at_end}</{p}row>");
    } else if !at_end.is_empty() {
        patches.push((row.end..row.end, at_end));
    }
    if new_tag != tag {
        patches.push((row.start_tag.clone(), new_tag));
    }
    Ok(())
}

fn new_row(outline: &Outline, number: u32, texts: &[(CellRef, &str)]) -> String {
    let p = &outline.prefix;
    let mut row = format!("<{p}row r=\"{number}\">");
    for &(at, text) in texts {
        row.push_str(&cell_xml(p, at, outline.column_style(at.col), text));
    }
    let _ = write!(row, "</{p}row>");
    row
}

impl Outline {
    fn column_style(&self, col: u32) -> Option<&str> {
        self.columns.iter().find(|(first, last, _)| (*first..=*last).contains(&col)).map(|(.., style)| style.as_str())
    }
}

/// An inline string: text whatever it begins with, and the shared strings stay as they are. An empty text leaves the cell empty.
fn cell_xml(prefix: &str, at: CellRef, style: Option<&str>, text: &str) -> String {
    let style = style.map(|s| format!(" s=\"{}\"", escape(s))).unwrap_or_default();
    if text.is_empty() {
        return format!("<{prefix}c r=\"{at}\"{style}/>");
    }
    format!(
        "<{prefix}c r=\"{at}\"{style} t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
        escape(&escape_hex(text))
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Excel reads `_x0041_` in a string as the character 0x41; a literal one is written `_x005F_x0041_` (ECMA-376, 22.9.2.19).
fn escape_hex(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_escape = |i: usize| {
        bytes.len() >= i + 7 && bytes[i + 1] == b'x' && bytes[i + 2..i + 6].iter().all(u8::is_ascii_hexdigit) && bytes[i + 6] == b'_'
    };
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        if c == '_' && is_escape(i) {
            out.push_str("_x005F");
        }
        out.push(c);
    }
    out
}

/// The row's tag with its `spans` (a hint of first:last column) wide enough for the `added` columns.
fn widen_spans(tag: &str, added: &[u32]) -> String {
    let Some(spans) = attribute_value(tag, "spans") else { return tag.to_owned() };
    let Some((first, last)) = spans.split_once(':').and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?))) else {
        return tag.to_owned();
    };
    let first_new = added.iter().copied().fold(first, u32::min);
    let last_new = added.iter().copied().fold(last, u32::max);
    if (first, last) == (first_new, last_new) { tag.to_owned() } else { replace_attribute(tag, "spans", &format!("{first_new}:{last_new}")) }
}

/// Where the value of the attribute stands in the tag.
fn attribute_span(tag: &str, name: &str) -> Option<Range<usize>> {
    let mut from = 0;
    while let Some(found) = tag.get(from..)?.find(name) {
        let at = from + found;
        let before = tag[..at].chars().next_back();
        let rest = tag[at + name.len()..].trim_start();
        if before.is_some_and(char::is_whitespace) && rest.starts_with('=') {
            let rest = rest[1..].trim_start();
            let quote = rest.chars().next().filter(|&c| c == '"' || c == '\'')?;
            let start = tag.len() - rest.len() + 1;
            return Some(start..start + tag[start..].find(quote)?);
        }
        from = at + name.len();
    }
    None
}

fn attribute_value<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    attribute_span(tag, name).map(|span| &tag[span])
}

fn replace_attribute(tag: &str, name: &str, value: &str) -> String {
    match attribute_span(tag, name) {
        Some(span) => format!("{}{value}{}", &tag[..span.start], &tag[span.end..]),
        None => tag.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(list: &[(&str, &str)]) -> BTreeMap<CellRef, String> {
        list.iter().map(|(at, text)| (at.parse().expect("a reference"), (*text).to_owned())).collect()
    }

    #[test]
    fn only_the_wanted_cells_change() {
        let xml = r#"<worksheet><dimension ref="A1:B3"/><cols><col min="3" max="4" style="7"/></cols><sheetData><row r="1" spans="1:2" ><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="2"/></row><row r="3"/></sheetData><x/></worksheet>"#;
        let out = splice(xml, &cells(&[("B1", "=1+1"), ("C1", "a&b"), ("A2", "二行\n目"), ("D3", "x"), ("A5", "_x0041_")])).unwrap();
        let t = |s: &str| format!(r#" t="inlineStr"><is><t xml:space="preserve">{s}</t></is></c>"#);
        let want = format!(
            r#"<worksheet><dimension ref="A1:D5"/><cols><col min="3" max="4" style="7"/></cols><sheetData><row r="1" spans="1:3" ><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="2"{}<c r="C1" s="7"{}</row><row r="2"><c r="A2"{}</row><row r="3"><c r="D3" s="7"{}</row><row r="5"><c r="A5"{}</row></sheetData><x/></worksheet>"#,
            t("=1+1"), t("a&amp;b"), t("二行\n目"), t("x"), t("_x005F_x0041_")
        );
        assert_eq!(out, want);
    }

    #[test]
    fn prefixes_and_empty_sheets_are_kept() {
        let out = splice("\u{feff}<x:worksheet><x:sheetData /></x:worksheet>", &cells(&[("B2", "あ")])).unwrap();
        assert_eq!(
            out,
            "\u{feff}<x:worksheet><x:sheetData><x:row r=\"2\"><x:c r=\"B2\" t=\"inlineStr\"><x:is><x:t xml:space=\"preserve\">あ</x:t></x:is></x:c></x:row></x:sheetData></x:worksheet>"
        );
    }

    #[test]
    fn formulas_are_never_overwritten() {
        let xml = r#"<worksheet><sheetData><row r="1"><c r="A1"><f t="shared" ref="A1:A9" si="0">B1</f><v>1</v></c></row></sheetData></worksheet>"#;
        assert!(matches!(splice(xml, &cells(&[("A1", "x")])), Err(SpliceError::Cell(..))));
    }
}
