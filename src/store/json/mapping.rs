//! Mappings and fingerprints as they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::questionnaire::fingerprint::Mark;
use crate::questionnaire::mapping::{Block, ColumnMark, Mapping, Role, RowMark, SheetMapping};

/// A [`Mapping`].
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct StoredMapping(BTreeMap<String, StoredSheet>);

#[derive(Serialize, Deserialize)]
struct StoredSheet {
    used: Option<bool>,
    columns: Vec<(u32, String, String)>,
    rows: Vec<StoredRow>,
    blocks: Vec<StoredBlock>,
    choices: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredRow {
    row: u32,
    text: String,
    fill: Option<u32>,
    every: bool,
    asks: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredBlock {
    first: u32,
    last: u32,
    above: String,
    open: Option<u32>,
}

impl From<&Mapping> for StoredMapping {
    fn from(mapping: &Mapping) -> Self {
        let sheet = |(name, s): (&String, &SheetMapping)| {
            let row = |m: &RowMark| {
                let RowMark { row, text, fill, every, asks } = m.clone();
                StoredRow { row, text, fill, every, asks }
            };
            let block = |b: &Block| {
                let Block { first, last, above, open } = b.clone();
                StoredBlock { first, last, above, open }
            };
            let columns = s.columns.iter().map(|c| (c.col, c.head.clone(), c.role.name().to_owned())).collect();
            let (rows, blocks) = (s.rows.iter().map(row).collect(), s.blocks.iter().map(block).collect());
            (name.clone(), StoredSheet { used: s.used, columns, rows, blocks, choices: s.choices.clone() })
        };
        Self(mapping.0.iter().map(sheet).collect())
    }
}

impl TryFrom<StoredMapping> for Mapping {
    type Error = StoreError;

    fn try_from(stored: StoredMapping) -> Result<Self, StoreError> {
        let role = |name: String| Role::named(&name).ok_or(StoreError::Corrupt { what: "role", value: name });
        let column = |(col, head, name)| Ok::<_, StoreError>(ColumnMark { col, head, role: role(name)? });
        let sheet = |(name, s): (String, StoredSheet)| {
            let row = |StoredRow { row, text, fill, every, asks }| RowMark { row, text, fill, every, asks };
            let block = |StoredBlock { first, last, above, open }| Block { first, last, above, open };
            let sheet = SheetMapping {
                used: s.used,
                columns: s.columns.into_iter().map(column).collect::<Result<_, _>>()?,
                rows: s.rows.into_iter().map(row).collect(),
                blocks: s.blocks.into_iter().map(block).collect(),
                choices: s.choices,
            };
            Ok::<_, StoreError>((name, sheet))
        };
        Ok(Self(stored.0.into_iter().map(sheet).collect::<Result<_, _>>()?))
    }
}

/// A [`Mark`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::store) enum StoredMark {
    Sheet(String),
    Head(String, u32, String),
    Word(String),
    Width(String, u32, u32),
}

impl From<&Mark> for StoredMark {
    fn from(mark: &Mark) -> Self {
        match mark.clone() {
            Mark::Sheet(name) => Self::Sheet(name),
            Mark::Head(sheet, col, text) => Self::Head(sheet, col, text),
            Mark::Word(text) => Self::Word(text),
            Mark::Width(sheet, col, width) => Self::Width(sheet, col, width),
        }
    }
}

impl From<StoredMark> for Mark {
    fn from(mark: StoredMark) -> Self {
        match mark {
            StoredMark::Sheet(name) => Self::Sheet(name),
            StoredMark::Head(sheet, col, text) => Self::Head(sheet, col, text),
            StoredMark::Word(text) => Self::Word(text),
            StoredMark::Width(sheet, col, width) => Self::Width(sheet, col, width),
        }
    }
}
