//! Follows the source of a list to its values: inline, a range here or on another sheet, a defined name, INDIRECT of a constant.

use std::collections::HashMap;

use super::scan::RawList;
use super::{CellRange, CellRef, Sheet, Validation};

/// How many defined names may stand for one another before the chase is given up.
const MAX_HOPS: usize = 8;
/// Longest list of values taken from a range; a longer one is no list of answers.
const MAX_CHOICES: usize = 200;
/// How many cells are looked at, and how many bytes of choices are kept, over all lists of a workbook.
const MAX_STEPS: usize = 20_000_000;
const MAX_TEXT: usize = 32 << 20;

/// Follows sources through a workbook.
pub(super) struct Resolver<'w> {
    sheets: &'w [Sheet],
    by_name: HashMap<String, usize>,
    names: HashMap<String, &'w str>,
    known: HashMap<(usize, String), Option<Vec<String>>>,
    steps: usize,
    text: usize,
}

impl<'w> Resolver<'w> {
    /// Sources may name `sheets` and the defined `names`.
    pub fn new(sheets: &'w [Sheet], names: &'w [(String, String)]) -> Self {
        // Of several of the same name the first counts.
        let by_name = sheets.iter().enumerate().rev().map(|(i, s)| (s.name.to_lowercase(), i)).collect();
        let names = names.iter().rev().map(|(name, to)| (name.to_lowercase(), to.as_str())).collect();
        Self { sheets, by_name, names, known: HashMap::new(), steps: MAX_STEPS, text: MAX_TEXT }
    }

    /// The validations of the sheet at `home`.
    pub fn resolve(&mut self, lists: &[RawList], home: usize) -> Vec<Validation> {
        lists.iter().map(|list| Validation { ranges: list.ranges.clone(), choices: self.choices(&list.source, home) }).collect()
    }

    fn choices(&mut self, source: &str, home: usize) -> Option<Vec<String>> {
        let key = (home, source.to_owned());
        if !self.known.contains_key(&key) {
            let values = self.values(source, home, MAX_HOPS);
            self.known.insert(key.clone(), values);
        }
        let values = self.known.get(&key)?.as_ref()?;
        self.text = self.text.checked_sub(values.iter().map(String::len).sum())?;
        Some(values.clone())
    }

    fn values(&mut self, source: &str, home: usize, hops: usize) -> Option<Vec<String>> {
        let source = source.trim().trim_start_matches('=').trim();
        if hops == 0 || source.is_empty() {
            return None;
        }
        if let Some(inline) = quoted(source) {
            let values: Vec<String> = inline.split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
            return (!values.is_empty()).then_some(values);
        }
        if let Some(argument) = call(source, "INDIRECT") {
            return self.values(&quoted(argument)?, home, hops - 1);
        }
        let (sheet, range) = match source.rsplit_once('!') {
            Some((name, range)) => {
                let name = name.strip_prefix('\'').and_then(|n| n.strip_suffix('\'')).map_or(name.to_owned(), |n| n.replace("''", "'"));
                (*self.by_name.get(&name.to_lowercase())?, range)
            }
            None => (home, source),
        };
        match range.parse::<CellRange>() {
            Ok(range) => self.in_range(sheet, range),
            Err(_) => {
                let refers_to = *self.names.get(&source.to_lowercase())?;
                self.values(refers_to, home, hops - 1)
            }
        }
    }

    fn in_range(&mut self, sheet: usize, range: CellRange) -> Option<Vec<String>> {
        let cells = &self.sheets.get(sheet)?.cells;
        let mut values: Vec<String> = Vec::new();
        let mut from = range.first;
        while let Some((at, cell)) = cells.range(from..=range.last).next() {
            self.steps = self.steps.checked_sub(1)?;
            if at.col < range.first.col {
                from = CellRef::new(at.row, range.first.col);
                continue;
            }
            if at.col > range.last.col {
                from = CellRef::new(at.row + 1, range.first.col);
                if from > range.last {
                    break;
                }
                continue;
            }
            if !cell.text.is_empty() && !values.contains(&cell.text) {
                values.push(cell.text.clone());
            }
            if values.len() > MAX_CHOICES || *at == range.last {
                break;
            }
            from = CellRef::new(at.row, at.col + 1);
        }
        (!values.is_empty() && values.len() <= MAX_CHOICES).then_some(values)
    }
}

/// The text between double quotes, where nothing else stands around it.
fn quoted(source: &str) -> Option<String> {
    Some(source.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\""))
}

/// The argument of a call of `function` that is the whole formula.
fn call<'a>(source: &'a str, function: &str) -> Option<&'a str> {
    let head = source.get(..function.len())?;
    let rest = source.get(function.len()..)?;
    head.eq_ignore_ascii_case(function).then_some(rest)?.strip_prefix('(')?.strip_suffix(')').map(str::trim)
}
