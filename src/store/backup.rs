//! Copies of the database: made while people work, checked before they are trusted.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, Row, SqliteConnection, SqlitePool};

use super::{FILE, Store, StoreError};
use crate::audit::{Broken, Chain};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no database in the data folder.
    #[error("{0}: kaitou のデータがありません。")]
    NoData(PathBuf),
    /// Something is there already, and nothing is overwritten.
    #[error("{0}: すでにあります。上書きはしません。別の名前を指定してください。")]
    Exists(PathBuf),
    /// The file can't be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The file is not what kaitou wrote.
    #[error("{0}: 壊れているか、kaitou のバックアップではありません（{1}）。")]
    Damaged(PathBuf, String),
    /// The audit log in it does not hold.
    #[error("{0}: {1}")]
    Audit(PathBuf, Broken),
}

impl Store {
    /// Copies the database in folder `data` into `file`, as it is at one moment, while others may be writing. The copy is
    /// checked and on disk when this returns.
    ///
    /// # Errors
    /// [`BackupError`]; `file` is not there then.
    pub async fn back_up(data: &Path, file: &Path) -> Result<Chain, BackupError> {
        if !Self::exists(data) {
            return Err(BackupError::NoData(data.to_owned()));
        }
        if file.exists() {
            return Err(BackupError::Exists(file.to_owned()));
        }
        let beside = beside(file);
        let done = copy(data, &beside).await;
        let checked = match done {
            Ok(()) => check(&beside).await,
            Err(e) => Err(e),
        };
        match checked.and_then(|chain| settle(&beside, file).map(|()| chain)) {
            Ok(chain) => Ok(chain),
            Err(e) => {
                let _ = std::fs::remove_file(&beside);
                Err(e)
            }
        }
    }

    /// Puts the copy in `file` into the folder `data`, which must not hold a database yet, once it is checked.
    ///
    /// # Errors
    /// [`BackupError`]; the folder is as it was then.
    pub async fn restore(file: &Path, data: &Path) -> Result<Chain, BackupError> {
        let to = data.join(FILE);
        if to.exists() {
            return Err(BackupError::Exists(to));
        }
        let beside = beside(&to);
        std::fs::copy(file, &beside).map_err(|e| BackupError::File(file.to_owned(), e))?;
        let chain = match check(&beside).await {
            Ok(chain) => chain,
            Err(e) => {
                let _ = std::fs::remove_file(&beside);
                return Err(match e {
                    BackupError::Damaged(_, why) => BackupError::Damaged(file.to_owned(), why),
                    BackupError::Audit(_, broken) => BackupError::Audit(file.to_owned(), broken),
                    e => e,
                });
            }
        };
        settle(&beside, &to)?;
        Ok(chain)
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

/// On disk first, then under its name: whoever sees the name sees the whole file.
fn settle(beside: &Path, file: &Path) -> Result<(), BackupError> {
    let failed = |e| BackupError::File(file.to_owned(), e);
    std::fs::File::open(beside).and_then(|f| f.sync_all()).map_err(failed)?;
    std::fs::rename(beside, file).map_err(failed)
}

async fn copy(data: &Path, to: &Path) -> Result<(), BackupError> {
    let failed = |e: sqlx::Error| BackupError::Damaged(data.join(FILE), e.to_string());
    let options = SqliteConnectOptions::new().filename(data.join(FILE)).busy_timeout(std::time::Duration::from_secs(10));
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
    sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().as_ref()).execute(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)
}

/// Whether `file` is a sound database of kaitou's whose audit log holds.
async fn check(file: &Path) -> Result<Chain, BackupError> {
    let damaged = |why: String| BackupError::Damaged(file.to_owned(), why);
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(|e| damaged(e.to_string()))?;
    let outcome = async {
        sound(&pool).await.map_err(|e| damaged(e.to_string()))?;
        let store = Store { pool: pool.clone(), turn: std::sync::Arc::default() };
        let chain = store.verify_audit().await.map_err(|e| damaged(e.to_string()))?;
        chain.map_err(|broken| BackupError::Audit(file.to_owned(), broken))
    }
    .await;
    pool.close().await;
    outcome
}

/// Reads the whole database once and finds what does not fit together.
pub(super) async fn sound(pool: &SqlitePool) -> Result<(), StoreError> {
    let row = sqlx::query("PRAGMA quick_check(1)").fetch_one(pool).await?;
    match row.try_get::<String, _>(0)?.as_str() {
        "ok" => Ok(()),
        wrong => Err(StoreError::Damaged(wrong.to_owned())),
    }
}
