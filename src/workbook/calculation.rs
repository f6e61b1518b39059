//! What hangs on a formula or a header that is written over: the calculation chain, tables.

use std::collections::BTreeSet;

use super::package::Package;
use super::patch::Patch;
use super::read::ReadError;
use super::token::Kind;
use super::{CellRange, CellRef};

/// What has to change in other parts, so that Excel finds no formula listed that is no longer there.
#[derive(Debug, Default)]
pub(super) struct ChainPatches {
    /// Patches, by the entries' names.
    pub parts: Vec<(String, Vec<Patch>)>,
    /// The chain itself, where nothing is left in it: an empty one is damage to Excel.
    pub removed: Option<String>,
}

/// Takes the cells, each by its sheet's number, out of the calculation chain.
pub(super) fn unchain(package: &Package<'_>, gone: &BTreeSet<(u32, CellRef)>) -> Result<ChainPatches, ReadError> {
    let mut all = ChainPatches::default();
    let chain = package.relationships.iter().find(|r| r.kind.ends_with("/calcChain"));
    let Some((relationship, entry)) = chain.and_then(|r| Some((r, package.find(&r.target)?))) else { return Ok(all) };
    if gone.is_empty() {
        return Ok(all);
    }
    let name = entry.name.clone();
    let part = package.load(entry)?;
    let mut tokens = part.tokens();
    let mut patches = Vec::new();
    let mut kept = 0_usize;
    let mut sheet = 0;
    // Whoever names no sheet is on the one before; when that one goes, the next must name it.
    let mut unnamed = false;
    let mut removing = None;
    while let Some(token) = tokens.next().map_err(|e| package.error(&name, e))? {
        match (token.kind, token.depth, token.local()) {
            (Kind::Start | Kind::Empty, 1, b"c") => {
                let own = token.number("i");
                sheet = own.unwrap_or(sheet);
                let at = token.attribute("r").and_then(|r| r.parse().ok());
                if patches.len() > 2 * gone.len() + 1 {
                    return Err(ReadError::Unreasonable(name, "同じセルが何度も載っています".to_owned()));
                }
                if at.is_some_and(|at| gone.contains(&(sheet, at))) {
                    unnamed |= own.is_some();
                    match token.kind {
                        Kind::Empty => patches.push(Patch { span: token.span(), text: String::new() }),
                        _ => removing = Some(token.start),
                    }
                } else {
                    kept += 1;
                    if unnamed && own.is_none() {
                        let at = token.start + 1 + token.name.len() as u64;
                        patches.push(Patch { span: at..at, text: format!(" i=\"{sheet}\"") });
                    }
                    unnamed = false;
                }
            }
            (Kind::End, 1, b"c") => {
                if let Some(start) = removing.take() {
                    patches.push(Patch { span: start..token.end(), text: String::new() });
                }
            }
            _ => {}
        }
    }
    if kept > 0 {
        all.parts.push((name, patches));
        return Ok(all);
    }
    let (folder, file) = package.workbook.rsplit_once('/').unwrap_or(("", &package.workbook));
    let rels = format!("{folder}/_rels/{file}.rels");
    let rels = rels.trim_start_matches('/');
    let id = relationship.id.clone();
    all.parts.push(without(package, rels, "Relationship", |n, v| n == "Id" && v == id)?);
    let part_name = format!("/{name}");
    let is_chain = |n: &str, v: &str| n == "PartName" && v.eq_ignore_ascii_case(&part_name);
    all.parts.push(without(package, "[Content_Types].xml", "Override", is_chain)?);
    all.removed = Some(name);
    Ok(all)
}

/// Patches that take the elements of that name and with such an attribute out of a part.
fn without(
    package: &Package<'_>,
    part: &str,
    element: &str,
    is_it: impl Fn(&str, &str) -> bool,
) -> Result<(String, Vec<Patch>), ReadError> {
    let part = package.load(package.entry(part)?)?;
    let name = part.entry.name.clone();
    let mut tokens = part.tokens();
    let mut patches = Vec::new();
    let mut removing = None;
    while let Some(token) = tokens.next().map_err(|e| package.error(&name, e))? {
        if token.local() != element.as_bytes() {
            continue;
        }
        if token.opens() {
            let mut attributes = ["Id", "PartName"].into_iter().filter_map(|n| Some((n, token.attribute(n)?)));
            if attributes.any(|(n, v)| is_it(n, &v)) {
                match token.kind {
                    Kind::Empty => patches.push(Patch { span: token.span(), text: String::new() }),
                    _ => removing = Some(token.start),
                }
            }
        } else if let Some(start) = removing.take() {
            patches.push(Patch { span: start..token.end(), text: String::new() });
        }
    }
    Ok((name, patches))
}

/// The header and totals rows of the tables on a sheet: their texts also stand in the table's part, and must be the same.
pub(super) fn table_heads(package: &Package<'_>, sheet_entry: &str) -> Result<Vec<CellRange>, ReadError> {
    let mut heads = Vec::new();
    for relationship in package.relationships_of(sheet_entry)?.iter().filter(|r| r.kind.ends_with("/table")) {
        let Some(entry) = package.find(&relationship.target) else { continue };
        let part = package.load(entry)?;
        let mut tokens = part.tokens();
        while let Some(token) = tokens.next().map_err(|e| package.error(&part.entry.name, e))? {
            if token.opens() && token.depth == 0 && token.local() == b"table" {
                let Some(range) = token.attribute("ref").and_then(|r| r.parse::<CellRange>().ok()) else { break };
                let header = token.number("headerRowCount").unwrap_or(1).min(range.height());
                let totals = token.number("totalsRowCount").unwrap_or(0).min(range.height());
                if header > 0 {
                    heads
                        .push(CellRange { first: range.first, last: CellRef::new(range.first.row + header - 1, range.last.col) });
                }
                if totals > 0 {
                    heads.push(CellRange { first: CellRef::new(range.last.row + 1 - totals, range.first.col), last: range.last });
                }
                break;
            }
        }
    }
    Ok(heads)
}
