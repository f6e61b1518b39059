//! Bytes → [`Workbook`], within [`Limits`].
//!
//! One pass over each part, by the tokens of `xml`: what is kept is counted while it is read, so a file can neither take
//! more memory nor more time than the limits say. calamine can't be held to any: it keeps every shared string there is, and
//! gives up a whole sheet for one odd attribute. It reads .xls (in `xls`), and is what the tests hold this reader against.

use super::lists::Resolver;
use super::package::Package;
use super::scan::{self, Budget};
use super::values::{TextBudget, Values};
use super::{CellRef, Limits, Problem, Sheet, Workbook};

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
    /// An Excel 97-2003 workbook that can't be read.
    #[error("旧形式（.xls）のブックを読み込めません（壊れているようです）。Excelで開けるか確認し、.xlsx形式で保存し直してください。")]
    BadXls,
    /// A workbook of a time before Excel 5.0, or in the form of that time.
    #[error("Excel 95より前の形式のブックです。Excelで開き、「名前を付けて保存」で .xlsx 形式にしてください。")]
    AncientXls,
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
    /// More text than [`Limits::text_bytes`].
    #[error("文字の量が上限（{limit_mb} MB）を超えるため、読み込みを中止しました。不要なシートを削除して保存し直してください。")]
    TooMuchText {
        /// The limit in MB.
        limit_mb: u64,
    },
    /// Not read within [`Limits::time`].
    #[error("{seconds} 秒以内に読み込めないため、中止しました。不要なシートや書式を削除して保存し直してください。")]
    TooSlow {
        /// The limit in seconds.
        seconds: u64,
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
    /// A part's bytes are no text in the encoding that it claims.
    #[error("ファイルが壊れています（部品「{0}」の文字コードが正しくありません）。Excelで開いて保存し直してください。")]
    NotText(String),
    /// A part can't be unpacked, or its checksum does not hold.
    #[error(
        "ファイルが壊れています（部品「{0}」を展開できません）。送り主に再送を依頼するか、Excelで開いて保存し直してください。"
    )]
    BadPart(String),
    /// A part declares a document type: workbooks never do, attacks do.
    #[error("部品「{0}」にDOCTYPE宣言があるため、安全のため読み込みません。Excelで開いて保存し直してください。")]
    Doctype(String),
    /// A part is built in a way that no workbook is; with the reason.
    #[error("部品「{0}」を安全に読み込めません（{1}）。Excelで開いて保存し直してください。")]
    Unreasonable(String, String),
    /// Two entries of one name (Excel knows no difference between capital and small letters in them).
    #[error("ファイルの中に部品「{0}」が二つ以上あるため、読み込めません。Excelで開いて保存し直してください。")]
    TwiceInPackage(String),
    /// A part of the zip is encrypted by the zip itself.
    #[error("ファイルの中の部品「{0}」が暗号化されています。暗号化を解除して保存し直してください。")]
    EncryptedPart(String),
    /// A part is packed in a way that Excel does not know.
    #[error("部品「{0}」の圧縮方式が分かりません。Excelで開いて保存し直してください。")]
    OddCompression(String),
    /// An .xlsb workbook.
    #[error("バイナリ形式（.xlsb）のブックです。Excelで開き、「名前を付けて保存」で .xlsx 形式にしてください。")]
    BinaryWorkbook,
    /// An OpenDocument spreadsheet.
    #[error("OpenDocument形式（.ods）のファイルです。Excelなどで開き、「名前を付けて保存」で .xlsx 形式にしてください。")]
    OpenDocument,
    /// No worksheet at all.
    #[error("ブックにワークシートがありません。")]
    NoSheets,
}

/// Reads an .xlsx or .xlsm file.
///
/// # Errors
/// [`ReadError`] says what is wrong with the file, in Japanese.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    let package = Package::open(bytes, limits)?;
    if package.sheets.is_empty() {
        return Err(ReadError::NoSheets);
    }
    let mut budget = Budget { cells: limits.cells, text: TextBudget::new(limits.text_bytes) };
    let values = Values::read(&package, &mut budget.text)?;
    let mut sheets = Vec::with_capacity(package.sheets.len());
    let mut lists = Vec::with_capacity(package.sheets.len());
    for listed in &package.sheets {
        let part = package.load(package.entry(&listed.entry)?)?;
        let over = || ReadError::TooManyCells { sheet: listed.name.clone(), limit: limits.cells };
        let scanned = scan::sheet(&package, &part, &values, &mut budget, over)?;
        lists.push(scanned.lists);
        sheets.push(Sheet {
            name: listed.name.clone(),
            visibility: listed.visibility,
            cells: scanned.cells,
            merges: scanned.merges,
            validations: Vec::new(),
            protected: scanned.protected,
            hidden_rows: scanned.hidden_rows,
            hidden_cols: scanned.hidden_cols,
            widths: scanned.widths,
        });
    }
    drop(values);
    clear_covered(&mut sheets, &package)?;
    let mut problems = Vec::new();
    let mut resolver = Resolver::new(&sheets, &package.names);
    let resolved: Vec<_> = lists.iter().enumerate().map(|(home, raw)| resolver.resolve(raw, home)).collect();
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
    package.check_time()?;
    Ok(Workbook { sheets, problems })
}

/// Inside a merged block only the top-left cell is seen.
fn clear_covered(sheets: &mut [Sheet], package: &Package<'_>) -> Result<(), ReadError> {
    // Blocks do not overlap, so each cell is met once; in a broken file they may.
    let mut since_check = 0;
    for sheet in sheets {
        for merge in &sheet.merges {
            let mut from = merge.first;
            while let Some((at, cell)) = sheet.cells.range_mut(from..=merge.last).next() {
                since_check += 1;
                if since_check == 100_000 {
                    package.check_time()?;
                    since_check = 0;
                }
                if *at != merge.first && merge.contains(*at) {
                    cell.text.clear();
                }
                from = match at.col {
                    col if col < merge.first.col => CellRef::new(at.row, merge.first.col),
                    col if col < merge.last.col => CellRef::new(at.row, col + 1),
                    _ => CellRef::new(at.row + 1, merge.first.col),
                };
                if from > merge.last {
                    break;
                }
            }
        }
    }
    Ok(())
}
