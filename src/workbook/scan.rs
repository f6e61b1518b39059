//! One pass over a worksheet part for what calamine does not tell: merges, lists, protection, hidden rows and columns.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::package::{attribute, entity};
use super::{CellRange, MAX_COL, MAX_ROW};

/// A list validation as written in the part.
#[derive(Debug, Default)]
pub(super) struct RawList {
    pub ranges: Vec<CellRange>,
    /// `"○,×"`, `リスト!$A$1:$A$3`, a defined name, a formula.
    pub source: String,
}

/// What surrounds the cells.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub merges: Vec<CellRange>,
    pub lists: Vec<RawList>,
    pub protected: bool,
    pub hidden_rows: Vec<u32>,
    pub hidden_cols: Vec<(u32, u32)>,
}

/// Which element's text is being read.
#[derive(PartialEq)]
enum Inside {
    Nothing,
    Formula,
    Sqref,
}

/// Reads the frame of a worksheet part; `None` where the part is not well-formed.
pub(super) fn frame(xml: &str) -> Option<Frame> {
    let mut reader = Reader::from_str(xml.strip_prefix('\u{feff}').unwrap_or(xml));
    reader.config_mut().check_end_names = false;
    let mut frame = Frame::default();
    let mut row = 0;
    let mut list: Option<RawList> = None;
    let mut sqref = String::new();
    let mut inside = Inside::Nothing;
    loop {
        let event = reader.read_event().ok()?;
        let empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(e) | Event::Empty(e) => match e.local_name().as_ref() {
                "row" => {
                    row = number(&e, "r").unwrap_or(row + 1);
                    if flag(&e, "hidden") && row <= MAX_ROW {
                        frame.hidden_rows.push(row);
                    }
                }
                "col" if flag(&e, "hidden") => {
                    let first = number(&e, "min").unwrap_or(1);
                    frame.hidden_cols.push((first, number(&e, "max").unwrap_or(first).min(MAX_COL)));
                }
                "mergeCell" => frame.merges.extend(attribute(&e, "ref").and_then(|r| r.parse::<CellRange>().ok())),
                "sheetProtection" => frame.protected = flag(&e, "sheet"),
                "dataValidation" if attribute(&e, "type").as_deref() == Some("list") && !empty => {
                    list = Some(RawList::default());
                    sqref = attribute(&e, "sqref").unwrap_or_default();
                }
                "formula1" if list.is_some() && !empty => inside = Inside::Formula,
                "sqref" if list.is_some() && !empty => inside = Inside::Sqref,
                _ => {}
            },
            Event::Text(t) => push(&inside, list.as_mut(), &mut sqref, &t.xml10_content()),
            Event::CData(t) => push(&inside, list.as_mut(), &mut sqref, &t.xml10_content()),
            Event::GeneralRef(r) => {
                let character = r.resolve_char_ref().ok().flatten().map(String::from);
                push(&inside, list.as_mut(), &mut sqref, character.as_deref().unwrap_or_else(|| entity(&r)));
            }
            Event::End(e) => match e.local_name().as_ref() {
                "formula1" | "sqref" => inside = Inside::Nothing,
                "dataValidation" => {
                    if let Some(mut raw) = list.take() {
                        raw.ranges = sqref.split_whitespace().filter_map(|r| r.parse().ok()).collect();
                        frame.lists.push(raw);
                    }
                }
                _ => {}
            },
            Event::DocType(_) => return None,
            Event::Eof => return Some(frame),
            _ => {}
        }
    }
}

fn push(inside: &Inside, list: Option<&mut RawList>, sqref: &mut String, text: &str) {
    match (inside, list) {
        (Inside::Formula, Some(list)) => list.source.push_str(text),
        (Inside::Sqref, Some(_)) => sqref.push_str(text),
        _ => {}
    }
}

fn flag(element: &BytesStart<'_>, name: &str) -> bool {
    matches!(attribute(element, name).as_deref(), Some("1" | "true" | "on"))
}

fn number(element: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(element, name)?.parse().ok()
}
