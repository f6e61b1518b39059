//! Follows the source of a list to its values: inline, a range here or on another sheet, a defined name, INDIRECT of a
//! constant or of a cell that names the list, OFFSET down to the first empty cell.

use super::scan::RawList;
use super::{CellRange, CellRef, Sheet, Validation};

/// How many defined names may stand for one another before the chase is given up.
const MAX_HOPS: usize = 8;
/// Longest list of values taken from a range; a longer one is no list of answers.
const MAX_CHOICES: usize = 200;
/// Columns of a range whose lists depend on another cell.
const MAX_COLS: u32 = 63;

/// The validations of the sheet at `sheet_index`, their sources followed through `sheets` and the defined `names`.
pub(super) fn resolve(raw: &[RawList], sheet_index: usize, sheets: &[Sheet], names: &[(String, String)]) -> Vec<Validation> {
    let book = Book { home: sheet_index, sheets, names };
    let mut lists = Vec::with_capacity(raw.len());
    for list in raw {
        match book.by_cell(list) {
            Some(dependent) => lists.extend(dependent),
            None => lists.push(Validation { ranges: list.ranges.clone(), choices: book.values(&list.source, MAX_HOPS) }),
        }
    }
    lists
}

/// What the source of a list can refer to.
struct Book<'a> {
    home: usize,
    sheets: &'a [Sheet],
    names: &'a [(String, String)],
}

impl Book<'_> {
    fn values(&self, source: &str, hops: usize) -> Option<Vec<String>> {
        let source = source.trim().trim_start_matches('=').trim();
        if hops == 0 || source.is_empty() {
            return None;
        }
        if let Some(inline) = quoted(source) {
            let values: Vec<String> = inline.split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
            return (!values.is_empty()).then_some(values);
        }
        if let Some(argument) = call(source, "INDIRECT") {
            return self.values(&quoted(argument)?, hops - 1);
        }
        if let Some(arguments) = call(source, "OFFSET") {
            return self.offset(arguments);
        }
        if let Some((sheet, range)) = self.range(source) {
            return in_range(sheet, range);
        }
        let (_, name) = source.rsplit_once('!').unwrap_or(("", source));
        let (_, refers_to) = self.names.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        self.values(refers_to, hops - 1)
    }

    /// The range that a reference such as `リスト!$A$1:$A$3` means.
    fn range(&self, reference: &str) -> Option<(&Sheet, CellRange)> {
        let (sheet, range) = match reference.rsplit_once('!') {
            Some((name, range)) => {
                let name = name.strip_prefix('\'').and_then(|n| n.strip_suffix('\'')).map_or(name.to_owned(), |n| n.replace("''", "'"));
                (self.sheets.iter().find(|s| s.name.eq_ignore_ascii_case(&name))?, range)
            }
            None => (self.sheets.get(self.home)?, reference),
        };
        Some((sheet, range.parse().ok()?))
    }

    /// `OFFSET(リスト!$A$2,0,0,COUNTA(…),1)`: a list that grows; its values are those from the cell down to the first empty one.
    fn offset(&self, arguments: &str) -> Option<Vec<String>> {
        let parts: Vec<&str> = arguments.split(',').map(str::trim).collect();
        let [start, down, right, height, ..] = parts[..] else { return None };
        let (sheet, range) = self.range(start)?;
        let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u32>().ok() };
        let first = CellRef::new(range.first.row + number(down)?, range.first.col + number(right)?);
        let height = match height.parse::<u32>() {
            Ok(height) => usize::try_from(height).unwrap_or(MAX_CHOICES),
            Err(_) if height.to_ascii_uppercase().starts_with("COUNT") => MAX_CHOICES,
            Err(_) => return None,
        };
        let down = (first.row..).map(|row| sheet.text(CellRef::new(row, first.col)).to_owned());
        let values: Vec<String> = down.take_while(|text| !text.is_empty()).take(height).collect();
        (!values.is_empty()).then_some(values)
    }

    /// `INDIRECT($C4)`: each cell's list is the one that a cell of its row names. `None` where the source is none such.
    fn by_cell(&self, list: &RawList) -> Option<Vec<Validation>> {
        let argument = call(list.source.trim().trim_start_matches('=').trim(), "INDIRECT")?;
        let key: CellRef = argument.parse().ok()?;
        let sheet = self.sheets.get(self.home)?;
        let origin = list.ranges.iter().map(|r| r.first).min()?;
        let digits = argument.trim_start_matches('$').trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let (fixed_col, fixed_row) = (argument.starts_with('$'), digits.starts_with('$'));
        let last = sheet.cells.keys().next_back()?.row;
        let mut found: Vec<Validation> = Vec::new();
        for range in &list.ranges {
            for row in range.first.row..=range.last.row.min(last) {
                for col in range.first.col..=range.last.col.min(range.first.col + MAX_COLS) {
                    let shift = |at: u32, origin: u32, key: u32, fixed: bool| if fixed { Some(key) } else { (key + at).checked_sub(origin) };
                    let Some(named) = shift(row, origin.row, key.row, fixed_row).zip(shift(col, origin.col, key.col, fixed_col)) else { continue };
                    let name = sheet.text(CellRef::new(named.0, named.1));
                    if name.is_empty() {
                        continue;
                    }
                    let cell = CellRef::new(row, col);
                    let here = CellRange { first: cell, last: cell };
                    let choices = self.values(name, MAX_HOPS);
                    match found.iter_mut().find(|v| v.choices == choices) {
                        Some(same) => same.ranges.push(here),
                        None => found.push(Validation { ranges: vec![here], choices }),
                    }
                }
            }
        }
        (!found.is_empty()).then_some(found)
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

fn in_range(sheet: &Sheet, range: CellRange) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    for (at, cell) in sheet.cells.range(range.first..=range.last) {
        if range.contains(*at) && !cell.text.is_empty() && !values.contains(&cell.text) {
            values.push(cell.text.clone());
        }
        if values.len() > MAX_CHOICES {
            return None;
        }
    }
    (!values.is_empty()).then_some(values)
}
