//! What was found in a file as a person sees it before it is matched, and what they put right.

use super::{Pipeline, PipelineError};
use crate::people::By;
use crate::questionnaire::fingerprint::{Fingerprint, NEAR};
use crate::questionnaire::mapping::{BadCorrection, Correction, Mapping};
use crate::questionnaire::{self, Question, Questionnaire};
use crate::store::{Form, MappingError, MappingState, Origin, Reading};
use crate::workbook::{Workbook, read};

/// A file with what was found in it.
#[derive(Debug)]
pub struct Mapped {
    /// The file.
    pub workbook: Workbook,
    /// What was found, with what a person put right.
    pub found: Questionnaire,
    /// What a person put right, and where it comes from.
    pub state: MappingState,
}

/// Why a correction was not made.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// It makes no sense.
    #[error(transparent)]
    Bad(#[from] BadCorrection),
    /// No question would be left.
    #[error("質問が1つもなくなります。少なくとも1つの質問が残るように指定してください。")]
    Nothing,
    /// It could not be stored.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The file could not be read.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
}

impl From<crate::store::StoreError> for CorrectionError {
    fn from(e: crate::store::StoreError) -> Self {
        Self::Mapping(e.into())
    }
}

impl Pipeline {
    /// Questionnaire `id` as a person sees it, with what they changed and did not put in force yet; `None` where there is none.
    ///
    /// # Errors
    /// [`PipelineError`] when the file can't be read.
    pub async fn mapped(&self, id: i64) -> Result<Option<Mapped>, PipelineError> {
        let Some(questionnaire) = self.0.store.questionnaire(id).await? else { return Ok(None) };
        let Some(bytes) = self.0.store.original(id).await? else { return Ok(None) };
        // What is in force changes by itself only while nothing was made of it.
        let fresh = questionnaire.reading == Reading::Reading && questionnaire.generation == 0;
        let (workbook, state) = self.open_mapped(id, bytes, fresh).await?;
        let mapped = tokio::task::spawn_blocking(move || {
            let found = questionnaire::look(&workbook, state.shown());
            Mapped { workbook, found, state }
        });
        Ok(Some(mapped.await?))
    }

    /// Corrects what was found on the `sheet`th sheet (from 1) of questionnaire `id`, without putting it in force.
    ///
    /// # Errors
    /// [`CorrectionError`]
    pub async fn correct(&self, id: i64, sheet: usize, correction: Correction) -> Result<(), CorrectionError> {
        let Mapped { workbook, found, state } = self.mapped(id).await?.ok_or(MappingError::NoQuestionnaire)?;
        let name = sheet.checked_sub(1).and_then(|at| workbook.sheets.get(at)).map(|s| s.name.as_str());
        let name = name.ok_or_else(|| BadCorrection::NoSheet(sheet.to_string()))?;
        let draft = state.shown().clone().with(&workbook, &found, name, correction)?;
        Ok(self.0.store.draft_mapping(id, state.shown(), &draft).await?)
    }

    /// Drops what was changed on questionnaire `id` and not put in force; says at once that a form that is near is another one.
    ///
    /// # Errors
    /// [`CorrectionError`]
    pub async fn drop_corrections(&self, id: i64) -> Result<(), CorrectionError> {
        let state = self.0.store.mapping(id).await?;
        Ok(self.0.store.draft_mapping(id, state.shown(), &state.mapping).await?)
    }

    /// Takes over what was put right in the form that questionnaire `id` is near to, without putting it in force.
    ///
    /// # Errors
    /// [`CorrectionError`]
    pub async fn take_form(&self, id: i64) -> Result<(), CorrectionError> {
        let Mapped { workbook, state, .. } = self.mapped(id).await?.ok_or(MappingError::NoQuestionnaire)?;
        let forms = self.0.store.forms().await?;
        let Some(form) = state.form.as_ref().and_then(|near| forms.into_iter().find(|f| f.id == near.id)) else { return Ok(()) };
        let fit = tokio::task::spawn_blocking(move || {
            let found = questionnaire::look(&workbook, &Mapping::default());
            form.mapping.fit(&workbook, &found)
        });
        let draft = fit.await.map_err(PipelineError::from)?;
        Ok(self.0.store.draft_mapping(id, state.shown(), &draft).await?)
    }

    /// Puts what was changed on questionnaire `id` in force: it is read and matched again, and the form is remembered. False
    /// where nothing was changed.
    ///
    /// # Errors
    /// [`CorrectionError`]; everything stays as it was then.
    pub async fn put_corrections(&self, id: i64, by: &By) -> Result<bool, CorrectionError> {
        let Mapped { workbook, found, state } = self.mapped(id).await?.ok_or(MappingError::NoQuestionnaire)?;
        let Some(draft) = state.draft else { return Ok(false) };
        if found.questions.is_empty() {
            return Err(CorrectionError::Nothing);
        }
        let fingerprint = tokio::task::spawn_blocking(move || {
            let found = questionnaire::look(&workbook, &Mapping::default());
            Fingerprint::of(&workbook, &found)
        });
        let fingerprint = fingerprint.await.map_err(PipelineError::from)?;
        let asked: Vec<Question> = found.asked().cloned().collect();
        self.0.store.put_mapping(id, &draft, &fingerprint, &asked, by, self.0.clock.now()).await?;
        self.enqueue(id);
        Ok(true)
    }

    /// The file of questionnaire `id` with its mapping. Where it is `fresh`, its form is recognised: what was put right in the
    /// same form is in force at once, a form that is near is noted.
    pub(super) async fn open_mapped(&self, id: i64, bytes: Vec<u8>, fresh: bool) -> Result<(Workbook, MappingState), PipelineError> {
        let limits = self.0.limits;
        let state = self.0.store.mapping(id).await?;
        let known = if fresh && state.origin == Origin::Found { self.0.store.forms().await? } else { Vec::new() };
        let opened = tokio::task::spawn_blocking(move || {
            let workbook = read::read(&bytes, &limits)?;
            let form = recognise(&workbook, known);
            Ok::<_, PipelineError>((workbook, form))
        });
        let (workbook, form) = opened.await??;
        let Some(Recognised { form, nearness, mapping }) = form else { return Ok((workbook, state)) };
        let in_force = Some(&mapping).filter(|_| nearness >= 1.0);
        self.0.store.recognise(id, form, nearness, in_force, self.0.clock.now()).await?;
        // Somebody may have said otherwise just then.
        let state = self.0.store.mapping(id).await?;
        Ok((workbook, state))
    }
}

/// A known form that a workbook is of, or near to.
struct Recognised {
    form: i64,
    /// 1 for the very same form.
    nearness: f64,
    /// What was put right in it, as it applies to the workbook.
    mapping: Mapping,
}

fn recognise(workbook: &Workbook, known: Vec<Form>) -> Option<Recognised> {
    if known.is_empty() {
        return None;
    }
    let found = questionnaire::look(workbook, &Mapping::default());
    let fingerprint = Fingerprint::of(workbook, &found);
    let nearness = |form: &Fingerprint| if *form == fingerprint { 1.0 } else { form.nearness(&fingerprint).min(0.99) };
    let (nearness, form) = known.into_iter().map(|f| (nearness(&f.fingerprint), f)).max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    let mapping = form.mapping.fit(workbook, &found);
    // What would leave no question is for a person to look at.
    let asks = || !questionnaire::look(workbook, &mapping).questions.is_empty();
    let nearness = if nearness >= 1.0 && !asks() { 0.99 } else { nearness };
    (nearness >= NEAR && !mapping.is_empty()).then_some(Recognised { form: form.id, nearness, mapping })
}
