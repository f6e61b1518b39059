//! The standard sheets that were imported; every one is kept, the newest is in use.

use jiff::Timestamp;
use sqlx::Row;

use super::{Store, StoreError, number, parsed, time};
use crate::people::By;

/// A standard sheet as it was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardFile {
    /// Its id.
    pub id: i64,
    /// The file's name.
    pub name: String,
    /// The file, verbatim.
    pub bytes: Vec<u8>,
}

/// A standard sheet in the list of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardVersion {
    /// Its id; a higher one is newer.
    pub id: i64,
    /// The file's name.
    pub name: String,
    /// How many items it has.
    pub items: usize,
    /// When it was imported.
    pub imported_at: Timestamp,
}

impl Store {
    /// Keeps a standard sheet, which is from now on the one in use.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn add_standard(&self, name: &str, bytes: &[u8], items: usize, by: &By, at: Timestamp) -> Result<i64, StoreError> {
        let mut write = self.write().await?;
        let row = sqlx::query("INSERT INTO standard_sheet (name, bytes, items, imported_at) VALUES ($1, $2, $3, $4) RETURNING id")
            .bind(name)
            .bind(bytes)
            .bind(i64::try_from(items).unwrap_or(i64::MAX))
            .bind(time(at))
            .fetch_one(&mut *write.tx)
            .await?;
        let id = row.try_get("id")?;
        write.note(by, at, "標準シートの取り込み", &format!("標準シート{id}"), "", &format!("{name}（{items}項目）")).await?;
        write.commit().await?;
        Ok(id)
    }

    /// The standard sheet in use.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn standard(&self) -> Result<Option<StandardFile>, StoreError> {
        let row = sqlx::query("SELECT id, name, bytes FROM standard_sheet ORDER BY id DESC LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        row.map(|r| Ok(StandardFile { id: r.try_get("id")?, name: r.try_get("name")?, bytes: r.try_get("bytes")? }))
            .transpose()
    }

    /// All that were imported, the newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn standards(&self) -> Result<Vec<StandardVersion>, StoreError> {
        let rows = sqlx::query("SELECT id, name, items, imported_at FROM standard_sheet ORDER BY id DESC")
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter()
            .map(|r| {
                Ok(StandardVersion {
                    id: r.try_get("id")?,
                    name: r.try_get("name")?,
                    items: number("item count", r.try_get("items")?)?,
                    imported_at: parsed("time", r.try_get("imported_at")?)?,
                })
            })
            .collect()
    }
}
