//! What was let out, to the byte, and who fetched it. Only ever added to.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::decisions::SaveError;
use super::json::{StoredProblem, decode, encode};
use super::{Store, StoreError, number, parsed, time};
use crate::audit::hex;
use crate::people::By;
use crate::review::Revision;
use crate::workbook::{Change, Problem};

/// A release to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRelease {
    /// The name the file goes out under.
    pub file_name: String,
    /// The filled file.
    pub bytes: Vec<u8>,
    /// The answers in it: each question's place, and the revision that was written.
    pub answers: Vec<(u32, Revision)>,
    /// Exactly the cells that differ from the client's file.
    pub cells: Vec<Change>,
    /// What a person who hands it out should know.
    pub notes: Vec<Problem>,
}

/// A release without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id; the highest of a questionnaire is the one in force.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub person: String,
    /// The name the file goes out under.
    pub file_name: String,
    /// The file's SHA-256, in hexadecimal.
    pub sha256: String,
    /// How many answers are in it.
    pub answers: usize,
    /// How many cells it changed.
    pub cells: usize,
    /// What a person who hands it out should know.
    pub notes: Vec<Problem>,
    /// Who fetched it and when, the latest first.
    pub downloads: Vec<(Timestamp, String)>,
}

impl Store {
    /// Stores a release of questionnaire `id`.
    ///
    /// # Errors
    /// [`SaveError::Stale`] when one of the answers was changed in the meantime: nothing is stored then.
    pub async fn release(&self, id: i64, new: &NewRelease, by: &By, at: Timestamp) -> Result<i64, SaveError> {
        let mut write = self.write().await?;
        let sha256 = hex(&Sha256::digest(&new.bytes));
        let notes: Vec<StoredProblem> = new.notes.iter().map(Into::into).collect();
        let row = sqlx::query(
            "INSERT INTO release (questionnaire_id, released_at, person_id, person, file_name, bytes, sha256, notes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        )
        .bind(id)
        .bind(time(at))
        .bind(by.id)
        .bind(&by.name)
        .bind(&new.file_name)
        .bind(&new.bytes)
        .bind(&sha256)
        .bind(encode("notes", &notes)?)
        .fetch_one(&mut *write.tx)
        .await?;
        let release: i64 = row.try_get("id")?;
        for (position, revision) in &new.answers {
            let row = sqlx::query("SELECT * FROM standing WHERE questionnaire_id = $1 AND position = $2")
                .bind(id)
                .bind(i64::from(*position))
                .fetch_optional(&mut *write.tx)
                .await?;
            let row = row.ok_or(SaveError::NoQuestion)?;
            let now = super::decisions::review(&row)?;
            if now.revision != *revision {
                return Err(SaveError::Stale(Box::new(now)));
            }
            sqlx::query("INSERT INTO release_answer (release_id, question_id, revision) VALUES ($1, $2, $3)")
                .bind(release)
                .bind(row.try_get::<i64, _>("id")?)
                .bind(i64::from(revision.0))
                .execute(&mut *write.tx)
                .await?;
        }
        for change in &new.cells {
            sqlx::query("INSERT INTO release_cell (release_id, sheet, cell, before, after) VALUES ($1, $2, $3, $4, $5)")
                .bind(release)
                .bind(&change.sheet)
                .bind(change.cell.to_string())
                .bind(&change.before)
                .bind(&change.after)
                .execute(&mut *write.tx)
                .await?;
        }
        let mut after = format!("リリース{release} 回答{}件 セル{}個 SHA-256 {sha256}", new.answers.len(), new.cells.len());
        for note in &new.notes {
            let sheet = note.sheet.as_ref().map_or(String::new(), |sheet| format!("シート「{sheet}」："));
            after.push_str(&format!("\n{sheet}{}", note.message));
        }
        write.note(by, at, "リリース", &format!("質問票{id}"), "", &after).await?;
        write.commit().await?;
        Ok(release)
    }

    /// All releases of questionnaire `id`, the latest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn releases(&self, id: i64) -> Result<Vec<Release>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.id, r.released_at, r.person, r.file_name, r.sha256, r.notes,
                    (SELECT COUNT(*) FROM release_answer a WHERE a.release_id = r.id) AS answers,
                    (SELECT COUNT(*) FROM release_cell c WHERE c.release_id = r.id) AS cells
             FROM release r WHERE r.questionnaire_id = $1 ORDER BY r.id DESC",
        )
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        let mut releases = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.try_get("id")?;
            let downloads = sqlx::query("SELECT downloaded_at, person FROM download WHERE release_id = $1 ORDER BY id DESC")
                .bind(id)
                .fetch_all(&self.pool)
                .await?;
            releases.push(Release {
                id,
                at: parsed("time", row.try_get("released_at")?)?,
                person: row.try_get("person")?,
                file_name: row.try_get("file_name")?,
                sha256: row.try_get("sha256")?,
                answers: number("count", row.try_get("answers")?)?,
                cells: number("count", row.try_get("cells")?)?,
                notes: decode::<Vec<StoredProblem>>("notes", row.try_get("notes")?)?
                    .into_iter()
                    .map(Problem::try_from)
                    .collect::<Result<_, _>>()?,
                downloads: downloads.iter().map(download).collect::<Result<_, _>>()?,
            });
        }
        Ok(releases)
    }

    /// The cells that release `release` changed, by sheet and place.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn released_cells(&self, release: i64) -> Result<Vec<Change>, StoreError> {
        let rows = sqlx::query("SELECT sheet, cell, before, after FROM release_cell WHERE release_id = $1 ORDER BY rowid")
            .bind(release)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(Change {
                    sheet: r.try_get("sheet")?,
                    cell: parsed("cell", r.try_get("cell")?)?,
                    before: r.try_get("before")?,
                    after: r.try_get("after")?,
                })
            })
            .collect()
    }

    /// Fetches the file of release `release` of questionnaire `id`: name and bytes as they were let out. That it was fetched
    /// is written down first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn download(&self, id: i64, release: i64, by: &By, at: Timestamp) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let row = sqlx::query("SELECT file_name, bytes, sha256 FROM release WHERE id = $1 AND questionnaire_id = $2")
            .bind(release)
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (name, bytes, sha256): (String, Vec<u8>, &str) = (row.try_get("file_name")?, row.try_get("bytes")?, row.try_get("sha256")?);
        if hex(&Sha256::digest(&bytes)) != sha256 {
            return Err(StoreError::Corrupt { what: "released file", value: format!("release {release}") });
        }
        let mut write = self.write().await?;
        sqlx::query("INSERT INTO download (release_id, downloaded_at, person_id, person) VALUES ($1, $2, $3, $4)")
            .bind(release)
            .bind(time(at))
            .bind(by.id)
            .bind(&by.name)
            .execute(&mut *write.tx)
            .await?;
        write.note(by, at, "ダウンロード", &format!("質問票{id} リリース{release}"), "", &format!("SHA-256 {sha256}")).await?;
        write.commit().await?;
        Ok(Some((name, bytes)))
    }
}

fn download(row: &SqliteRow) -> Result<(Timestamp, String), StoreError> {
    Ok((parsed("time", row.try_get("downloaded_at")?)?, row.try_get("person")?))
}
