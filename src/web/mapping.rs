//! `/questionnaires/{id}/mapping`: what was found in the file, drawn as the client sees it, and putting it right.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::list;
use super::live::What;
use super::head::Header;
use super::review::Id;
use super::view::{Frame, moment, percent};
use crate::people::Role as PersonRole;
use crate::pipeline::{CorrectionError, Mapped};
use crate::questionnaire::mapping::{Correction, Role};
use crate::questionnaire::{Kind, SheetRole};
use crate::store::{FormSource, MappingError, Origin, Reading};
use crate::workbook::Visibility;

mod left;
pub(super) mod place;
mod sheet;

use left::{Left, left_out};
use sheet::SheetView;

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingPage {
    frame: Frame,
    head: Header,
    /// Questions, and facts about the company.
    found: (usize, usize),
    tabs: Vec<Tab>,
    /// The sheet that is shown, by its place from 1.
    at: usize,
    sheet: SheetView,
    used: bool,
    /// Rows of this sheet that hold no question, and why.
    left: Vec<Left>,
    /// The choices of this sheet, one a line.
    choices: String,
    /// Whether a person set them.
    choices_set: bool,
    /// Whether there is a cell for one of them.
    takes_choice: bool,
    /// What a person put right on this sheet.
    corrected: Vec<String>,
    /// Blocks that were added: first and last row.
    blocks: Vec<(u32, u32)>,
    /// What was put right in the whole file, where it was taken from another one.
    everything: String,
    origin: Origin,
    source: Option<Source>,
    /// Whether something was changed and not put in force.
    changed: bool,
    progress: String,
    failed: Option<String>,
    may: May,
    wrong: String,
}

/// Where a known form came from.
struct Source {
    client: String,
    file_name: String,
    at: String,
    nearness: String,
}

impl From<FormSource> for Source {
    fn from(form: FormSource) -> Self {
        Self { nearness: percent(form.nearness), client: form.client, file_name: form.file_name, at: moment(form.at) }
    }
}

/// What who asks may do here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Change,
    /// Only who uploads or decides may.
    Look,
    /// Something was released.
    Released,
}

/// A sheet in the list of all.
struct Tab {
    name: String,
    /// What it was taken for, in words.
    role: String,
    /// Whether it holds questions.
    asks: bool,
    current: bool,
}

/// What of the file is asked for.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    sheet: String,
    #[serde(default)]
    from: String,
}

/// A correction as the form sends it.
#[derive(Deserialize)]
pub(super) struct Sent {
    op: String,
    #[serde(default)]
    sheet: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    first: String,
    #[serde(default)]
    last: String,
    #[serde(default)]
    words: String,
}

/// `GET /questionnaires/{id}/mapping`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(asked) = asked.unwrap_or_default();
    show(&app, &who, id, &asked, String::new(), StatusCode::OK).await
}

/// `POST /questionnaires/{id}/mapping`: one correction; nothing is matched again before it is put in force.
pub(super) async fn correct(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(sent) = sent?;
    let asked = Asked { sheet: sent.sheet.clone(), from: sent.from.clone() };
    let done = match sent.op.as_str() {
        "drop" => app.pipeline.drop_corrections(id).await,
        "form:take" => app.pipeline.take_form(id).await,
        _ => match correction(&sent) {
            Ok(correction) => app.pipeline.correct(id, sent.sheet.parse().unwrap_or(1), correction).await,
            Err(why) => return show(&app, &who, id, &asked, why, StatusCode::UNPROCESSABLE_ENTITY).await,
        },
    };
    match refused(done)? {
        None => {
            let from = sent.from.parse::<u32>().ok().filter(|from| *from > 1).map(|from| format!("&from={from}")).unwrap_or_default();
            let sheet = sent.sheet.parse::<usize>().unwrap_or(1);
            Ok(Redirect::to(&format!("/questionnaires/{id}/mapping?sheet={sheet}{from}")).into_response())
        }
        Some((status, why)) => show(&app, &who, id, &asked, why, status).await,
    }
}

/// `POST /questionnaires/{id}/mapping/save`: puts the corrections in force and goes on to the review.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    who: Who,
    Path(Id(id)): Path<Id>,
    asked: Result<Form<Asked>, FormRejection>,
) -> Result<Response, WebError> {
    let Form(asked) = asked?;
    match refused(app.pipeline.put_corrections(id, &who.by).await.map(drop))? {
        None => {
            app.live.tell(id, What::All);
            Ok(Redirect::to(&format!("/questionnaires/{id}")).into_response())
        }
        Some((status, why)) => show(&app, &who, id, &asked, why, status).await,
    }
}

/// Status and words of a refusal that belongs on the page; an error where there is no page for it.
fn refused(done: Result<(), CorrectionError>) -> Result<Option<(StatusCode, String)>, WebError> {
    match done {
        Ok(()) => Ok(None),
        Err(e @ (CorrectionError::Bad(_) | CorrectionError::Nothing)) => Ok(Some((StatusCode::UNPROCESSABLE_ENTITY, e.to_string()))),
        Err(CorrectionError::Mapping(MappingError::NoQuestionnaire)) => Err(WebError::NotFound),
        Err(CorrectionError::Mapping(MappingError::Store(e))) => Err(e.into()),
        Err(CorrectionError::Mapping(e)) => Ok(Some((StatusCode::CONFLICT, e.to_string()))),
        Err(CorrectionError::Pipeline(e)) => Err(e.into()),
    }
}

/// The correction that a form names; why it names none.
fn correction(sent: &Sent) -> Result<Correction, String> {
    let unknown = || "この操作はできません。画面を開き直してください。".to_owned();
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| "行番号は半角の数字で入力してください。".to_owned());
    let mut parts = sent.op.split(':');
    let (deed, first, second) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let rows = || match first {
        Some(row) => number(row).map(|row| (row, row)),
        None => number(&sent.first).and_then(|first| Ok((first, if sent.last.trim().is_empty() { first } else { number(&sent.last)? }))),
    };
    Ok(match deed {
        "column" => {
            let col = first.and_then(|c| c.parse().ok()).ok_or_else(unknown)?;
            let role = match second {
                Some("found") => None,
                Some(name) => Some(Role::named(name).ok_or_else(unknown)?),
                None => return Err(unknown()),
            };
            Correction::Column { col, role }
        }
        "leave" => rows().map(|(first, last)| Correction::Leave { first, last })?,
        "take" => rows().map(|(first, last)| Correction::Take { first, last })?,
        "block" => rows().map(|(first, last)| Correction::Block { first, last })?,
        "unblock" => Correction::Unblock(rows()?.0),
        "use" => Correction::Use(first == Some("yes")),
        "choices" => {
            let mut words: Vec<String> = Vec::new();
            for word in sent.words.lines().map(str::trim).filter(|w| !w.is_empty()) {
                if !words.iter().any(|w| w == word) {
                    words.push(word.to_owned());
                }
            }
            Correction::Choices(words)
        }
        "nochoices" => Correction::Choices(Vec::new()),
        "reset" => Correction::Reset,
        _ => return Err(unknown()),
    })
}

/// The place, from 1, of the sheet that is asked for: else the first with questions.
fn place(asked: &Asked, mapped: &Mapped) -> usize {
    let count = mapped.workbook.sheets.len();
    let first = || mapped.found.sheets.iter().position(|(_, role)| *role == SheetRole::Questions).map_or(1, |at| at + 1);
    asked.sheet.parse().ok().filter(|at| (1..=count).contains(at)).unwrap_or_else(first)
}

async fn show(app: &App, who: &Who, id: i64, asked: &Asked, wrong: String, status: StatusCode) -> Result<Response, WebError> {
    let questionnaire = app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let mapped = app.pipeline.mapped(id).await?.ok_or(WebError::NotFound)?;
    let may = match () {
        () if !app.store.releases(id).await?.is_empty() => May::Released,
        () if who.is(PersonRole::Sales) || who.is(PersonRole::Reviewer) => May::Change,
        () => May::Look,
    };
    let progress = match questionnaire.reading {
        Reading::Reading => list::progress(app.pipeline.progress(id)),
        Reading::Ready | Reading::Failed(_) => String::new(),
    };
    let failed = match &questionnaire.reading {
        Reading::Failed(why) => Some(why.clone()),
        Reading::Reading | Reading::Ready => None,
    };
    let at = place(asked, &mapped);
    let Mapped { workbook, found, state } = &mapped;
    let sheet = workbook.sheets.get(at - 1).ok_or(WebError::NotFound)?;
    let said = state.shown().sheet(&sheet.name).cloned().unwrap_or_default();
    let role = found.sheets.get(at - 1).map_or(SheetRole::Other, |(_, role)| *role);
    let tabs = workbook.sheets.iter().zip(&found.sheets).enumerate().map(|(i, (sheet, (name, role)))| {
        let questions = found.questions.iter().filter(|q| q.sheet == *name).count();
        let used = state.shown().sheet(name).and_then(|s| s.used);
        Tab { name: name.clone(), role: role_words(*role, questions, sheet.visibility, used), asks: questions > 0, current: i + 1 == at }
    });
    let common = found.questions.iter().find(|q| q.sheet == sheet.name && q.choice_cell.is_some() && q.choices.is_some());
    let choices = common.and_then(|q| q.choices.clone()).unwrap_or_default();
    let frame = Frame::new(format!("読み取り結果 — {}", questionnaire.client), "list");
    let page = MappingPage {
        frame,
        head: Header::new(questionnaire, app.clock.today()),
        found: (found.questions.iter().filter(|q| q.kind == Kind::Check).count(), found.asked().filter(|q| q.kind == Kind::Profile).count()),
        tabs: tabs.collect(),
        at,
        sheet: SheetView::new(sheet, found, &said, asked.from.parse().unwrap_or(1), may == May::Change),
        used: role == SheetRole::Questions || role == SheetRole::Other && said.used != Some(false),
        left: left_out(sheet, found, role),
        choices: choices.join("\n"),
        choices_set: !said.choices.is_empty(),
        takes_choice: !said.choices.is_empty() || found.questions.iter().any(|q| q.sheet == sheet.name && q.choice_cell.is_some()),
        corrected: said.words(),
        blocks: said.blocks.iter().map(|b| (b.first, b.last)).collect(),
        everything: state.shown().to_string(),
        origin: state.origin,
        source: state.form.clone().map(Source::from),
        changed: state.draft.is_some(),
        progress,
        failed,
        may,
        wrong,
    };
    html(status, &page)
}

/// What a sheet was taken for.
fn role_words(role: SheetRole, questions: usize, visibility: Visibility, used: Option<bool>) -> String {
    let role = match role {
        _ if used == Some(false) => "対象にしない".to_owned(),
        SheetRole::Questions => format!("{questions}問"),
        SheetRole::Instructions => "記入要領".to_owned(),
        SheetRole::Lists => "選択肢の元".to_owned(),
        SheetRole::Cover => "表紙".to_owned(),
        SheetRole::Other => "質問なし".to_owned(),
    };
    if visibility == Visibility::Visible { role } else { format!("{role}・非表示") }
}
