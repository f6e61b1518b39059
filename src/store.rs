//! What must not be lost: SQL lives here and nowhere else.
//!
//! One file per aggregate. The statements are written for every SQL database; what differs is in the migrations.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};
use sqlx::{Sqlite, SqlitePool, Transaction};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

mod audit;
mod backup;
mod counts;
mod decisions;
mod json;
mod library;
mod links;
mod mappings;
mod people;
mod profile;
mod questionnaires;
mod questions;
mod reading;
mod releases;
mod sessions;
mod settings;
mod standards;
mod talk;

pub use audit::AuditEntry;
pub use backup::BackupError;
pub use counts::Counts;
pub use decisions::{Batch, Decided, Deed, PastAnswer, SaveError};
pub use library::TakenIn;
pub use links::{Link, LinkError, Purpose};
pub use mappings::{Form, FormSource, MappingError, MappingState, Origin};
pub use people::{PersonChange, PeopleError};
pub use questionnaires::{NewQuestionnaire, Questionnaire, Reading};
pub use questions::{Line, ReviewQuestion};
pub use releases::{NewRelease, Release};
pub use standards::{StandardFile, StandardVersion};
pub use talk::{Comment, Earlier, Hit};

/// The database's file in the data folder.
const FILE: &str = "kaitou.sqlite";

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    pool: SqlitePool,
    /// Writers take turns here: SQLite has room for one at a time, and lets the others try again and again in no order.
    turn: Arc<Mutex<()>>,
}

/// A transaction that writes. Dropped without [`Write::commit`], it leaves everything as it was.
struct Write {
    tx: Transaction<'static, Sqlite>,
    _turn: OwnedMutexGuard<()>,
}

impl Write {
    async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

/// The database failed, or holds what kaitou did not put there. Never the user's fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database itself.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be brought up to date.
    #[error("database migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The file is not what was written.
    #[error("データベースが壊れています（{0}）。バックアップから kaitou restore で復元してください。")]
    Damaged(String),
    /// A value that can't be read back.
    #[error("the database holds an unreadable {what}: {value}")]
    Corrupt {
        /// Of which column.
        what: &'static str,
        /// As it is stored.
        value: String,
    },
}

impl Store {
    /// Opens the database in the folder `data`, makes it when there is none, checks it, and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError`] when the folder can't be written or the database is not one of kaitou's.
    pub async fn open(data: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(data.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A saved decision outlives a power cut: in WAL mode NORMAL could lose the last commits. Costs an fsync per save.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options).await?;
        backup::sound(&pool).await?;
        sqlx::migrate!("migrations/sqlite").run(&pool).await?;
        let store = Self { pool, turn: Arc::default() };
        store.add_digests().await?;
        Ok(store)
    }

    /// Begins to write, when those who came before are done.
    async fn write(&self) -> Result<Write, StoreError> {
        let turn = self.turn.clone().lock_owned().await;
        Ok(Write { tx: self.pool.begin_with("BEGIN IMMEDIATE").await?, _turn: turn })
    }

    /// Whether the folder `data` holds a database.
    #[must_use]
    pub fn exists(data: &Path) -> bool {
        data.join(FILE).exists()
    }

    /// Waits for what is being written, then closes the database.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Reads back a value that was stored as text.
fn parsed<T: FromStr>(what: &'static str, value: &str) -> Result<T, StoreError> {
    value.parse().map_err(|_| StoreError::Corrupt { what, value: value.to_owned() })
}

/// A stored count or number in Rust's type for it.
fn number<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::Corrupt { what, value: value.to_string() })
}

/// A time as it is stored: UTC, so that text order is time order.
fn time(at: Timestamp) -> String {
    format!("{at:.6}")
}
