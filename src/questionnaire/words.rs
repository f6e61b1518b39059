//! How the files of words in `index/` are read: one line a word, `role<TAB>word`, `#` for a comment.

/// A line that can't be read: the file, the line and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} の {line} 行目を読めません: 「{text}」。{why}")]
pub struct BadWord {
    /// The file's name as it is to be shown.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// What is wrong, and what is to stand there.
    pub why: String,
}

/// The lines of a file as (role, word), each given to `take`; a role that `take` does not know is an error.
///
/// # Errors
/// [`BadWord`] names the first line that is neither empty, a comment, nor `role<TAB>word` with a role that is known.
pub(super) fn read(file: &str, text: &str, mut take: impl FnMut(&str, &str) -> Result<(), String>) -> Result<(), BadWord> {
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let taken = match line.split_once('\t') {
            Some((role, word)) if !word.trim().is_empty() => take(role, word),
            _ => Err("「役割<TAB>語」の形で書いてください。".to_owned()),
        };
        taken.map_err(|why| BadWord { file: file.to_owned(), line: index + 1, text: line.to_owned(), why })?;
    }
    Ok(())
}

/// What is said of a role that no file knows.
pub(super) fn unknown(role: &str) -> String {
    format!("「{role}」という役割はありません。ファイルの先頭の説明を見てください。")
}
