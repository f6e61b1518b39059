//! What people send: taken in, refused, or known from before.

use jiff::civil::Date;

use super::{Pipeline, PipelineError};
use crate::intake::{self, Taken};
use crate::people::By;
use crate::store::NewQuestionnaire;
use crate::workbook::read::{self, ReadError};

/// A questionnaire as somebody sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The client's name.
    pub client: String,
    /// The services it is about.
    pub services: Vec<String>,
    /// When the client wants it back.
    pub due: Option<Date>,
    /// What was sent.
    pub source: Source,
    /// The SHA-256 of the file that is uploaded though it was before; `None` where nobody said so.
    pub again: Option<String>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File {
        /// Its name.
        name: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Rows from the clipboard.
    Pasted(String),
    /// The file of [`Upload::again`], under this name; it need not be sent once more.
    Known(String),
}

impl Pipeline {
    /// Takes an uploaded questionnaire in, keeps it, and has it read. What can't be made a workbook is refused at once, and so
    /// is a file that was uploaded before, unless the upload says that it is meant.
    ///
    /// # Errors
    /// [`PipelineError`]
    pub async fn upload(&self, upload: Upload, by: &By) -> Result<i64, PipelineError> {
        if self.engine().is_none() {
            return Err(PipelineError::NoStandard);
        }
        let Upload { client, services, due, source, again } = upload;
        let (source, sha256) = match (source, &again) {
            (Source::Known(name), Some(sha256)) => (Source::Known(name), sha256.clone()),
            (source, _) => tokio::task::spawn_blocking(move || {
                let sha256 = match &source {
                    Source::File { bytes, .. } => intake::digest(bytes),
                    Source::Pasted(text) => intake::digest(text.as_bytes()),
                    Source::Known(_) => String::new(),
                };
                (source, sha256)
            })
            .await?,
        };
        let earlier = match self.0.store.same_file(&sha256).await? {
            Some(id) => self.0.store.questionnaire(id).await?,
            None => None,
        };
        let (file_name, taken) = match (source, earlier) {
            (Source::Known(name), Some(earlier)) => {
                let bytes = self.0.store.original(earlier.id).await?.unwrap_or_default();
                (name, Taken { bytes, form: earlier.form })
            }
            (_, Some(earlier)) if again.as_ref() != Some(&sha256) => return Err(PipelineError::Twice(Box::new(earlier), sha256)),
            (Source::Known(_), None) => return Err(ReadError::Empty.into()),
            (source, _) => self.take(source).await?,
        };
        let Taken { bytes, form } = taken;
        let new = NewQuestionnaire { client, services, due, file_name, bytes, form, sha256 };
        let id = self.0.store.add_questionnaire(&new, by, self.0.clock.now()).await?;
        self.enqueue(id);
        Ok(id)
    }

    /// The day that the file of questionnaire `id` says it was filled in on; `None` where it says none.
    ///
    /// # Errors
    /// [`PipelineError`]
    pub async fn answered_on(&self, id: i64) -> Result<Option<Date>, PipelineError> {
        let Some(bytes) = self.0.store.original(id).await? else { return Ok(None) };
        let limits = self.0.limits;
        let workbook = tokio::task::spawn_blocking(move || read::read(&bytes, &limits)).await??;
        Ok(crate::questionnaire::profile::answered_on(&workbook))
    }

    /// The name and the workbook of what was sent.
    async fn take(&self, source: Source) -> Result<(String, Taken), PipelineError> {
        let inner = self.0.clone();
        let taken = tokio::task::spawn_blocking(move || match source {
            Source::File { name, bytes } => intake::file(&inner.program, &name, bytes, &inner.limits).map(|taken| (name, taken)),
            Source::Pasted(text) => intake::pasted(&text, &inner.limits).map(|taken| (intake::pasted_name(), taken)),
            Source::Known(_) => Err(ReadError::Empty.into()),
        });
        Ok(taken.await??)
    }
}
