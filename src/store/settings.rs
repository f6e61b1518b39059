//! How kaitou works for everybody: one value a setting, as an administrator chose it.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Executor, Row, Sqlite};

use super::{Store, StoreError, time};
use crate::people::By;
use crate::workbook::write::Layout;

impl Store {
    /// How the answers in a file that goes out are laid out; as the client laid them out until somebody chooses otherwise.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn layout(&self) -> Result<Layout, StoreError> {
        read(&self.pool).await
    }

    /// Keeps `layout` for all files that go out from now on.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn save_layout(&self, layout: Layout, by: &By, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let before = read(&mut *write.tx).await?;
        if before == layout {
            return Ok(());
        }
        write.note(by, at, "設定", "回答ファイルの行の高さ", in_words(before), in_words(layout)).await?;
        sqlx::query(
            "INSERT INTO setting (name, value, changed_at) VALUES ('layout', $1, $2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
        )
        .bind(match layout {
            Layout::Keep => "keep",
            Layout::Fit => "fit",
        })
        .bind(time(at))
        .execute(&mut *write.tx)
        .await?;
        write.commit().await
    }
}

async fn read<'e>(source: impl Executor<'e, Database = Sqlite>) -> Result<Layout, StoreError> {
    let row: Option<SqliteRow> = sqlx::query("SELECT value FROM setting WHERE name = 'layout'").fetch_optional(source).await?;
    match row.map(|r| r.try_get::<String, _>("value")).transpose()?.as_deref() {
        None | Some("keep") => Ok(Layout::Keep),
        Some("fit") => Ok(Layout::Fit),
        Some(other) => Err(StoreError::Corrupt { what: "layout", value: other.to_owned() }),
    }
}

fn in_words(layout: Layout) -> &'static str {
    match layout {
        Layout::Keep => "変更しない",
        Layout::Fit => "回答に合わせて調整する",
    }
}
