//! Follows the source of a list to its values: inline, a range here or on another sheet, a defined name, INDIRECT of a constant.

use super::scan::RawList;
use super::{CellRange, Sheet, Validation};

/// How many defined names may stand for one another before the chase is given up.
const MAX_HOPS: usize = 8;
/// Longest list of values taken from a range; a longer one is no list of answers.
const MAX_CHOICES: usize = 200;

/// The validations of the sheet at `sheet_index`, their sources followed through `sheets` and the defined `names`.
pub(super) fn resolve(raw: &[RawList], sheet_index: usize, sheets: &[Sheet], names: &[(String, String)]) -> Vec<Validation> {
    raw.iter()
        .map(|list| Validation { ranges: list.ranges.clone(), choices: values(&list.source, sheet_index, sheets, names, MAX_HOPS) })
        .collect()
}

fn values(source: &str, home: usize, sheets: &[Sheet], names: &[(String, String)], hops: usize) -> Option<Vec<String>> {
    let source = source.trim().trim_start_matches('=').trim();
    if hops == 0 || source.is_empty() {
        return None;
    }
    if let Some(inline) = quoted(source) {
        let values: Vec<String> = inline.split(',').map(|v| v.trim().to_owned()).filter(|v| !v.is_empty()).collect();
        return (!values.is_empty()).then_some(values);
    }
    if let Some(argument) = call(source, "INDIRECT") {
        return values(&quoted(argument)?, home, sheets, names, hops - 1);
    }
    let (sheet, range) = match source.rsplit_once('!') {
        Some((name, range)) => {
            let name = name.strip_prefix('\'').and_then(|n| n.strip_suffix('\'')).map_or(name.to_owned(), |n| n.replace("''", "'"));
            (sheets.iter().find(|s| s.name.eq_ignore_ascii_case(&name))?, range)
        }
        None => (sheets.get(home)?, source),
    };
    match range.parse::<CellRange>() {
        Ok(range) => in_range(sheet, range),
        Err(_) => {
            let (_, refers_to) = names.iter().find(|(n, _)| n.eq_ignore_ascii_case(source))?;
            values(refers_to, home, sheets, names, hops - 1)
        }
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
