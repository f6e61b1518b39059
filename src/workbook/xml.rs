//! The tokens of an XML part with their exact places, read from a stream through a small window.
//!
//! What is not edited has to stay to the byte, so tokens carry their raw bytes and their place; and parts of several hundred
//! megabytes have to be gone through in a second, in little memory. Whatever a workbook never holds is refused: a DOCTYPE (and
//! with it every entity of one's own), tags nested too deep, tags that do not close.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

/// How much is asked of the source at once.
const CHUNK: usize = 64 << 10;
/// The longest single token: a cell's text has at most 32,767 characters, a list of merged blocks is many tokens.
const MAX_TOKEN: usize = 32 << 20;

/// Why a part can't be taken apart.
#[derive(Debug, thiserror::Error)]
pub(super) enum XmlError {
    /// Not well-formed, or cut off.
    #[error("XMLが正しくありません")]
    Malformed,
    /// A document type declaration.
    #[error("DOCTYPE宣言があります")]
    Doctype,
    /// Tags nested deeper than the limit.
    #[error("XMLの入れ子が深すぎます")]
    TooDeep,
    /// A single token beyond all reason.
    #[error("XMLの要素が長すぎます")]
    TooLong,
    /// The bytes could not be had: unpacking failed or went over a limit.
    #[error(transparent)]
    Source(#[from] io::Error),
}

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

    /// The name of a tag with its prefix.
    pub fn name(&self) -> &'a [u8] {
        let from = if self.kind == Kind::End { 2 } else { 1 };
        let rest = self.raw.get(from..).unwrap_or_default();
        &rest[..name_length(rest)]
    }

    /// The name of a tag without its prefix.
    pub fn local(&self) -> &'a [u8] {
        let name = self.name();
        name.iter().position(|&b| b == b':').map_or(name, |colon| &name[colon + 1..])
    }

    /// The prefix of a tag's name with its colon, or nothing.
    pub fn prefix(&self) -> &'a [u8] {
        let name = self.name();
        name.iter().position(|&b| b == b':').map_or(&[], |colon| &name[..=colon])
    }

    /// The attributes of a tag: names, and values still escaped.
    pub fn attributes(&self) -> Attributes<'a> {
        if !self.opens() {
            return Attributes(&[]);
        }
        let end = self.raw.len() - if self.kind == Kind::Empty { 2 } else { 1 };
        Attributes(&self.raw[1 + self.name().len()..end])
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
        let equals = memchr::memchr(b'=', rest)?;
        let name = rest[..equals].trim_ascii();
        let after = rest[equals + 1..].trim_ascii_start();
        let (&quote, value) = after.split_first().filter(|(q, _)| matches!(**q, b'"' | b'\''))?;
        let length = memchr::memchr(quote, value)?;
        self.0 = &value[length + 1..];
        Some((name, &value[..length]))
    }
}

fn name_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=' | b'<')).unwrap_or(bytes.len())
}

/// Text with its entities and character references resolved; a reference to anything undeclared stays as it stands.
pub(super) fn unescape(raw: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('&') {
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

/// Reads tokens one after the other.
pub(super) struct Tokens<R> {
    source: R,
    window: Vec<u8>,
    /// The window's bytes before this are done with.
    at: usize,
    /// The window's bytes from here on are not filled.
    filled: usize,
    /// Where the window begins in the part.
    base: u64,
    ended: bool,
    /// The names of the open elements, one behind the other, and where each ends.
    names: Vec<u8>,
    open: Vec<usize>,
    max_depth: usize,
    seen_root: bool,
}

impl<R: Read> Tokens<R> {
    /// The tokens of `source`, whose elements may be nested `max_depth` deep.
    pub fn new(source: R, max_depth: usize) -> Self {
        let (names, open) = (Vec::new(), Vec::new());
        Self { source, window: Vec::new(), at: 0, filled: 0, base: 0, ended: false, names, open, max_depth, seen_root: false }
    }

    /// The next token; `None` at the part's end.
    pub fn next(&mut self) -> Result<Option<Token<'_>>, XmlError> {
        let (kind, length) = loop {
            match lex(&self.window[self.at..self.filled]) {
                Lexed::Token(kind, length) => break (kind, length),
                Lexed::Unfinished if !self.ended => self.refill()?,
                Lexed::Unfinished if self.at == self.filled => {
                    return if self.open.is_empty() && self.seen_root { Ok(None) } else { Err(XmlError::Malformed) };
                }
                // A text at the part's very end has no tag behind it.
                Lexed::Unfinished if self.window[self.at] != b'<' => break (Kind::Text, self.filled - self.at),
                Lexed::Unfinished | Lexed::Wrong => return Err(XmlError::Malformed),
                Lexed::Doctype => return Err(XmlError::Doctype),
            }
        };
        let begin = self.at;
        self.at += length;
        let depth = self.nest(kind, begin)?;
        Ok(Some(Token { kind, start: self.base + begin as u64, depth, raw: &self.window[begin..self.at] }))
    }

    /// Keeps account of what is open; gives the depth of the token that begins at `begin`.
    fn nest(&mut self, kind: Kind, begin: usize) -> Result<usize, XmlError> {
        let depth = self.open.len();
        match kind {
            Kind::Start => {
                self.seen_root = true;
                if depth >= self.max_depth {
                    return Err(XmlError::TooDeep);
                }
                let rest = &self.window[begin + 1..self.at];
                self.names.extend_from_slice(&rest[..name_length(rest)]);
                self.open.push(self.names.len());
                Ok(depth)
            }
            Kind::Empty => {
                self.seen_root = true;
                Ok(depth)
            }
            Kind::End => {
                let rest = &self.window[begin + 2..self.at];
                let name = &rest[..name_length(rest)];
                self.open.pop();
                let from = self.open.last().copied().unwrap_or(0);
                if depth == 0 || &self.names[from..] != name {
                    return Err(XmlError::Malformed);
                }
                self.names.truncate(from);
                Ok(depth - 1)
            }
            _ => Ok(depth),
        }
    }

    fn refill(&mut self) -> Result<(), XmlError> {
        if self.at > 0 {
            self.window.copy_within(self.at..self.filled, 0);
            self.base += self.at as u64;
            self.filled -= self.at;
            self.at = 0;
        }
        if self.filled > MAX_TOKEN {
            return Err(XmlError::TooLong);
        }
        // A token that does not fit makes the window twice as large, so that it is not gone through again and again.
        let wanted = (self.filled * 2).clamp(CHUNK, MAX_TOKEN + CHUNK);
        if self.window.len() < wanted {
            self.window.resize(wanted, 0);
        }
        while self.filled < wanted && !self.ended {
            match self.source.read(&mut self.window[self.filled..wanted]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

enum Lexed {
    Token(Kind, usize),
    /// The token's end is not in the window.
    Unfinished,
    Wrong,
    Doctype,
}

/// The token that `bytes` begin with.
fn lex(bytes: &[u8]) -> Lexed {
    let until =
        |from: usize, end: &[u8]| bytes.get(from..).and_then(|b| memchr::memmem::find(b, end)).map(|at| from + at + end.len());
    let found = |kind, end: Option<usize>| end.map_or(Lexed::Unfinished, |length| Lexed::Token(kind, length));
    match bytes {
        [] | [b'<'] | [b'<', b'!'] | [b'<', b'!', b'-'] => Lexed::Unfinished,
        [b'<', b'/', ..] => found(Kind::End, memchr::memchr(b'>', bytes).map(|at| at + 1)),
        [b'<', b'?', ..] => found(Kind::Other, until(2, b"?>")),
        [b'<', b'!', b'-', b'-', ..] => found(Kind::Other, until(4, b"-->")),
        [b'<', b'!', rest @ ..] if rest.starts_with(b"[CDATA[") => found(Kind::CData, until(9, b"]]>")),
        [b'<', b'!', rest @ ..] if b"[CDATA[".starts_with(rest) => Lexed::Unfinished,
        [b'<', b'!', ..] => Lexed::Doctype,
        [b'<', first, ..] if !(first.is_ascii_alphabetic() || *first == b'_' || *first >= 0x80) => Lexed::Wrong,
        [b'<', ..] => match tag_length(bytes) {
            Some(length) if bytes[length - 2] == b'/' => Lexed::Token(Kind::Empty, length),
            Some(length) => Lexed::Token(Kind::Start, length),
            None => Lexed::Unfinished,
        },
        _ => found(Kind::Text, memchr::memchr(b'<', bytes)),
    }
}

/// The length of the tag that `bytes` begin with: to the first `>` that is in no attribute's value.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'>', bytes)?;
    // Nearly every value is in double quotes and holds no `>`.
    let (mut double, mut single) = (0_usize, false);
    for &b in &bytes[..end] {
        double += usize::from(b == b'"');
        single |= b == b'\'';
    }
    if !single && double.is_multiple_of(2) {
        return Some(end + 1);
    }
    let mut at = 1;
    loop {
        at += memchr::memchr3(b'"', b'\'', b'>', &bytes[at..])?;
        if bytes[at] == b'>' {
            return Some(at + 1);
        }
        at += memchr::memchr(bytes[at], &bytes[at + 1..])? + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(xml: &str) -> Result<Vec<(Kind, String)>, XmlError> {
        let mut tokens = Tokens::new(xml.as_bytes(), 9);
        let mut found = Vec::new();
        let mut place = 0;
        while let Some(token) = tokens.next()? {
            assert_eq!(token.start, place);
            place = token.end();
            found.push((token.kind, String::from_utf8_lossy(token.raw).into_owned()));
        }
        assert_eq!(place, xml.len() as u64);
        Ok(found)
    }

    #[test]
    fn tokens_joined_are_the_part() {
        let xml = "\u{feff}<?xml version='1.0'?><!-- <a> --><x:a b='\">' c=\"'\" ><b/>t&amp;<![CDATA[<]]]]></x:a >\n";
        let found = kinds(xml).unwrap();
        assert_eq!(found.iter().map(|(_, t)| t.as_str()).collect::<String>(), xml);
        use Kind::{CData, Empty, End, Other, Start, Text};
        assert_eq!(found.iter().map(|(k, _)| *k).collect::<Vec<_>>(), [Text, Other, Other, Start, Empty, Text, CData, End, Text]);
    }

    #[test]
    fn what_no_workbook_holds_is_refused() {
        for bad in ["", "  ", "<a>", "<a></b>", "</a>", "<a", "<a b='></a>", "<a><!-- </a>", "< a/>", "<a/><"] {
            assert!(matches!(kinds(bad), Err(XmlError::Malformed)), "{bad}");
        }
        assert!(matches!(kinds("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), Err(XmlError::Doctype)));
        assert!(matches!(kinds(&"<a>".repeat(10)), Err(XmlError::TooDeep)));
    }

    #[test]
    fn attributes_and_references() {
        let xml = "<c r = 'A1' x:r=\"B2\" n=\"a&lt;&#x3042;&#12354;&none;&\"/>";
        let mut tokens = Tokens::new(xml.as_bytes(), 9);
        let token = tokens.next().unwrap().unwrap();
        assert_eq!(token.attribute("r").unwrap(), "A1");
        assert_eq!(token.prefixed_attribute("r").unwrap(), "B2");
        assert_eq!(token.attribute("n").unwrap(), "a<ああ&none;&");
        assert_eq!(token.attribute("q"), None);
    }
}
