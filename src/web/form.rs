//! Forms that carry a file: read piece by piece, so that one that is too large is answered with words.

use std::collections::HashMap;

use axum::extract::Multipart;
use axum::extract::multipart::Field;

use super::error::WebError;

/// The longest value of a field that is no file.
const FIELD_BYTES: usize = 64 << 10;
/// The field that holds pasted rows, and how long they may be.
pub(super) const ROWS: &str = "rows";
const ROWS_BYTES: usize = 4 << 20;
/// How much of a file beyond the limit is read and thrown away. A browser shows the answer only after it has sent the whole
/// request: hanging up earlier would show it a cut connection.
const DRAINED: usize = 1 << 30;

/// A form with at most one file.
#[derive(Debug, Default)]
pub(super) struct FileForm {
    fields: HashMap<String, Vec<String>>,
    /// The file, when one was chosen.
    pub file: Option<File>,
}

/// A file that was sent.
#[derive(Debug)]
pub(super) struct File {
    /// Its name, without folders.
    pub name: String,
    /// Its bytes; `None` when there are more than the limit.
    pub bytes: Option<Vec<u8>>,
}

impl FileForm {
    /// Reads a form whose file has at most `limit` bytes.
    pub(super) async fn read(mut multipart: Multipart, limit: usize) -> Result<Self, WebError> {
        let mut form = Self::default();
        while let Some(field) = multipart.next_field().await.map_err(malformed)? {
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(plain_name) {
                Some(file_name) => {
                    let bytes = bytes(field, limit, DRAINED).await?;
                    // A browser sends a file without name and bytes when none was chosen.
                    if !(file_name.is_empty() && bytes.as_ref().is_some_and(Vec::is_empty)) {
                        form.file = Some(File { name: file_name, bytes });
                    }
                }
                None => {
                    let (limit, too_long) = if name == ROWS {
                        let why = format!("貼り付けた表が大きすぎます（上限 {} MB）。ファイルとしてアップロードしてください。", ROWS_BYTES >> 20);
                        (ROWS_BYTES, WebError::TooLarge(why))
                    } else {
                        (FIELD_BYTES, WebError::Malformed(format!("項目「{name}」が長すぎます")))
                    };
                    let value = bytes(field, limit, limit).await?.ok_or(too_long)?;
                    let value = String::from_utf8(value).map_err(|_| WebError::Malformed("文字コード".to_owned()))?;
                    form.fields.entry(name).or_default().push(value);
                }
            }
        }
        Ok(form)
    }

    /// The first value of a field, trimmed; empty when there is none.
    pub(super) fn value(&self, name: &str) -> &str {
        self.values(name).first().map_or("", |v| v.trim())
    }

    /// All values of a field.
    pub(super) fn values(&self, name: &str) -> &[String] {
        self.fields.get(name).map_or(&[], Vec::as_slice)
    }
}

/// All of a field; `None` when there is more than `limit`, of which up to `drained` is read all the same.
async fn bytes(mut field: Field<'_>, limit: usize, drained: usize) -> Result<Option<Vec<u8>>, WebError> {
    let (mut bytes, mut seen) = (Vec::new(), 0);
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        seen += chunk.len();
        if seen <= limit {
            bytes.extend_from_slice(&chunk);
        } else {
            bytes = Vec::new();
        }
        if seen > limit + drained {
            return Err(WebError::TooLarge("送信された内容が大きすぎます。".to_owned()));
        }
    }
    Ok((seen <= limit).then_some(bytes))
}

fn malformed(e: axum::extract::multipart::MultipartError) -> WebError {
    tracing::debug!(error = %e, "an unreadable form");
    WebError::Malformed("フォームの形式".to_owned())
}

/// A file's name without folders and control characters, not longer than file systems allow.
fn plain_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(150).collect::<String>().trim().to_owned()
}
