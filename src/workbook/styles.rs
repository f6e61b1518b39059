//! The cell formats: how a cell looks, and whether its number is a date.

use std::collections::HashMap;

use super::Look;
use super::package::Package;
use super::palette::{Theme, WHITE};
use super::read::ReadError;
use super::token::{Token, unescape};

/// The most entries taken of any table of styles; Excel itself makes at most 65,490 cell formats.
const MAX_STYLES: usize = 1 << 20;

/// What a cell format tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub look: Look,
    pub number: Number,
}

/// How a number is shown, as far as it makes a difference to its meaning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Number {
    #[default]
    Plain,
    Date,
    Duration,
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
    fore: Option<u32>,
    back: Option<u32>,
}

impl Fill {
    /// `None` where nothing or white is painted; a pattern without a colour is black.
    fn colour(self) -> Option<u32> {
        match self.fore.or(self.back) {
            _ if !self.visible => None,
            Some(WHITE) => None,
            Some(colour) => Some(colour),
            None => Some(0),
        }
    }
}

/// Reads the cell formats of the styles' part.
pub(super) fn read(package: &Package<'_>, path: &str) -> Result<Vec<Style>, ReadError> {
    let Some(entry) = package.find(path) else { return Ok(Vec::new()) };
    let part = package.load(entry)?;
    let mut tokens = part.tokens();
    let theme = Theme::read(package);
    let mut tables = Tables::default();
    let mut section = Vec::new();
    while let Some(token) = tokens.next().map_err(|e| package.error(path, e))? {
        if token.opens() {
            if token.depth == 1 {
                section = token.local().to_vec();
            } else {
                tables.add(&section, &token, &theme);
            }
        }
    }
    Ok(tables.styles)
}

impl Tables {
    fn add(&mut self, section: &[u8], token: &Token<'_>, theme: &Theme) {
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
            (b"fills", 4, b"fgColor") => set(&mut self.filled, |fill| fill.fore = theme.colour(token)),
            (b"fills", 4, b"bgColor") => set(&mut self.filled, |fill| fill.back = theme.colour(token)),
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
    }
}
