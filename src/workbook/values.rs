//! What a stored cell value says to a person: shared strings, dates behind numbers, and the looks behind style numbers.

use std::collections::HashMap;

use super::Look;
use super::package::Package;
use super::read::ReadError;
use super::token::{Kind, Token, unescape};

/// The most entries taken of any table of styles; Excel itself makes at most 65,490 cell formats.
const MAX_STYLES: usize = 1 << 20;

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

/// What a cell format tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Style {
    look: Look,
    number: Number,
}

/// How a number is shown, as far as it makes a difference to its meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Number {
    #[default]
    Plain,
    Date,
    Duration,
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
            Some(path) => read_styles(package, path)?,
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
            b"str" | b"inlineStr" => unescape_hex(value),
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
                let item = unescape_hex(&rich.take());
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
pub(super) fn unescape_hex(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
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
    out
}

/// The style tables while they are read.
#[derive(Default)]
struct Tables {
    formats: HashMap<u32, Number>,
    bold: Vec<bool>,
    filled: Vec<Fill>,
    bordered: Vec<bool>,
    styles: Vec<Style>,
}

#[derive(Default, Clone, Copy)]
struct Fill {
    visible: bool,
    fore: Option<Colour>,
    back: Option<Colour>,
}

/// A colour: white, or a number that is the same for the same colour.
#[derive(Clone, Copy)]
enum Colour {
    White,
    Other(u32),
}

impl Fill {
    /// `None` where nothing or white is painted; a pattern without a colour is black.
    fn colour(self) -> Option<u32> {
        match self.fore.or(self.back) {
            _ if !self.visible => None,
            Some(Colour::White) => None,
            Some(Colour::Other(colour)) => Some(colour),
            None => Some(0),
        }
    }
}

fn read_styles(package: &Package<'_>, path: &str) -> Result<Vec<Style>, ReadError> {
    let Some(entry) = package.find(path) else { return Ok(Vec::new()) };
    let part = package.load(entry)?;
    let mut tokens = part.tokens();
    let mut tables = Tables::default();
    let mut section = Vec::new();
    while let Some(token) = tokens.next().map_err(|e| package.error(path, e))? {
        if token.opens() {
            if token.depth == 1 {
                section = token.local().to_vec();
            } else {
                tables.add(&section, &token);
            }
        }
    }
    Ok(tables.styles)
}

impl Tables {
    fn add(&mut self, section: &[u8], token: &Token<'_>) {
        let is_off = |v: Option<&[u8]>| matches!(v, Some(b"0" | b"false"));
        match (section, token.depth, token.local()) {
            (b"numFmts", 2, b"numFmt") if self.formats.len() < MAX_STYLES => {
                if let (Some(id), Some(code)) = (token.number("numFmtId"), token.raw_attribute("formatCode")) {
                    self.formats.insert(id, number_format(&unescape(code)));
                }
            }
            (b"fonts", 2, b"font") => push(&mut self.bold, false),
            (b"fonts", 3, b"b") => set(&mut self.bold, |bold| *bold = !is_off(token.raw_attribute("val"))),
            (b"fills", 2, b"fill") => push(&mut self.filled, Fill::default()),
            (b"fills", 3, b"patternFill") => {
                let visible = token.raw_attribute("patternType").is_some_and(|p| p != b"none");
                set(&mut self.filled, |fill| fill.visible = visible);
            }
            (b"fills", 4, b"fgColor") => set(&mut self.filled, |fill| fill.fore = colour(token)),
            (b"fills", 4, b"bgColor") => set(&mut self.filled, |fill| fill.back = colour(token)),
            (b"borders", 2, b"border") => push(&mut self.bordered, false),
            (b"borders", 3, _) if token.raw_attribute("style").is_some_and(|s| s != b"none") => {
                set(&mut self.bordered, |b| *b = true)
            }
            (b"cellXfs", 2, b"xf") => {
                let style = self.style(token);
                push(&mut self.styles, style);
            }
            (b"cellXfs", 3, b"protection") => set(&mut self.styles, |s| s.look.unlocked = is_off(token.raw_attribute("locked"))),
            _ => {}
        }
    }

    fn style(&self, token: &Token<'_>) -> Style {
        let index = |name| token.number(name).unwrap_or(0) as usize;
        let fill = self.filled.get(index("fillId")).copied().unwrap_or_default();
        let format = token.number("numFmtId").unwrap_or(0);
        Style {
            look: Look {
                fill: fill.colour(),
                bold: self.bold.get(index("fontId")).copied().unwrap_or(false),
                bordered: self.bordered.get(index("borderId")).copied().unwrap_or(false),
                unlocked: false,
            },
            number: self.formats.get(&format).copied().unwrap_or_else(|| built_in_format(format)),
        }
    }
}

fn push<T>(list: &mut Vec<T>, value: T) {
    if list.len() < MAX_STYLES {
        list.push(value);
    }
}

fn set<T>(list: &mut [T], change: impl FnOnce(&mut T)) {
    if let Some(last) = list.last_mut() {
        change(last);
    }
}

/// The colour that an element names; `None` where it names none. A colour of the theme or of the palette is not looked up: its number
/// tells it from the others.
fn colour(token: &Token<'_>) -> Option<Colour> {
    let number = |bytes: &[u8], radix| std::str::from_utf8(bytes).ok().and_then(|t| u32::from_str_radix(t, radix).ok()).unwrap_or(0);
    if let Some(rgb) = token.raw_attribute("rgb") {
        let rgb = number(&rgb[rgb.len().saturating_sub(6)..], 16);
        return Some(if rgb == 0xFF_FFFF { Colour::White } else { Colour::Other(rgb) });
    }
    if let Some(theme) = token.raw_attribute("theme") {
        let tint = token.raw_attribute("tint").unwrap_or_default();
        // Theme colour 0 is the paper's; a tint below zero darkens it.
        let white = theme == b"0" && !tint.starts_with(b"-");
        let shade = tint.iter().fold(0_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(*b)) & 0xFFFF);
        return Some(if white { Colour::White } else { Colour::Other(0x0100_0000 | number(theme, 10) << 16 | shade) });
    }
    let indexed = token.raw_attribute("indexed")?;
    let white = matches!(indexed, b"1" | b"9" | b"65");
    Some(if white { Colour::White } else { Colour::Other(0x0200_0000 | number(indexed, 10)) })
}

/// Formats that every workbook has without saying so (ECMA-376, 18.8.30, with those of East Asian versions).
fn built_in_format(id: u32) -> Number {
    match id {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => Number::Date,
        46 => Number::Duration,
        _ => Number::Plain,
    }
}

/// Whether a format code shows a date or a time: its first section has a letter of one outside quotes, escapes and brackets.
fn number_format(code: &str) -> Number {
    let mut chars = code.chars().peekable();
    while let Some(c) = chars.next() {
        match c.to_ascii_lowercase() {
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            '\\' | '_' | '*' => {
                chars.next();
            }
            '[' => {
                let inside: String = chars.by_ref().take_while(|&c| c != ']').collect::<String>().to_ascii_lowercase();
                if !inside.is_empty()
                    && (inside.chars().all(|c| c == 'h') || inside.chars().all(|c| c == 'm') || inside.chars().all(|c| c == 's'))
                {
                    return Number::Duration;
                }
            }
            'g' if chars.clone().collect::<String>().to_ascii_lowercase().starts_with("eneral") => {
                chars.by_ref().take("eneral".len()).for_each(drop);
            }
            // `0.00E+00` is a number, `ggge"年"` a year of an era.
            'e' if matches!(chars.peek(), Some('+' | '-')) => {
                chars.next();
            }
            ';' => return Number::Plain,
            'd' | 'm' | 'h' | 'y' | 's' | 'e' | 'g' => return Number::Date,
            _ => {}
        }
    }
    Number::Plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_dates() {
        for code in ["yyyy/m/d", "[$-411]ggge\"年\"m\"月\"d\"日\"", "h:mm AM/PM", "[$-F800]dddd\\,\\ mmmm"] {
            assert_eq!(number_format(code), Number::Date, "{code}");
        }
        for code in ["General", "0.00E+00", "#,##0;[Red]-#,##0", "0\"days\"", "@", "0_);\\(0\\)", "[Red]0", "\"h\"0", "GENERAL"] {
            assert_eq!(number_format(code), Number::Plain, "{code}");
        }
        assert_eq!(number_format("[hh]:mm"), Number::Duration);
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
