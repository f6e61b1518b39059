//! Patches for a part: which stretches of it are replaced by what. All else is copied, byte for byte.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::ops::Range;

use super::layout::{Fit, with_attribute};
use super::surveyed::{Formula, Survey, Tag, WantedCell};
use super::{CellRange, CellRef};

/// A stretch of a part and what is to stand in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    pub span: Range<u64>,
    pub text: String,
}

/// A text, and the cell that it is for.
type Wanted<'s> = (&'s str, &'s WantedCell);

/// The patches that put `texts` into the surveyed worksheet, laid out as `fit` says; or the cell that can't be written, and why.
pub(super) fn patches(survey: &Survey, texts: &BTreeMap<CellRef, String>, fit: &Fit) -> Result<Vec<Patch>, (CellRef, String)> {
    let mut patches = Vec::with_capacity(texts.len() + 2);
    let mut wanted: Vec<Wanted<'_>> = Vec::with_capacity(texts.len());
    for (&at, text) in texts {
        let Some(cell) = survey.cell(at) else { continue };
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
        raw = with_attribute(&with_attribute(&raw, "ht", &height.to_string()), "customHeight", "1");
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
    let mut xml = String::with_capacity(text.len() + 6 * prefix.len() + 96);
    let _ = write!(xml, "<{prefix}c r=\"{at}\"");
    if let Some(style) = style {
        let _ = write!(xml, " s=\"{}\"", escape(style));
    }
    if text.is_empty() {
        xml.push_str("/>");
        return xml;
    }
    let text = escape_hex(text);
    let text = escape(&text);
    let p = prefix;
    let _ = write!(xml, " t=\"inlineStr\"><{p}is><{p}t xml:space=\"preserve\">{text}</{p}t></{p}is></{p}c>");
    xml
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| matches!(b, b'&' | b'<' | b'>' | b'"')) {
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
    if !text.contains("_x") {
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
fn widen_spans(tag: &str, added: &[u32]) -> String {
    let Some(spans) = attribute_span(tag, "spans").map(|span| &tag[span]) else { return tag.to_owned() };
    let Some((first, last)) = spans.split_once(':').and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)))
    else {
        return tag.to_owned();
    };
    let first_new = added.iter().copied().fold(first, u32::min);
    let last_new = added.iter().copied().fold(last, u32::max);
    if (first, last) == (first_new, last_new) {
        tag.to_owned()
    } else {
        replace_attribute(tag, "spans", &format!("{first_new}:{last_new}"))
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

/// The bytes of a part with the patches (in order, none overlapping) put in; `None` where they do not fit it.
pub(super) fn spliced(before: &[u8], patches: &[Patch]) -> Option<Vec<u8>> {
    let mut after = Vec::with_capacity(before.len() + patches.iter().map(|p| p.text.len()).sum::<usize>());
    let mut position = 0;
    for patch in patches {
        after.extend_from_slice(before.get(position..usize::try_from(patch.span.start).ok()?)?);
        after.extend_from_slice(patch.text.as_bytes());
        position = usize::try_from(patch.span.end).ok()?;
    }
    after.extend_from_slice(before.get(position..)?);
    Some(after)
}

/// Whether `after` is `before` with the patches put in, and nothing else.
pub(super) fn is_spliced(before: &[u8], patches: &[Patch], mut after: &[u8]) -> bool {
    let mut position = 0;
    for patch in patches {
        let place = usize::try_from(patch.span.start).ok().zip(usize::try_from(patch.span.end).ok()).filter(|(from, to)| from <= to);
        let kept = place.and_then(|(from, to)| Some((before.get(position..from)?, to)));
        let rest = kept.and_then(|(kept, to)| Some((after.strip_prefix(kept)?.strip_prefix(patch.text.as_bytes())?, to)));
        let Some((rest, to)) = rest else { return false };
        (after, position) = (rest, to);
    }
    before.get(position..) == Some(after)
}

/// Copies `source`, which begins at the part's byte `from`, to `out` with the patches (in order, none overlapping) put in.
pub(super) fn apply(mut source: impl Read, from: u64, patches: &[Patch], out: &mut dyn Write) -> io::Result<()> {
    let mut buffer = vec![0; 32 << 10];
    let mut position = from;
    for patch in patches {
        pass(&mut source, patch.span.start.checked_sub(position), &mut buffer, |bytes| out.write_all(bytes))?;
        pass(&mut source, patch.span.end.checked_sub(patch.span.start), &mut buffer, |_| Ok(()))?;
        out.write_all(patch.text.as_bytes())?;
        position = patch.span.end;
    }
    io::copy(&mut source, out)?;
    Ok(())
}

/// Reads exactly `length` bytes, which are shown to `see` piece by piece.
fn pass(
    source: &mut impl Read,
    length: Option<u64>,
    buffer: &mut [u8],
    mut see: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut left = length.ok_or_else(|| io::Error::other("書き込み箇所が重なっています"))?;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match source.read(&mut buffer[..most])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                see(&buffer[..n])?;
                left -= n as u64;
            }
        }
    }
    Ok(())
}

/// Gives the bytes of `after` while holding them against `before` with the patches put in; the first difference is an error.
pub(super) struct Compared<'p, A, B> {
    after: A,
    before: B,
    /// The patches that are still to come, and how much of the first one's text has been met.
    patches: &'p [Patch],
    met: usize,
    /// The place in `before`.
    position: u64,
    scratch: Vec<u8>,
}

impl<'p, A: Read, B: Read> Compared<'p, A, B> {
    pub fn new(after: A, before: B, patches: &'p [Patch]) -> Self {
        Self { after, before, patches, met: 0, position: 0, scratch: Vec::new() }
    }

    /// Whether `bytes` are what must come next.
    fn compare(&mut self, mut bytes: &[u8]) -> io::Result<bool> {
        loop {
            // What is put in comes before what stands at its place.
            while let Some(patch) = self.patches.first().filter(|p| p.span.start == self.position) {
                let rest = &patch.text.as_bytes()[self.met..];
                let n = rest.len().min(bytes.len());
                if rest[..n] != bytes[..n] {
                    return Ok(false);
                }
                self.met += n;
                bytes = &bytes[n..];
                if n < rest.len() {
                    return Ok(true);
                }
                self.scratch.resize(self.scratch.len().max(1 << 10), 0);
                pass(&mut self.before, patch.span.end.checked_sub(patch.span.start), &mut self.scratch, |_| Ok(()))?;
                self.position = patch.span.end;
                self.patches = &self.patches[1..];
                self.met = 0;
            }
            if bytes.is_empty() {
                return Ok(true);
            }
            let until = self.patches.first().map_or(u64::MAX, |p| p.span.start);
            let Some(gap) = until.checked_sub(self.position) else { return Ok(false) };
            let n = usize::try_from(gap).unwrap_or(usize::MAX).min(bytes.len());
            if self.scratch.len() < n {
                self.scratch.resize(n, 0);
            }
            match self.before.read_exact(&mut self.scratch[..n]) {
                Ok(()) if self.scratch[..n] == bytes[..n] => {}
                Err(e) if e.kind() != io::ErrorKind::UnexpectedEof => return Err(e),
                _ => return Ok(false),
            }
            self.position += n as u64;
            bytes = &bytes[n..];
        }
    }
}

impl<A: Read, B: Read> Read for Compared<'_, A, B> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.after.read(buf)?;
        let mut good = self.compare(&buf[..n])?;
        if n == 0 && !buf.is_empty() {
            good &= self.patches.is_empty() && self.before.read(&mut [0])? == 0;
        }
        if good { Ok(n) } else { Err(io::Error::other("書き込んだ箇所の外が変わりました")) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::survey::survey;
    use super::super::xml::Tokens;
    use super::*;

    fn spliced(xml: &str, list: &[(&str, &str)]) -> Result<String, (CellRef, String)> {
        let texts: BTreeMap<CellRef, String> =
            list.iter().map(|(at, text)| (at.parse().expect("a reference"), (*text).to_owned())).collect();
        let survey = survey(Tokens::of(xml.as_bytes(), 64), texts.keys().copied(), false).expect("a worksheet");
        let patches = patches(&survey, &texts, &Fit::default())?;
        let mut out = Vec::new();
        apply(xml.as_bytes(), 0, &patches, &mut out).expect("in memory");
        assert_eq!(super::spliced(xml.as_bytes(), &patches).as_ref(), Some(&out));
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
