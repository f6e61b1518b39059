//! Past answers beside a question: of earlier questionnaires, and of files that came in with answers.

use super::super::App;
use super::super::error::WebError;
use super::super::view;
use crate::library::FiledAnswer;
use crate::store::Earlier;

/// What the address of a file's answer begins with.
const FILED: char = 'f';

/// A past answer: of an earlier questionnaire, or of a file that came in with answers.
pub(in crate::web) struct Past {
    /// Its address: questionnaire and place, or its id in the library.
    pub key: String,
    /// The client, when it was decided, and the file where it stood in one.
    pub origin: String,
    /// The client's question.
    pub question: String,
    /// The choice; empty for none.
    pub choice: String,
    /// The text.
    pub text: String,
}

impl Past {
    /// Of a file.
    pub(in crate::web) fn filed(filed: &FiledAnswer) -> Self {
        Self {
            key: format!("{FILED}{}", filed.id),
            origin: format!("{}（{}、{}）", filed.client, view::date(filed.answered_on), filed.file_name),
            question: filed.question.clone(),
            choice: filed.answer.choice.clone().unwrap_or_default(),
            text: filed.answer.text.clone(),
        }
    }

    /// Of an earlier questionnaire.
    pub(in crate::web) fn decided(e: Earlier) -> Self {
        Self {
            key: format!("{}-{}", e.questionnaire, e.position),
            origin: format!("{}（{}）", e.client, view::moment(e.at)),
            question: e.question,
            choice: e.answer.choice.unwrap_or_default(),
            text: e.answer.text,
        }
    }
}

/// The past answer that `key` names: of an earlier questionnaire by its id and place, or of the library but for questionnaire `own`.
pub(super) async fn named(app: &App, own: i64, key: &str) -> Result<Option<Past>, WebError> {
    if let Some(filed) = key.strip_prefix(FILED).and_then(|id| id.parse().ok()) {
        return Ok(app.store.filed_answer(own, filed).await?.as_ref().map(Past::filed));
    }
    let Some((Ok(id), Ok(position))) = key.split_once('-').map(|(id, at)| (id.parse(), at.parse())) else { return Ok(None) };
    let (Some(questionnaire), Some(question)) = (app.store.questionnaire(id).await?, app.store.question(id, position).await?) else {
        return Ok(None);
    };
    let at = app.store.history(id, position).await?.last().map(|d| d.at);
    Ok(question.review.state.answer().cloned().zip(at).map(|(answer, at)| {
        Past::decided(Earlier { questionnaire: id, position, client: questionnaire.client, question: question.question.text, answer, at })
    }))
}
