//! What people put right of what was found in a client's file, and the forms by which that is remembered.

use std::collections::HashMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::json::{StoredMapping, StoredMark, decode, encode};
use super::reading::Key;
use super::{Store, StoreError, Write, decisions, number, parsed, time};
use crate::audit::hex;
use crate::people::By;
use crate::questionnaire::Question;
use crate::questionnaire::fingerprint::Fingerprint;
use crate::questionnaire::mapping::Mapping;
use crate::review::Kind;

/// Where the mapping of a questionnaire comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// Nobody put anything right.
    #[default]
    Found,
    /// From the same form, as it came earlier.
    Remembered,
    /// Nothing is in force; a form that is near is known, and nobody said whether it is the same.
    Near,
    /// A person said so.
    Person,
}

/// The mapping of a questionnaire.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MappingState {
    /// What is in force.
    pub mapping: Mapping,
    /// What somebody changed and did not put in force yet.
    pub draft: Option<Mapping>,
    /// Where it comes from.
    pub origin: Origin,
    /// The form it was taken from, or that is near.
    pub form: Option<FormSource>,
}

impl MappingState {
    /// What a person sees: the draft, else what is in force.
    #[must_use]
    pub fn shown(&self) -> &Mapping {
        self.draft.as_ref().unwrap_or(&self.mapping)
    }
}

/// Where a known form came from.
#[derive(Debug, Clone, PartialEq)]
pub struct FormSource {
    /// The form's id.
    pub id: i64,
    /// How near it is, 0 to 1.
    pub nearness: f64,
    /// The client it came from last.
    pub client: String,
    /// The file's name then.
    pub file_name: String,
    /// When it was put right.
    pub at: Timestamp,
}

/// A form that is known, with what was put right in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Its id.
    pub id: i64,
    /// What it is known by.
    pub fingerprint: Fingerprint,
    /// What was put right. Never empty.
    pub mapping: Mapping,
}

/// Why a mapping was not stored; the texts are for the person who made it.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// There is no such questionnaire.
    #[error("no such questionnaire")]
    NoQuestionnaire,
    /// Something was released.
    #[error("この質問票はすでにリリースされているため、読み取り方は変更できません。")]
    Released,
    /// Somebody else changed it in the meantime.
    #[error("ほかの人が先に変更しました。画面を開き直して、内容を確認してください。")]
    Stale,
    /// Decided questions would be lost.
    #[error("次の質問にはすでに回答があるため、この内容にすると回答が失われます。先に「未回答に戻す」か、読み取り方を戻してください：{}", .0.join("、"))]
    Decided(Vec<String>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for MappingError {
    fn from(e: sqlx::Error) -> Self {
        Self::Store(e.into())
    }
}

impl Store {
    /// The mapping of questionnaire `id`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn mapping(&self, id: i64) -> Result<MappingState, StoreError> {
        let row = sqlx::query(
            "SELECT m.mapping, m.draft, m.origin, m.nearness, f.id AS form, f.changed_at, q.client, q.file_name
             FROM questionnaire_mapping m
             LEFT JOIN form f ON f.id = m.form_id
             LEFT JOIN questionnaire q ON q.id = f.questionnaire_id
             WHERE m.questionnaire_id = $1",
        )
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.map_or_else(|| Ok(MappingState::default()), |row| state(&row))
    }

    /// The forms in which something was put right.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn forms(&self) -> Result<Vec<Form>, StoreError> {
        let rows = sqlx::query("SELECT id, marks, mapping FROM form ORDER BY id DESC").fetch_all(&self.pool).await?;
        let form = |row: &SqliteRow| {
            let marks: Vec<StoredMark> = decode("marks", row.try_get("marks")?)?;
            let fingerprint = Fingerprint::with(marks.into_iter().map(Into::into));
            Ok::<_, StoreError>(Form { id: row.try_get("id")?, fingerprint, mapping: mapping(row.try_get("mapping")?)? })
        };
        let forms: Vec<Form> = rows.iter().map(form).collect::<Result<_, _>>()?;
        Ok(forms.into_iter().filter(|f| !f.mapping.is_empty()).collect())
    }

    /// Notes that questionnaire `id` is of a known form: with `mapping`, as it applies to it, in force, or as one that is
    /// near. What a person said stays.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn recognise(&self, id: i64, form: i64, nearness: f64, mapping: Option<&Mapping>, at: Timestamp) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let done = sqlx::query(
            "INSERT INTO questionnaire_mapping (questionnaire_id, mapping, origin, form_id, nearness) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (questionnaire_id) DO NOTHING",
        )
        .bind(id)
        .bind(encode("mapping", &StoredMapping::from(mapping.unwrap_or(&Mapping::default())))?)
        .bind(if mapping.is_some() { "remembered" } else { "near" })
        .bind(form)
        .bind(nearness)
        .execute(&mut *write.tx)
        .await?;
        if let Some(mapping) = mapping.filter(|_| done.rows_affected() == 1) {
            write.note(&By::kaitou(), at, "読み取り方の適用", &format!("質問票{id}"), "", &mapping.to_string()).await?;
        }
        write.commit().await
    }

    /// Keeps what a person changed, who saw `seen`, without putting it in force.
    ///
    /// # Errors
    /// [`MappingError`]
    pub async fn draft_mapping(&self, id: i64, seen: &Mapping, draft: &Mapping) -> Result<(), MappingError> {
        let mut write = self.write().await?;
        let now = write.mapping_seen(id, seen).await?;
        // A form that is near was looked at by whoever changes something.
        let origin = if now.origin == Origin::Remembered { "remembered" } else { "person" };
        sqlx::query(
            "INSERT INTO questionnaire_mapping (questionnaire_id, mapping, draft, origin, nearness) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (questionnaire_id) DO UPDATE SET draft = excluded.draft, origin = excluded.origin",
        )
        .bind(id)
        .bind(encode("mapping", &StoredMapping::from(&now.mapping))?)
        .bind((*draft != now.mapping).then(|| encode("mapping", &StoredMapping::from(draft))).transpose()?)
        .bind(origin)
        .execute(&mut *write.tx)
        .await?;
        Ok(write.commit().await?)
    }

    /// Puts `mapping` in force, which is what a person saw, and remembers it for the form. `questions` are those it leads to:
    /// none that somebody decided on may be missing, or have no place for its answer. The questionnaire is to be read again.
    ///
    /// # Errors
    /// [`MappingError`]; nothing is stored then.
    pub async fn put_mapping(
        &self,
        id: i64,
        mapping: &Mapping,
        fingerprint: &Fingerprint,
        questions: &[Question],
        by: &By,
        at: Timestamp,
    ) -> Result<(), MappingError> {
        let mut write = self.write().await?;
        let before = write.mapping_seen(id, mapping).await?.mapping;
        let moved = write.keep_decided(id, questions).await?;
        let stored = encode("mapping", &StoredMapping::from(mapping))?;
        let marks: Vec<StoredMark> = fingerprint.marks().map(Into::into).collect();
        let marks = encode("marks", &marks)?;
        // A form in which nothing is to be put right any more is known as such, so that what was said earlier is forgotten.
        let row = sqlx::query(
            "INSERT INTO form (fingerprint, marks, mapping, questionnaire_id, changed_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (fingerprint) DO UPDATE SET mapping = excluded.mapping, questionnaire_id = excluded.questionnaire_id,
                                                     changed_at = excluded.changed_at
             RETURNING id",
        )
        .bind(hex(&Sha256::digest(marks.as_bytes())))
        .bind(&marks)
        .bind(&stored)
        .bind(id)
        .bind(time(at))
        .fetch_one(&mut *write.tx)
        .await?;
        sqlx::query(
            "INSERT INTO questionnaire_mapping (questionnaire_id, mapping, origin, form_id, nearness) VALUES ($1, $2, 'person', $3, 1)
             ON CONFLICT (questionnaire_id) DO UPDATE SET mapping = excluded.mapping, draft = NULL, origin = 'person',
                                                          form_id = excluded.form_id, nearness = 1",
        )
        .bind(id)
        .bind(&stored)
        .bind(row.try_get::<i64, _>("id")?)
        .execute(&mut *write.tx)
        .await?;
        sqlx::query("UPDATE questionnaire SET state = 'reading', message = NULL, generation = generation + 1 WHERE id = $1")
            .bind(id)
            .execute(&mut *write.tx)
            .await?;
        let after = format!("{mapping}　質問{}問{moved}", questions.len());
        write.note(by, at, "読み取り方の変更", &format!("質問票{id}"), &before.to_string(), &after).await?;
        Ok(write.commit().await?)
    }
}

impl Write {
    /// The mapping of questionnaire `id`, if it is still what somebody saw and may still be changed.
    async fn mapping_seen(&mut self, id: i64, seen: &Mapping) -> Result<MappingState, MappingError> {
        let questionnaire = sqlx::query("SELECT 1 FROM questionnaire WHERE id = $1").bind(id).fetch_optional(&mut *self.tx).await?;
        questionnaire.ok_or(MappingError::NoQuestionnaire)?;
        let released = sqlx::query("SELECT 1 FROM release WHERE questionnaire_id = $1 LIMIT 1").bind(id).fetch_optional(&mut *self.tx).await?;
        if released.is_some() {
            return Err(MappingError::Released);
        }
        let row = sqlx::query(
            "SELECT mapping, draft, origin, nearness, NULL AS form FROM questionnaire_mapping WHERE questionnaire_id = $1",
        )
        .bind(id)
        .fetch_optional(&mut *self.tx)
        .await?;
        let now = row.map_or_else(|| Ok(MappingState::default()), |row| state(&row))?;
        if now.shown() == seen { Ok(now) } else { Err(MappingError::Stale) }
    }

    /// Refuses `questions` where one that somebody decided on is not among them, or its answer would have no place. Gives in
    /// words how the others' places move.
    async fn keep_decided(&mut self, id: i64, questions: &[Question]) -> Result<String, MappingError> {
        let rows = sqlx::query("SELECT * FROM standing WHERE questionnaire_id = $1 ORDER BY position")
            .bind(id)
            .fetch_all(&mut *self.tx)
            .await?;
        let by_key: HashMap<Key, (usize, &Question)> =
            questions.iter().enumerate().map(|(at, q)| (Key::of(q), (at + 1, q))).collect();
        let (mut lost, mut moved) = (Vec::new(), Vec::new());
        for row in &rows {
            let key = Key::stored(row)?;
            let position: usize = number("position", row.try_get("position")?)?;
            let state = decisions::review(row)?.state;
            match by_key.get(&key) {
                Some((now, question)) if state.fits(question) => moved.extend((*now != position).then_some((position, *now))),
                _ if state.kind() == Kind::Open => {}
                _ => lost.push(match row.try_get::<Option<&str>, _>("number")? {
                    Some(number) => format!("No. {number}（シート「{}」{}）", key.sheet, key.cell),
                    None => format!("{position}問目（シート「{}」{}）", key.sheet, key.cell),
                }),
            }
        }
        if lost.is_empty() { Ok(steps(&moved)) } else { Err(MappingError::Decided(lost)) }
    }
}

/// How places move, those that move alike in one: 「　質問13〜45は12〜44に」.
fn steps(moved: &[(usize, usize)]) -> String {
    let mut runs: Vec<((usize, usize), usize)> = Vec::new();
    for &(from, to) in moved {
        match runs.last_mut() {
            Some(((first, new), length)) if (*first + *length, *new + *length) == (from, to) => *length += 1,
            _ => runs.push(((from, to), 1)),
        }
    }
    let words = |((from, to), length): &((usize, usize), usize)| match length {
        1 => format!("　質問{from}は{to}に"),
        n => format!("　質問{from}〜{}は{to}〜{}に", from + n - 1, to + n - 1),
    };
    runs.iter().map(words).collect()
}

fn mapping(text: &str) -> Result<Mapping, StoreError> {
    let stored: StoredMapping = decode("mapping", text)?;
    stored.try_into()
}

fn state(row: &SqliteRow) -> Result<MappingState, StoreError> {
    let origin = match row.try_get("origin")? {
        "remembered" => Origin::Remembered,
        "near" => Origin::Near,
        "person" => Origin::Person,
        other => return Err(StoreError::Corrupt { what: "origin", value: other.to_owned() }),
    };
    let form = match row.try_get::<Option<i64>, _>("form")? {
        None => None,
        Some(id) => Some(FormSource {
            id,
            nearness: row.try_get("nearness")?,
            client: row.try_get("client")?,
            file_name: row.try_get("file_name")?,
            at: parsed("time", row.try_get("changed_at")?)?,
        }),
    };
    let draft = row.try_get::<Option<&str>, _>("draft")?.map(mapping).transpose()?;
    Ok(MappingState { mapping: mapping(row.try_get("mapping")?)?, draft, origin, form })
}
