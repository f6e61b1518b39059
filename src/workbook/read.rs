//! Bytes → [`Workbook`], within [`Limits`].
//!
//! Values and looks come from calamine, cell by cell (its ranges are built from the declared size, which can be a lie);
//! merges, lists, protection and what is hidden come from `scan`, our own pass over the same part.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, Reader as _, Style, Xlsx, XlsxError};

use super::package::Package;
use super::{Cell, CellRef, Limits, Look, MAX_COL, MAX_ROW, Problem, Sheet, Workbook, lists, scan};

/// Why a file could not be read as a workbook; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Zero bytes.
    #[error("ファイルが空です（0バイト）。元のファイルを確認して、もう一度選んでください。")]
    Empty,
    /// Neither a zip nor an OLE container.
    #[error("Excelブック（.xlsx）ではありません。Excelで開けるか確認し、.xlsx形式で保存し直してください。")]
    NotAZip,
    /// A zip, but without a workbook in it.
    #[error("ZIP形式のファイルですが、Excelブックが入っていません。.xlsx形式の質問票を選んでください。")]
    NotAWorkbook,
    /// An OLE container, but neither an encrypted nor an Excel 97-2003 workbook: another program's file.
    #[error("Excel以外のファイルのようです。.xlsx形式の質問票を選んでください。")]
    OtherProgram,
    /// An encrypted workbook.
    #[error("パスワードで保護されたブックです。Excelで開き、パスワードを解除して保存し直してください。")]
    Encrypted,
    /// An Excel 97-2003 workbook.
    #[error("旧形式（.xls）のブックです。Excelで開き、「名前を付けて保存」で .xlsx 形式にしてください。")]
    LegacyXls,
    /// More bytes than [`Limits::file_bytes`].
    #[error("ファイルが大きすぎます（上限 {limit_mb} MB）。画像などの不要な内容を除いて保存し直してください。")]
    TooLarge {
        /// The limit in MB.
        limit_mb: usize,
    },
    /// Unpacks to more than [`Limits::unpacked_bytes`].
    #[error("展開後の大きさが上限（{limit_mb} MB）を超えるため、読み込みを中止しました。")]
    Bomb {
        /// The limit in MB.
        limit_mb: u64,
    },
    /// More entries than [`Limits::entries`].
    #[error("ファイル内の部品が多すぎます（上限 {limit}）。Excelで保存し直してください。")]
    TooManyParts {
        /// The limit.
        limit: usize,
    },
    /// More cells than [`Limits::cells`].
    #[error("シート「{sheet}」のセルが多すぎます（全シートで上限 {limit}）。不要な行・列を削除して保存し直してください。")]
    TooManyCells {
        /// The sheet where the limit was reached.
        sheet: String,
        /// The limit.
        limit: usize,
    },
    /// The zip is cut off or its checksums do not hold.
    #[error("ファイルが壊れています（ZIPとして読めません）。送り主に再送を依頼するか、Excelで開いて保存し直してください。")]
    Damaged,
    /// A part is named but not there.
    #[error("ファイルが壊れています（部品「{0}」がありません）。Excelで開いて保存し直してください。")]
    MissingPart(String),
    /// A part is not well-formed.
    #[error("ファイルが壊れています（部品「{0}」を解釈できません）。Excelで開いて保存し直してください。")]
    BadXml(String),
    /// A part is in another encoding.
    #[error("部品「{0}」の文字コードがUTF-8ではありません。Excelで開いて保存し直してください。")]
    NotUtf8(String),
    /// A worksheet's cells could not be read.
    #[error("シート「{sheet}」を読めません（{reason}）。Excelで開いて保存し直してください。")]
    BadSheet {
        /// The sheet.
        sheet: String,
        /// What the reader said.
        reason: String,
    },
    /// No worksheet at all.
    #[error("ブックにワークシートがありません。")]
    NoSheets,
}

/// Reads an .xlsx or .xlsm file.
///
/// # Errors
/// [`ReadError`] says what is wrong with the file, in Japanese.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    let mut package = Package::open(bytes, limits)?;
    if package.sheets.is_empty() {
        return Err(ReadError::NoSheets);
    }
    let mut values: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|e| match e {
        XlsxError::Password => ReadError::Encrypted,
        _ => ReadError::Damaged,
    })?;
    let mut budget = limits.cells;
    let mut sheets = Vec::with_capacity(package.sheets.len());
    let mut raw_lists = Vec::with_capacity(package.sheets.len());
    for part in package.sheets.clone() {
        let cells = read_cells(&mut values, &part.name, &mut budget, limits.cells)?;
        let frame = scan::frame(&package.text(&part.entry)?).ok_or_else(|| ReadError::BadXml(part.entry.clone()))?;
        raw_lists.push(frame.lists);
        sheets.push(Sheet {
            name: part.name,
            visibility: part.visibility,
            cells,
            merges: frame.merges,
            validations: Vec::new(),
            protected: frame.protected,
            hidden_rows: frame.hidden_rows,
            hidden_cols: frame.hidden_cols,
        });
    }
    for sheet in &mut sheets {
        clear_covered(sheet);
    }
    let mut problems = Vec::new();
    let resolved: Vec<_> = raw_lists.iter().enumerate().map(|(i, raw)| lists::resolve(raw, i, &sheets, &package.names)).collect();
    for (sheet, validations) in sheets.iter_mut().zip(resolved) {
        sheet.validations = validations;
        for validation in &sheet.validations {
            if validation.choices.is_none() {
                problems.push(Problem {
                    sheet: Some(sheet.name.clone()),
                    cell: validation.ranges.first().map(|r| r.first),
                    message: "入力規則のリストの参照先をたどれないため、選択肢が分かりません。".to_owned(),
                });
            }
        }
    }
    Ok(Workbook { sheets, problems })
}

/// Rows without a text in which looks are still kept: sheets are painted down to their last row, and memory goes with what
/// is filled.
const STYLED_ROWS: u32 = 256;

fn read_cells(
    values: &mut Xlsx<Cursor<&[u8]>>,
    sheet: &str,
    budget: &mut usize,
    limit: usize,
) -> Result<BTreeMap<CellRef, Cell>, ReadError> {
    let bad = |e: XlsxError| ReadError::BadSheet { sheet: sheet.to_owned(), reason: e.to_string() };
    let mut reader = values.worksheet_cells_reader(sheet).map_err(bad)?;
    let looks: Vec<Look> = reader.styles().iter().map(look_of).collect();
    let mut cells = BTreeMap::new();
    let mut last_text = 0;
    while let Some((cell, style)) = reader.next_cell_with_style_id().map_err(bad)? {
        let (row, col) = cell.get_position();
        let text = text_of(cell.get_value());
        let look = looks.get(style).copied().unwrap_or_default();
        let idle = text.is_empty() && (look == Look::default() || row > last_text + STYLED_ROWS);
        if row >= MAX_ROW || col >= MAX_COL || idle {
            continue;
        }
        if !text.is_empty() {
            last_text = row;
        }
        if *budget == 0 {
            // A painted but empty area is worth nothing; text that would be lost is.
            if text.is_empty() {
                continue;
            }
            return Err(ReadError::TooManyCells { sheet: sheet.to_owned(), limit });
        }
        *budget -= 1;
        cells.insert(CellRef::new(row + 1, col + 1), Cell { text, look });
    }
    Ok(cells)
}

fn look_of(style: &Style) -> Look {
    Look {
        fill: style.fill.as_ref().filter(|f| f.is_visible()).and_then(|f| match f.get_color() {
            Some(c) if c.is_white() => None,
            Some(c) => Some(u32::from_be_bytes([0, c.red, c.green, c.blue])),
            None => Some(0),
        }),
        bold: style.font.as_ref().is_some_and(calamine::Font::is_bold),
        bordered: style.borders.as_ref().is_some_and(calamine::Borders::has_visible_borders),
        unlocked: style.protection.as_ref().is_some_and(|p| !p.locked),
    }
}

/// What a person reads in the cell, as near as the stored value tells.
fn text_of(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::Empty => String::new(),
        DataRef::Int(i) => i.to_string(),
        DataRef::Float(f) => f.to_string(),
        DataRef::String(s) | DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::SharedString(s) => (*s).to_owned(),
        DataRef::Bool(b) => if *b { "TRUE" } else { "FALSE" }.to_owned(),
        DataRef::Error(e) => e.to_string(),
        DataRef::DateTime(d) => {
            let (year, month, day, hour, minute, ..) = d.to_ymd_hms_milli();
            let date = format!("{year}/{month}/{day}");
            if hour == 0 && minute == 0 { date } else { format!("{date} {hour}:{minute:02}") }
        }
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.trim().to_owned()
}

/// Inside a merged block only the top-left cell is seen.
fn clear_covered(sheet: &mut Sheet) {
    for merge in &sheet.merges {
        for (at, cell) in sheet.cells.range_mut(merge.first..=merge.last) {
            if *at != merge.first && merge.contains(*at) {
                cell.text.clear();
            }
        }
    }
}
