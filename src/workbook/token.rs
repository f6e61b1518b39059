//! One token of an XML part: its bytes as they stand, and what they say.

use std::borrow::Cow;
use std::ops::Range;

use super::{CellRef, MAX_COL, MAX_ROW};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `<name …>`
    Start,
    /// `<name …/>`
    Empty,
    /// `</name>`
    End,
    /// What stands between tags, still escaped.
    Text,
    /// `<![CDATA[…]]>`
    CData,
    /// Comments, processing instructions, the XML declaration.
    Other,
}

/// One token.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// Where it begins, in bytes from the part's begin.
    pub start: u64,
    /// How many elements are open around it.
    pub depth: usize,
    /// Its bytes, as they stand.
    pub raw: &'a [u8],
    /// The name of a tag with its prefix; nothing for other tokens.
    pub name: &'a [u8],
}

impl<'a> Token<'a> {
    /// Behind its last byte.
    pub fn end(&self) -> u64 {
        self.start + self.raw.len() as u64
    }

    pub fn span(&self) -> Range<u64> {
        self.start..self.end()
    }

    /// Whether it opens an element (and, where it is empty, closes it too).
    pub fn opens(&self) -> bool {
        matches!(self.kind, Kind::Start | Kind::Empty)
    }

    /// The name of a tag without its prefix.
    pub fn local(&self) -> &'a [u8] {
        &self.name[self.prefix().len()..]
    }

    /// The prefix of a tag's name with its colon, or nothing.
    pub fn prefix(&self) -> &'a [u8] {
        self.name.iter().position(|&b| b == b':').map_or(&[], |colon| &self.name[..=colon])
    }

    /// The attributes of a tag: names, and values still escaped.
    pub fn attributes(&self) -> Attributes<'a> {
        if !self.opens() {
            return Attributes(&[]);
        }
        let end = self.raw.len() - if self.kind == Kind::Empty { 2 } else { 1 };
        Attributes(&self.raw[1 + self.name.len()..end])
    }

    /// The value of the attribute of exactly that name, still escaped.
    pub fn raw_attribute(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes().find(|(n, _)| *n == name.as_bytes()).map(|(_, v)| v)
    }

    /// The value of the attribute of exactly that name.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw_attribute(name).map(unescape)
    }

    /// The value of the attribute of that name behind any prefix: `id` finds `r:id`.
    pub fn prefixed_attribute(&self, local: &str) -> Option<Cow<'a, str>> {
        let behind_colon = |n: &[u8]| n.iter().rposition(|&b| b == b':').is_some_and(|colon| &n[colon + 1..] == local.as_bytes());
        self.attributes().find(|(n, _)| behind_colon(n)).map(|(_, v)| unescape(v))
    }

    /// Whether the attribute says yes (`xsd:boolean`, and `on` of the transitional schema).
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.raw_attribute(name), Some(b"1" | b"true" | b"on"))
    }

    /// The attribute as a number.
    pub fn number(&self, name: &str) -> Option<u32> {
        std::str::from_utf8(self.raw_attribute(name)?).ok()?.trim().parse().ok()
    }

    /// The attribute as the place of a cell.
    pub fn reference(&self, name: &str) -> Option<CellRef> {
        cell_place(self.raw_attribute(name)?)
    }

    /// What a text or CDATA section says; nothing for other tokens.
    pub fn text(&self) -> Cow<'a, str> {
        match self.kind {
            Kind::Text => unescape(self.raw),
            Kind::CData => String::from_utf8_lossy(&self.raw[9..self.raw.len() - 3]),
            _ => Cow::Borrowed(""),
        }
    }
}

/// Goes through the attributes of a tag.
pub(super) struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start();
        // Names are short.
        let equals = rest.iter().position(|&b| b == b'=')?;
        let name = rest[..equals].trim_ascii_end();
        let after = rest[equals + 1..].trim_ascii_start();
        let (&quote, value) = after.split_first().filter(|(q, _)| matches!(**q, b'"' | b'\''))?;
        let length = memchr::memchr(quote, value)?;
        self.0 = &value[length + 1..];
        Some((name, &value[..length]))
    }
}

/// Text with its entities and character references resolved; a reference to anything undeclared stays as it stands.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let text = std::str::from_utf8(raw).map_or_else(|_| String::from_utf8_lossy(raw), Cow::Borrowed);
    if memchr::memchr(b'&', text.as_bytes()).is_none() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let resolved = rest.find(';').filter(|&end| end <= 10).and_then(|end| Some((end, reference(&rest[1..end])?)));
        match resolved {
            Some((end, c)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// `C12` or `c12`, in the one form that nearly all cells have; others are read at leisure.
pub(super) fn cell_place(raw: &[u8]) -> Option<CellRef> {
    let letters = raw.iter().position(|b| !b.is_ascii_alphabetic())?;
    if letters == 0 || letters > 3 || raw.len() - letters > 7 {
        return std::str::from_utf8(raw).ok()?.trim().parse().ok();
    }
    let col = raw[..letters].iter().fold(0, |col, b| col * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    let mut row = 0;
    for &b in &raw[letters..] {
        if !b.is_ascii_digit() {
            return std::str::from_utf8(raw).ok()?.trim().parse().ok();
        }
        row = row * 10 + u32::from(b - b'0');
    }
    ((1..=MAX_ROW).contains(&row) && col <= MAX_COL).then_some(CellRef::new(row, col))
}
