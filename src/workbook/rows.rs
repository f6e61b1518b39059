//! Rows of texts, as a CSV file or the clipboard has them, and an .xlsx workbook that holds them.

use encoding_rs::{Encoding, SHIFT_JIS};
use rust_xlsxwriter::{Format, FormatBorder, Workbook as NewWorkbook, XlsxError};

use super::read::ReadError;
use super::{CellRef, Limits, MAX_CELL_UTF16, MAX_COL, MAX_ROW};

/// The name of the one sheet.
const SHEET: &str = "質問票";
/// At most so many cells: what is built anew is held in memory as a whole.
const MAX_CELLS: usize = 300_000;
/// Stands in a row of its own behind the last one: where it does not come out alone, a quotation mark was left open.
const END: &str = "\u{1}";
/// Narrowest and widest column, in characters.
const WIDTHS: (u16, u16) = (8, 60);

/// Why rows could not be read; the text is for a person.
#[derive(Debug, thiserror::Error)]
pub enum RowsError {
    /// A limit of [`Limits`].
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Neither UTF-8 nor UTF-16 nor Shift_JIS.
    #[error("文字コードを判別できません（UTF-8 と Shift_JIS に対応しています）。Excelで開き、.xlsx形式または「CSV UTF-8」形式で保存し直してください。")]
    Encoding,
    /// A quotation mark was left open; the line where that cell's row begins.
    #[error("{0}行目から始まる行で、引用符（\"）が閉じられていません。引用符を直すか、Excelブックとしてアップロードしてください。")]
    OpenQuote(u64),
    /// No text at all.
    #[error("文字の入った行がありません。質問の入った表か確認してください。")]
    Nothing,
    /// More columns or rows than a sheet has.
    #[error("行または列が多すぎます（{0}行目。シートに入るのは{MAX_ROW}行、{MAX_COL}列までです）。")]
    TooWide(usize),
    /// A text that no cell can hold.
    #[error("{at} に当たるセルの文字が長すぎます（{length}文字。Excelの上限は{MAX_CELL_UTF16}文字）。短くするか、行を分けてください。")]
    TooLong {
        /// The cell it would have.
        at: CellRef,
        /// Its length in UTF-16 units.
        length: usize,
    },
    /// The workbook could not be built.
    #[error("Excelブックに変換できません（{0}）。Excelで開き、.xlsx形式で保存してからアップロードしてください。")]
    Build(#[from] XlsxError),
}

/// The rows of a CSV file: UTF-8 with or without a byte order mark, UTF-16 with one, or Shift_JIS (CP932); divided by commas, or by
/// tabs where there are more of those.
///
/// # Errors
/// [`RowsError`] says what is wrong and where.
pub fn csv(bytes: &[u8], limits: &Limits) -> Result<Vec<Vec<String>>, RowsError> {
    if bytes.len() > limits.file_bytes {
        return Err(ReadError::TooLarge { limit_mb: limits.file_bytes >> 20 }.into());
    }
    if bytes.is_empty() {
        return Err(ReadError::Empty.into());
    }
    let text = decode(bytes).ok_or(RowsError::Encoding)?;
    let count = |mark: u8| text.bytes().take(1 << 16).filter(|b| *b == mark).count();
    let divider = if count(b'\t') > count(b',') { b'\t' } else { b',' };
    divided(&text, divider, limits)
}

/// The rows of a table as Excel puts it on the clipboard: divided by tabs, cells with line breaks in quotation marks.
///
/// # Errors
/// [`RowsError`] says what is wrong and where.
pub fn pasted(text: &str, limits: &Limits) -> Result<Vec<Vec<String>>, RowsError> {
    divided(text, b'\t', limits)
}

/// Whether a workbook of so many cells may be built anew.
///
/// # Errors
/// [`ReadError::TooManyCells`]
pub fn check_size(cells: usize, limits: &Limits) -> Result<(), RowsError> {
    let limit = limits.cells.min(MAX_CELLS);
    if cells > limit { Err(ReadError::TooManyCells { sheet: SHEET.to_owned(), limit }.into()) } else { Ok(()) }
}

fn decode(bytes: &[u8]) -> Option<String> {
    let text = if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..])
    } else if let Ok(text) = std::str::from_utf8(bytes) {
        Some(text.into())
    } else {
        SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes)
    }?;
    // No text has these, other files do.
    (!text.contains(['\0', '\u{1}'])).then(|| text.into_owned())
}

fn divided(text: &str, divider: u8, limits: &Limits) -> Result<Vec<Vec<String>>, RowsError> {
    if text.len() as u64 > limits.text_bytes {
        return Err(ReadError::TooMuchText { limit_mb: limits.text_bytes >> 20 }.into());
    }
    // Counted before anything is built: fifty million commas are fifty million cells.
    check_size(text.bytes().filter(|b| *b == divider || *b == b'\n').count(), limits)?;
    let text = format!("{}\n{END}", text.replace(END, ""));
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(divider).from_reader(text.as_bytes());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut ended = Err(1);
    for record in reader.records() {
        // It is read from UTF-8 in memory: nothing can fail.
        let Ok(record) = record else { return Err(RowsError::Encoding) };
        ended = if record.iter().eq([END]) { Ok(()) } else { Err(record.position().map_or(1, ::csv::Position::line)) };
        rows.push(record.iter().map(tidy).collect());
    }
    ended.map_err(RowsError::OpenQuote)?;
    rows.pop();
    if rows.iter().flatten().all(String::is_empty) {
        return Err(RowsError::Nothing);
    }
    Ok(rows)
}

/// One kind of line end, no control characters (XML has no way to write them), no blanks around.
fn tidy(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect::<String>().trim().to_owned()
}

/// How wide a column is to be for a text, in characters: within reason, a longer text wraps.
pub(super) fn width_of(text: &str) -> u16 {
    let (least, most) = WIDTHS;
    let line = |line: &str| line.chars().take(usize::from(most)).map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<u16>();
    text.lines().map(line).max().unwrap_or(0).clamp(least, most) + 2
}

/// An .xlsx workbook with these rows on its one sheet, framed where they look like a table, so that answers have a place.
///
/// # Errors
/// [`RowsError`] where a sheet can't hold them.
pub fn to_xlsx(rows: &[Vec<String>]) -> Result<Vec<u8>, RowsError> {
    let mut new = NewWorkbook::new();
    let sheet = new.add_worksheet();
    sheet.set_name(SHEET)?;
    let plain = Format::new();
    let framed = Format::new().set_text_wrap().set_border(FormatBorder::Thin);
    let mut widths: Vec<u16> = Vec::new();
    for (row, cells) in rows.iter().enumerate() {
        let number = u32::try_from(row).ok().filter(|n| *n < MAX_ROW).ok_or(RowsError::TooWide(row + 1))?;
        if cells.len() > MAX_COL as usize {
            return Err(RowsError::TooWide(row + 1));
        }
        // A lone text is a title or a note.
        let table = cells.iter().filter(|c| !c.is_empty()).count() >= 2;
        for (col, text) in cells.iter().enumerate() {
            let place = u16::try_from(col).map_err(|_| RowsError::TooWide(row + 1))?;
            let length = text.encode_utf16().count();
            if length > MAX_CELL_UTF16 {
                return Err(RowsError::TooLong { at: CellRef::new(number + 1, u32::from(place) + 1), length });
            }
            match (text.is_empty(), table) {
                (true, true) => sheet.write_blank(number, place, &framed)?,
                (true, false) => continue,
                (false, true) => sheet.write_string_with_format(number, place, text, &framed)?,
                (false, false) => sheet.write_string_with_format(number, place, text, &plain)?,
            };
            if widths.len() <= col {
                widths.resize(col + 1, width_of(""));
            }
            if table {
                widths[col] = widths[col].max(width_of(text));
            }
        }
    }
    for (col, width) in (0_u16..).zip(widths) {
        sheet.set_column_width(col, width)?;
    }
    Ok(new.save_to_buffer()?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn texts(rows: &[Vec<String>]) -> Vec<Vec<&str>> {
        rows.iter().map(|r| r.iter().map(String::as_str).collect()).collect()
    }

    #[test]
    fn every_encoding_gives_the_same_rows() {
        let text = "No.,質問,回答\r\n1,\"鍵を、\r\n掛けているか\",\r\n";
        let want = vec![vec!["No.", "質問", "回答"], vec!["1", "鍵を、\n掛けているか", ""]];
        let (sjis, ..) = SHIFT_JIS.encode(text);
        let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        for bytes in [text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes(), sjis.into_owned(), wide] {
            assert_eq!(texts(&csv(&bytes, &Limits::default()).unwrap()), want);
        }
        // 「①」 and 「㈱」 are of CP932, not of Shift_JIS proper.
        assert_eq!(texts(&csv(b"\x87\x40,\x87\x8a", &Limits::default()).unwrap()), [["①", "㈱"]]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_place() {
        let limits = Limits::default();
        let refused = |bytes: &[u8]| csv(bytes, &limits).unwrap_err().to_string();
        assert!(refused(b"a,b\nc,\"d\ne,f\n").starts_with("2行目"), "{}", refused(b"a,b\nc,\"d\ne,f\n"));
        assert!(refused(b"a\0b").contains("文字コード"));
        assert!(refused(&[0x81, 0xFF, 0xFD]).contains("文字コード"));
        assert!(refused(b",,\n,,\n").contains("文字の入った行がありません"));
        assert!(refused(&vec![b','; MAX_CELLS + 1]).contains("セルが多すぎます"));
        let long = vec![vec!["あ".repeat(MAX_CELL_UTF16 + 1)]];
        assert!(to_xlsx(&long).unwrap_err().to_string().starts_with("A1 に"));
        assert!(matches!(to_xlsx(&[vec![String::new(); MAX_COL as usize + 1]]), Err(RowsError::TooWide(1))));
    }

    #[test]
    fn the_clipboard_keeps_line_breaks_in_their_cells() {
        let rows = pasted("1\t\"一行目\n二行目は\"\"重要\"\"\"\t\n2\t12\" の画面か\t\n", &Limits::default()).unwrap();
        assert_eq!(texts(&rows), [["1", "一行目\n二行目は\"重要\"", ""], ["2", "12\" の画面か", ""]]);
    }
}
