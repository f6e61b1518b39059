//! Bytes → [`Workbook`], within [`Limits`].

use super::{Limits, Workbook};

/// Why a file could not be read as a workbook; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Zero bytes.
    #[error("ファイルが空です（0バイト）。保存し直したファイルを選んでください。")]
    Empty,
}

/// Reads an .xlsx or .xlsm file.
///
/// # Errors
/// [`ReadError`] says what is wrong with the file, in Japanese.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    let _ = (bytes, limits);
    Err(ReadError::Empty)
}
