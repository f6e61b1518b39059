//! The tokens of an XML part with their exact places, read from a stream through a small window.
//!
//! What is not edited has to stay to the byte, so tokens carry their raw bytes and their place; and parts of several hundred
//! megabytes have to be gone through in a second, in little memory. Whatever a workbook never holds is refused: a DOCTYPE (and
//! with it every entity of one's own), tags nested too deep, tags that do not close.

use std::borrow::Cow;
use std::io::{self, Read};
use std::ops::Range;

use super::plain::{PlainCell, plain_cell};
use super::token::{Kind, Token};

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

/// Reads tokens one after the other.
pub(super) struct Tokens<'s> {
    /// Where more comes from; `None` once all is in the window.
    source: Option<Box<dyn Read + 's>>,
    window: Cow<'s, [u8]>,
    /// The window's bytes before this are done with.
    at: usize,
    /// The window's bytes from here on are not filled.
    filled: usize,
    /// Where the window begins in the part.
    base: u64,
    nesting: Nesting,
}

impl<'s> Tokens<'s> {
    /// The tokens of a part that is at hand; its elements may be nested `max_depth` deep.
    pub fn of(bytes: &'s [u8], max_depth: usize) -> Self {
        Self { source: None, window: Cow::Borrowed(bytes), at: 0, filled: bytes.len(), base: 0, nesting: Nesting::new(max_depth) }
    }

    /// The tokens of a part that is had piece by piece.
    pub fn from_reader(source: impl Read + 's, max_depth: usize) -> Self {
        Self { source: Some(Box::new(source)), ..Self::of(&[], max_depth) }
    }

    /// The next token; `None` at the part's end.
    // Not inlined, handing the token over takes longer than finding it.
    #[inline(always)]
    pub fn next(&mut self) -> Result<Option<Token<'_>>, XmlError> {
        let (kind, length, name) = loop {
            match lex(&self.window[self.at..self.filled]) {
                Lexed::Tag(kind, length, name) => break (kind, length, name),
                Lexed::Other(kind, length) => break (kind, length, 0..0),
                Lexed::Unfinished if self.source.is_some() => self.refill()?,
                Lexed::Unfinished if self.at == self.filled => {
                    return if self.nesting.is_closed() { Ok(None) } else { Err(XmlError::Malformed) };
                }
                // A text at the part's very end has no tag behind it.
                Lexed::Unfinished if self.window[self.at] != b'<' => break (Kind::Text, self.filled - self.at, 0..0),
                Lexed::Unfinished | Lexed::Wrong => return Err(XmlError::Malformed),
                Lexed::Doctype => return Err(XmlError::Doctype),
            }
        };
        let raw = &self.window[self.at..self.at + length];
        let start = self.base + self.at as u64;
        self.at += length;
        let name = &raw[name];
        let depth = self.nesting.take(kind, name)?;
        Ok(Some(Token { kind, start, depth, raw, name }))
    }

    /// Goes past plain cells, as long as such follow.
    pub fn pass_plain_cells(&mut self) {
        while self.plain_cell().is_some() {}
    }

    /// The plain cell that comes next, where one does, and where it begins.
    #[inline]
    pub fn plain_cell(&mut self) -> Option<(u64, PlainCell<'_>)> {
        let cell = plain_cell(&self.window[self.at..self.filled])?;
        let start = self.base + self.at as u64;
        self.at += cell.length;
        Some((start, cell))
    }

    #[cold]
    fn refill(&mut self) -> Result<(), XmlError> {
        let Some(source) = &mut self.source else { return Ok(()) };
        let window = self.window.to_mut();
        if self.at > 0 {
            window.copy_within(self.at..self.filled, 0);
            self.base += self.at as u64;
            self.filled -= self.at;
            self.at = 0;
        }
        if self.filled > MAX_TOKEN {
            return Err(XmlError::TooLong);
        }
        // A token that does not fit makes the window twice as large, so that it is not gone through again and again.
        let wanted = (self.filled * 2).clamp(CHUNK, MAX_TOKEN + CHUNK);
        if window.len() < wanted {
            window.resize(wanted, 0);
        }
        while self.filled < wanted {
            match source.read(&mut window[self.filled..wanted]) {
                Ok(0) => {
                    self.source = None;
                    break;
                }
                Ok(n) => self.filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

/// What is open around a token.
struct Nesting {
    /// The names of the open elements.
    open: Vec<Name>,
    /// What is longer of them, one behind the other.
    tails: Vec<u8>,
    max_depth: usize,
    seen_root: bool,
}

/// A name by its first bytes, which nearly always is all of it, and its length.
#[derive(Clone, Copy, PartialEq)]
struct Name(u64, usize);

impl Name {
    fn of(name: &[u8]) -> (Self, &[u8]) {
        let (head, tail) = name.split_at(name.len().min(8));
        (Self(head.iter().fold(0, |head, &b| head << 8 | u64::from(b)), name.len()), tail)
    }
}

impl Nesting {
    fn new(max_depth: usize) -> Self {
        Self { open: Vec::new(), tails: Vec::new(), max_depth, seen_root: false }
    }

    /// Whether there was an element, and none is open.
    fn is_closed(&self) -> bool {
        self.open.is_empty() && self.seen_root
    }

    /// Takes account of a token; gives its depth.
    #[inline]
    fn take(&mut self, kind: Kind, name: &[u8]) -> Result<usize, XmlError> {
        let depth = self.open.len();
        match kind {
            // A second root.
            Kind::Start | Kind::Empty if depth == 0 && self.seen_root => Err(XmlError::Malformed),
            Kind::Start => {
                self.seen_root = true;
                if depth >= self.max_depth {
                    return Err(XmlError::TooDeep);
                }
                let (name, tail) = Name::of(name);
                self.open.push(name);
                self.tails.extend_from_slice(tail);
                Ok(depth)
            }
            Kind::Empty => {
                self.seen_root = true;
                Ok(depth)
            }
            Kind::End => {
                let (name, tail) = Name::of(name);
                if self.open.pop() != Some(name) || !self.tails.ends_with(tail) {
                    return Err(XmlError::Malformed);
                }
                self.tails.truncate(self.tails.len() - tail.len());
                Ok(depth - 1)
            }
            _ => Ok(depth),
        }
    }
}

enum Lexed {
    /// A tag, its length, and where its name stands in it.
    Tag(Kind, usize, Range<usize>),
    Other(Kind, usize),
    /// The token's end is not in the window.
    Unfinished,
    Wrong,
    Doctype,
}

/// The token that `bytes` begin with.
#[inline]
fn lex(bytes: &[u8]) -> Lexed {
    match bytes {
        [] | [b'<'] => Lexed::Unfinished,
        [b'<', b'/', rest @ ..] => {
            let name = 2..2 + name_length(rest);
            match bytes.get(name.end) {
                Some(b'>') => Lexed::Tag(Kind::End, name.end + 1, name),
                _ => match memchr::memchr(b'>', bytes) {
                    Some(at) if bytes[name.end..at].trim_ascii().is_empty() => Lexed::Tag(Kind::End, at + 1, name),
                    Some(_) => Lexed::Wrong,
                    None => Lexed::Unfinished,
                },
            }
        }
        [b'<', b'!' | b'?', ..] => markup(bytes),
        [b'<', first, ..] if !(first.is_ascii_alphabetic() || *first == b'_' || *first >= 0x80) => Lexed::Wrong,
        [b'<', rest @ ..] => {
            let name = 1..1 + name_length(rest);
            match bytes.get(name.end) {
                Some(b'>') => Lexed::Tag(Kind::Start, name.end + 1, name),
                _ => match tag_length(bytes) {
                    Some(length) if bytes[length - 2] == b'/' => Lexed::Tag(Kind::Empty, length, name),
                    Some(length) => Lexed::Tag(Kind::Start, length, name),
                    None => Lexed::Unfinished,
                },
            }
        }
        _ => memchr::memchr(b'<', bytes).map_or(Lexed::Unfinished, |length| Lexed::Other(Kind::Text, length)),
    }
}

/// What is neither tag nor text.
fn markup(bytes: &[u8]) -> Lexed {
    let until = |kind, from: usize, end: &[u8]| {
        let found = bytes.get(from..).and_then(|b| memchr::memmem::find(b, end));
        found.map_or(Lexed::Unfinished, |at| Lexed::Other(kind, from + at + end.len()))
    };
    match bytes {
        [_, b'?', ..] => until(Kind::Other, 2, b"?>"),
        [_, _] | [_, _, b'-'] => Lexed::Unfinished,
        [_, _, b'-', b'-', ..] => until(Kind::Other, 4, b"-->"),
        [_, _, rest @ ..] if rest.starts_with(b"[CDATA[") => until(Kind::CData, 9, b"]]>"),
        [_, _, rest @ ..] if b"[CDATA[".starts_with(rest) => Lexed::Unfinished,
        _ => Lexed::Doctype,
    }
}

/// How long the name is that `bytes` begin with.
fn name_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>' | b'=' | b'<')).unwrap_or(bytes.len())
}

/// The length of the tag that `bytes` begin with: to the first `>` that is in no attribute's value.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'>', bytes)?;
    // Nearly every value is in double quotes and holds no `>`.
    let (mut even, mut single) = (true, false);
    for &b in &bytes[..end] {
        even ^= b == b'"';
        single |= b == b'\'';
    }
    if even && !single {
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
        let mut tokens = Tokens::of(xml.as_bytes(), 9);
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
        for bad in ["", "  ", "<a>", "<a></b>", "</a>", "<a", "<a b='></a>", "<a><!-- </a>", "< a/>", "<a/><", "<a></a/a>", "<a></a><a/>", "<a/><b></b>"] {
            assert!(matches!(kinds(bad), Err(XmlError::Malformed)), "{bad}");
        }
        assert!(matches!(kinds("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"), Err(XmlError::Doctype)));
        assert!(matches!(kinds(&"<a>".repeat(10)), Err(XmlError::TooDeep)));
    }

    #[test]
    fn plain_cells_keep_the_place() {
        let xml = "<row><c r=\"A1\"/><c r=\"B1\"><v>1</v></c><c r=\"C1\"><f>A1</f></c></row>";
        let mut tokens = Tokens::of(xml.as_bytes(), 9);
        tokens.next().unwrap();
        assert_eq!(tokens.plain_cell().map(|(start, cell)| (start, cell.place)), Some((5, Some(&b"A1"[..]))));
        tokens.pass_plain_cells();
        let token = tokens.next().unwrap().unwrap();
        assert_eq!((token.raw, token.start), (&b"<c r=\"C1\">"[..], xml.find("<c r=\"C1").unwrap() as u64));
    }

    #[test]
    fn attributes_and_references() {
        let xml = "<c r = 'A1' x:r=\"B2\" n=\"a&lt;&#x3042;&#12354;&none;&\"/>";
        let mut tokens = Tokens::of(xml.as_bytes(), 9);
        let token = tokens.next().unwrap().unwrap();
        assert_eq!(token.attribute("r").unwrap(), "A1");
        assert_eq!(token.prefixed_attribute("r").unwrap(), "B2");
        assert_eq!(token.attribute("n").unwrap(), "a<ああ&none;&");
        assert_eq!(token.attribute("q"), None);
    }
}
