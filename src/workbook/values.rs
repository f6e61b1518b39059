//! What a stored cell value says to a person: shared strings, dates behind numbers, and the looks behind style numbers.

use std::borrow::Cow;

use super::Look;
use super::package::Package;
use super::read::ReadError;
use super::styles::{self, Number, Style};
use super::token::{Kind, Token};

/// The longest single text taken, in bytes: a cell holds at most 32,767 characters, a formula 8,192.
const MAX_TEXT: usize = 1 << 20;

/// Puts a piece behind what was read of a text; what is beyond all reason is left out.
pub(super) fn append(to: &mut String, piece: &str) {
    if to.len() + piece.len() <= MAX_TEXT {
        to.push_str(piece);
    }
}

/// How much text may be kept, over shared strings and cells.
#[derive(Debug)]
pub(super) struct TextBudget {
    left: u64,
    limit: u64,
}

impl TextBudget {
    pub fn new(limit: u64) -> Self {
        Self { left: limit, limit }
    }

    /// Takes `bytes` of it.
    pub fn take(&mut self, bytes: usize) -> Result<(), ReadError> {
        let left = self.left.checked_sub(bytes as u64).ok_or(ReadError::TooMuchText { limit_mb: self.limit >> 20 })?;
        self.left = left;
        Ok(())
    }
}

/// The tables that cell values and styles point into.
#[derive(Debug, Default)]
pub(super) struct Values {
    strings: Strings,
    styles: Vec<Style>,
    date1904: bool,
}

impl Values {
    /// Reads the shared strings and the styles.
    pub fn read(package: &Package<'_>, budget: &mut TextBudget) -> Result<Self, ReadError> {
        let part = |kind: &str| package.relationships.iter().find(|r| r.kind.ends_with(kind)).map(|r| r.target.as_str());
        let strings = match part("/sharedStrings") {
            Some(path) => Strings::read(package, path, budget)?,
            None => Strings::default(),
        };
        let styles = match part("/styles") {
            Some(path) => styles::read(package, path)?,
            None => Vec::new(),
        };
        Ok(Self { strings, styles, date1904: package.date1904 })
    }

    /// The look behind a cell's `s`.
    pub fn look(&self, style: Option<u32>) -> Look {
        self.style(style).look
    }

    fn style(&self, style: Option<u32>) -> Style {
        self.styles.get(style.unwrap_or(0) as usize).copied().unwrap_or_default()
    }

    /// What a person reads in a cell with that `t` and `s`, as near as the stored value tells; with surrounding white space.
    pub fn text(&self, kind: &[u8], style: Option<u32>, value: &str) -> String {
        let text = match kind {
            b"s" => value.trim().parse().ok().and_then(|i| self.strings.get(i)).unwrap_or_default().to_owned(),
            b"str" | b"inlineStr" => unescape_hex(value).into_owned(),
            b"e" => value.to_owned(),
            b"b" => if matches!(value.trim(), "1" | "true") { "TRUE" } else { "FALSE" }.to_owned(),
            b"d" => iso_date(value.trim()).unwrap_or_else(|| value.to_owned()),
            _ => self.number(style, value.trim()),
        };
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text }
    }

    fn number(&self, style: Option<u32>, value: &str) -> String {
        let Ok(number) = value.parse::<f64>() else { return value.to_owned() };
        let shown = match self.style(style).number {
            Number::Plain => None,
            Number::Date => date(number, self.date1904),
            Number::Duration => clock(number),
        };
        shown.unwrap_or_else(|| number.to_string())
    }
}

/// `2024/4/1`, with the time of day where it is not midnight; a number below one is a time of day alone.
pub(super) fn date(serial: f64, date1904: bool) -> Option<String> {
    if (0.0..1.0).contains(&serial) {
        return clock(serial);
    }
    // Excel's calendar has a 29 February 1900; the days before it are one less far from 1899-12-30.
    let first = if date1904 {
        jiff::civil::date(1904, 1, 1)
    } else if serial < 60.0 {
        jiff::civil::date(1899, 12, 31)
    } else {
        jiff::civil::date(1899, 12, 30)
    };
    let minutes = (serial * 1440.0).round();
    (0.0..=2_958_466.0 * 1440.0).contains(&minutes).then_some(())?;
    let at = first.at(0, 0, 0, 0).checked_add(jiff::SignedDuration::from_mins(minutes as i64)).ok()?;
    let day = format!("{}/{}/{}", at.year(), at.month(), at.day());
    Some(if at.hour() == 0 && at.minute() == 0 { day } else { format!("{day} {}:{:02}", at.hour(), at.minute()) })
}

/// Hours and minutes.
fn clock(days: f64) -> Option<String> {
    let minutes = (days * 1440.0).round();
    (0.0..1e12).contains(&minutes).then(|| format!("{}:{:02}", (minutes / 60.0).floor(), minutes % 60.0))
}

fn iso_date(value: &str) -> Option<String> {
    let at: jiff::civil::DateTime = value.trim_end_matches('Z').parse().ok()?;
    let day = format!("{}/{}/{}", at.year(), at.month(), at.day());
    Some(if at.hour() == 0 && at.minute() == 0 { day } else { format!("{day} {}:{:02}", at.hour(), at.minute()) })
}

/// The shared strings, one behind the other.
#[derive(Debug, Default)]
struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }

    fn read(package: &Package<'_>, path: &str, budget: &mut TextBudget) -> Result<Self, ReadError> {
        let Some(entry) = package.find(path) else { return Ok(Self::default()) };
        let part = package.load(entry)?;
        let mut tokens = part.tokens();
        let mut strings = Self::default();
        let mut rich = RichText::default();
        while let Some(token) = tokens.next().map_err(|e| package.error(path, e))? {
            if token.depth == 1 && token.local() == b"si" && token.kind != Kind::Start {
                let item = rich.take();
                let item = unescape_hex(&item);
                budget.take(item.len() + size_of::<u32>())?;
                strings.text.push_str(&item);
                strings.ends.push(u32::try_from(strings.text.len()).unwrap_or(u32::MAX));
            } else {
                rich.add(&token);
            }
        }
        Ok(strings)
    }
}

/// Gathers the text of `t` elements, but for those that only say how the others are read (`rPh`).
#[derive(Debug, Default)]
pub(super) struct RichText {
    text: String,
    in_text: bool,
    phonetic: u32,
}

impl RichText {
    pub fn add(&mut self, token: &Token<'_>) {
        match (token.kind, token.local()) {
            (Kind::Text | Kind::CData, _) if self.in_text && self.phonetic == 0 => append(&mut self.text, &token.text()),
            (Kind::Start, b"t") => self.in_text = true,
            (Kind::End, b"t") => self.in_text = false,
            (Kind::Start, b"rPh") => self.phonetic += 1,
            (Kind::End, b"rPh") => self.phonetic = self.phonetic.saturating_sub(1),
            _ => {}
        }
    }

    pub fn take(&mut self) -> String {
        std::mem::take(self).text
    }
}

/// `_x000D_` stands for the character 0x0D (ECMA-376, 22.9.2.19).
pub(super) fn unescape_hex(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'_', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest.get(2..6).filter(|h| rest.as_bytes().get(6) == Some(&b'_') && h.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
            Some(c) => {
                out.push(c);
                rest = &rest[7..];
            }
            None => {
                out.push('_');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_a_person_reads_them() {
        assert_eq!(date(45383.0, false).unwrap(), "2024/4/1");
        assert_eq!(date(45383.75, false).unwrap(), "2024/4/1 18:00");
        assert_eq!(date(43921.0, true).unwrap(), "2024/4/1");
        assert_eq!(date(1.0, false).unwrap(), "1900/1/1");
        assert_eq!(date(0.5, false).unwrap(), "12:00");
        assert_eq!(date(1e300, false), None);
        assert_eq!(clock(1.5).unwrap(), "36:00");
        assert_eq!(iso_date("2024-04-01T09:30:00").unwrap(), "2024/4/1 9:30");
    }

    #[test]
    fn escaped_characters_come_back() {
        assert_eq!(unescape_hex("a_x0041__x005F_x0041_ _x00 _xあいうえ_"), "aA_x0041_ _x00 _xあいうえ_");
    }
}
