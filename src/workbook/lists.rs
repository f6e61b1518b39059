//! Follows the source of a list to its values: inline, a range here or on another sheet, a defined name, INDIRECT of a
//! constant or of a cell that names the list (or a part of its name), OFFSET down to the first empty cell.

use std::collections::HashMap;

use super::scan::RawList;
use super::{CellRange, CellRef, Sheet, Validation};

/// How many defined names may stand for one another before the chase is given up.
const MAX_HOPS: usize = 8;
/// Longest list of values taken from a range; a longer one is no list of answers.
const MAX_CHOICES: usize = 200;
/// Columns of a range whose lists depend on another cell.
const MAX_COLS: u32 = 63;
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
        let mut validations = Vec::with_capacity(lists.len());
        for list in lists {
            match self.by_cell(list, home) {
                Some(dependent) => validations.extend(dependent),
                None => validations.push(Validation { ranges: list.ranges.clone(), choices: self.choices(&list.source, home) }),
            }
        }
        validations
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
        if let Some(arguments) = call(source, "OFFSET") {
            return self.offset(arguments, home);
        }
        // A name of one sheet's own stands behind that sheet's name. 「YN」 may be one, too, though it could be a column.
        let (_, name) = source.rsplit_once('!').unwrap_or(("", source));
        if let Some(refers_to) = self.names.get(&name.to_lowercase()).copied() {
            return self.values(refers_to, home, hops - 1);
        }
        let (sheet, range) = self.range(source, home)?;
        self.in_range(sheet, range)
    }

    /// The range that a reference such as `リスト!$A$1:$A$3` means, and the place of its sheet.
    fn range(&self, reference: &str, home: usize) -> Option<(usize, CellRange)> {
        let (sheet, range) = match reference.rsplit_once('!') {
            Some((name, range)) => {
                let name =
                    name.strip_prefix('\'').and_then(|n| n.strip_suffix('\'')).map_or(name.to_owned(), |n| n.replace("''", "'"));
                (*self.by_name.get(&name.to_lowercase())?, range)
            }
            None => (home, reference),
        };
        Some((sheet, range.parse().ok()?))
    }

    /// `OFFSET(リスト!$A$2,0,0,COUNTA(…),1)`: a list that grows; its values are those from the cell down to the first empty one.
    fn offset(&mut self, arguments: &str, home: usize) -> Option<Vec<String>> {
        let parts: Vec<&str> = arguments.split(',').map(str::trim).collect();
        let [start, down, right, height, ..] = parts[..] else { return None };
        let (sheet, range) = self.range(start, home)?;
        let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u32>().ok() };
        let row = range.first.row.checked_add(number(down)?)?;
        let first = CellRef::new(row, range.first.col.checked_add(number(right)?)?);
        let height = match height.parse::<u32>() {
            Ok(height) => usize::try_from(height).unwrap_or(MAX_CHOICES),
            Err(_) if height.to_ascii_uppercase().starts_with("COUNT") => MAX_CHOICES,
            Err(_) => return None,
        };
        let sheet = self.sheets.get(sheet)?;
        let down = (first.row..).map(|row| sheet.text(CellRef::new(row, first.col)).to_owned());
        let values: Vec<String> = down.take_while(|text| !text.is_empty()).take(height.min(MAX_CHOICES)).collect();
        self.steps = self.steps.checked_sub(values.len() + 1)?;
        (!values.is_empty()).then_some(values)
    }

    /// `INDIRECT($C4)`: each cell's list is the one that a cell of its row names. `None` where the source is none such.
    fn by_cell(&mut self, list: &RawList, home: usize) -> Option<Vec<Validation>> {
        let argument = call(list.source.trim().trim_start_matches('=').trim(), "INDIRECT")?;
        let (before, argument, behind) = joined(argument)?;
        let key: CellRef = argument.parse().ok()?;
        let sheet = self.sheets.get(home)?;
        let origin = list.ranges.iter().map(|r| r.first).min()?;
        let digits = argument.trim_start_matches('$').trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let (fixed_col, fixed_row) = (argument.starts_with('$'), digits.starts_with('$'));
        let last = sheet.cells.keys().next_back()?.row;
        let mut found: Vec<Validation> = Vec::new();
        for range in &list.ranges {
            for row in range.first.row..=range.last.row.min(last) {
                for col in range.first.col..=range.last.col.min(range.first.col + MAX_COLS) {
                    self.steps = self.steps.checked_sub(1)?;
                    let shift =
                        |at: u32, origin: u32, key: u32, fixed: bool| if fixed { Some(key) } else { (key + at).checked_sub(origin) };
                    let named = shift(row, origin.row, key.row, fixed_row).zip(shift(col, origin.col, key.col, fixed_col));
                    let Some(named) = named else { continue };
                    let name = sheet.text(CellRef::new(named.0, named.1));
                    if name.is_empty() {
                        continue;
                    }
                    let cell = CellRef::new(row, col);
                    let here = CellRange { first: cell, last: cell };
                    let choices = self.choices(&format!("{before}{name}{behind}"), home);
                    match found.iter_mut().find(|v| v.choices == choices) {
                        Some(same) => same.ranges.push(here),
                        None => found.push(Validation { ranges: vec![here], choices }),
                    }
                }
            }
        }
        (!found.is_empty()).then_some(found)
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

/// A reference with the texts that are put before and behind what it refers to: `"選択_"&$A7`.
fn joined(argument: &str) -> Option<(String, &str, String)> {
    let mut parts = argument.split('&').map(str::trim);
    let (mut before, mut behind, mut reference) = (String::new(), String::new(), None);
    parts.try_for_each(|part| {
        match (quoted(part), reference) {
            (Some(text), None) => before.push_str(&text),
            (Some(text), Some(_)) => behind.push_str(&text),
            (None, None) => reference = Some(part),
            (None, Some(_)) => return None,
        }
        Some(())
    })?;
    Some((before, reference?, behind))
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
