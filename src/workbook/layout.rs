//! Makes a written text visible: a line break wraps, and a row that Excel would leave too low grows.
//!
//! Excel finds the height of a row by itself when it opens the file, but neither for a merged block nor for a row whose
//! height was set by hand. Wrapping is a matter of the cell's format: one that differs in nothing else is taken where the
//! workbook has it, else one is put behind the last, which changes the styles' part too. So all of this is a setting.

use std::collections::BTreeMap;

use super::package::{Package, Part};
use super::patch::Patch;
use super::read::ReadError;
use super::splice::{attribute_span, replace_attribute};
use super::surveyed::{Survey, Tag};
use super::token::Kind;
use super::write::Texts;
use super::{CellRange, CellRef, Problem};

/// The highest a row can be, in points.
const MAX_HEIGHT: f64 = 409.0;

/// What the layout adds to the plain writing of texts.
#[derive(Debug, Default)]
pub(super) struct Fit {
    /// Formats in place of those the cells have.
    pub styles: BTreeMap<CellRef, String>,
    /// Heights in place of those the rows have, in points.
    pub heights: BTreeMap<u32, f64>,
}

impl Fit {
    /// What of `sheet`'s look was changed; `None` where nothing was.
    pub fn note(&self, sheet: &str) -> Option<Problem> {
        let rows = (!self.heights.is_empty()).then(|| format!("{} 行の高さを広げ", self.heights.len()));
        let cells = (!self.styles.is_empty()).then(|| format!("{} 個のセルを折り返し表示にし", self.styles.len()));
        let what: Vec<String> = rows.into_iter().chain(cells).collect();
        let message = format!("回答が収まるように、{}ました。", what.join("、"));
        (!what.is_empty()).then(|| Problem { sheet: Some(sheet.to_owned()), cell: None, message })
    }
}

/// The workbook's cell formats, and those that are to come behind them.
pub(super) struct Formats<'p> {
    pub part: Part<'p>,
    prefix: String,
    list: Option<Tag>,
    /// Each `xf` as it stands.
    known: Vec<Format>,
    added: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Format {
    tag: String,
    /// The alignment's tag, where there is one.
    alignment: Option<String>,
    /// What else is in it.
    rest: String,
}

impl Format {
    fn wraps(&self) -> bool {
        let alignment = self.alignment.as_deref();
        alignment.is_some_and(|a| attribute_span(a, "wrapText").is_some_and(|span| matches!(&a[span], "1" | "true")))
    }

    /// The same, wrapping.
    fn wrapping(&self, prefix: &str) -> Self {
        let alignment = match &self.alignment {
            Some(tag) => with_attribute(tag, "wrapText", "1"),
            None => format!("<{prefix}alignment wrapText=\"1\"/>"),
        };
        Self { tag: with_attribute(&self.tag, "applyAlignment", "1"), alignment: Some(alignment), rest: self.rest.clone() }
    }
}

impl<'p> Formats<'p> {
    /// `None` where the workbook has no formats at all.
    pub fn read(package: &'p Package<'p>) -> Result<Option<Self>, ReadError> {
        let path = package.relationships.iter().find(|r| r.kind.ends_with("/styles")).map(|r| r.target.as_str());
        let Some(entry) = path.and_then(|p| package.find(p)) else { return Ok(None) };
        let part = package.load(entry)?;
        let mut tokens = part.tokens();
        let (mut list, mut known, mut prefix): (Option<Tag>, Vec<Format>, _) = (None, Vec::new(), String::new());
        let mut inside = false;
        while let Some(token) = tokens.next().map_err(|e| package.error(&part.entry.name, e))? {
            let raw = || String::from_utf8_lossy(token.raw).into_owned();
            match (token.kind, token.depth, token.local()) {
                (Kind::Start, 1, b"cellXfs") => {
                    inside = true;
                    prefix = String::from_utf8_lossy(token.prefix()).into_owned();
                    list = Some(Tag::new(&token));
                }
                (Kind::End, 1, b"cellXfs") => {
                    inside = false;
                    list.iter_mut().for_each(|l| l.close = token.start);
                }
                (Kind::Start | Kind::Empty, 2, b"xf") if inside => {
                    known.push(Format { tag: opened(&raw()), alignment: None, rest: String::new() })
                }
                (Kind::Start | Kind::Empty, 3, b"alignment") if inside => {
                    if let Some(last) = known.last_mut() {
                        last.alignment = Some(closed(&raw()));
                    }
                }
                (Kind::End, 3, b"alignment") | (Kind::End, 2, _) => {}
                (_, 3.., _) if inside => known.iter_mut().next_back().into_iter().for_each(|f| f.rest.push_str(&raw())),
                _ => {}
            }
        }
        drop(tokens);
        Ok(Some(Self { part, prefix, list, known, added: 0 }))
    }

    /// The format like `style`, but wrapping.
    fn wrapping(&mut self, style: Option<&str>) -> Option<String> {
        let index: usize = style.unwrap_or("0").parse().ok()?;
        let format = self.known.get(index)?;
        if format.wraps() {
            return Some(index.to_string());
        }
        let wanted = format.wrapping(&self.prefix);
        let found = self.known.iter().position(|f| *f == wanted);
        let found = found.unwrap_or_else(|| {
            self.known.push(wanted);
            self.added += 1;
            self.known.len() - 1
        });
        Some(found.to_string())
    }

    fn wraps(&self, style: Option<&str>) -> bool {
        style.unwrap_or("0").parse().ok().and_then(|i: usize| self.known.get(i)).is_some_and(Format::wraps)
    }

    /// What has to change in the styles' part.
    pub fn patches(&self) -> Vec<Patch> {
        let Some(list) = self.list.as_ref().filter(|_| self.added > 0) else { return Vec::new() };
        let p = &self.prefix;
        let new: String = self.known[self.known.len() - self.added..]
            .iter()
            .map(|f| format!("{}{}{}</{p}xf>", f.tag, f.alignment.as_deref().unwrap_or_default(), f.rest))
            .collect();
        let count = replace_attribute(&list.raw, "count", &self.known.len().to_string());
        vec![Patch { span: list.span.clone(), text: count }, Patch { span: list.close..list.close, text: new }]
    }
}

/// What makes the texts visible.
pub(super) fn fit(survey: &Survey, texts: &Texts<'_>, formats: Option<&mut Formats<'_>>) -> Fit {
    let mut fit = Fit::default();
    let Some(formats) = formats else { return fit };
    for &(at, ref text) in texts.iter().filter(|(_, text)| !text.is_empty()) {
        let mut style = survey.style(at).map(str::to_owned);
        if text.contains('\n')
            && let Some(wrapping) = formats.wrapping(style.as_deref())
        {
            if style.as_ref() != Some(&wrapping) && !(style.is_none() && wrapping == "0") {
                fit.styles.insert(at, wrapping.clone());
            }
            style = Some(wrapping);
        }
        let merge = survey.cell(at).and_then(|c| c.merge);
        let (height, by_hand) = survey.measures.height(at.row);
        if !formats.wraps(style.as_deref()) || (merge.is_none() && !by_hand) || height == 0.0 {
            continue;
        }
        let block = merge.unwrap_or(CellRange { first: at, last: at });
        let lines = lines(text, (block.first.col..=block.last.col).map(|col| survey.measures.width(col)).sum());
        let has: f64 = (block.first.row..=block.last.row).take(1_000).map(|row| survey.measures.height(row).0).sum();
        let missing = lines as f64 * survey.measures.line_height() - has;
        if missing > 0.0 {
            let grown = fit.heights.entry(at.row).or_insert(height);
            *grown = grown.max((height + missing).min(MAX_HEIGHT));
        }
    }
    fit
}

/// How many lines a text takes in a column of `width` half-width characters.
fn lines(text: &str, width: f64) -> usize {
    // A cell has a little room at both sides.
    let room = (width - 1.0).max(2.0) as usize;
    let half = |c: char| c.is_ascii() || ('\u{ff61}'..='\u{ff9f}').contains(&c);
    text.split('\n').map(|line| line.chars().map(|c| if half(c) { 1 } else { 2 }).sum::<usize>().div_ceil(room).max(1)).sum()
}

/// The tag as a start tag.
fn opened(tag: &str) -> String {
    format!("{}>", tag.trim_end_matches('>').trim_end_matches('/').trim_end())
}

/// The tag as one without an end tag.
fn closed(tag: &str) -> String {
    format!("{}/>", tag.trim_end_matches('>').trim_end_matches('/').trim_end())
}

/// The tag with the attribute set.
pub(super) fn with_attribute(tag: &str, name: &str, value: &str) -> String {
    if attribute_span(tag, name).is_some() {
        return replace_attribute(tag, name, value);
    }
    let end = tag.trim_end_matches('>').trim_end_matches('/').trim_end().len();
    format!("{} {name}=\"{value}\"{}", &tag[..end], &tag[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_width() {
        assert_eq!(lines("あいう\n\nabc", 7.0), 3);
        assert_eq!(lines("あいうえ", 7.0), 2);
        assert_eq!(lines("", 7.0), 1);
        assert_eq!(with_attribute("<xf a='1'/>", "b", "2"), "<xf a='1' b=\"2\"/>");
        assert_eq!(with_attribute("<xf b='1'>", "b", "2"), "<xf b='2'>");
    }
}
