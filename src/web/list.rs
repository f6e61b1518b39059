//! `/`: all questionnaires, the most urgent first.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::civil::Date;
use serde::Deserialize;

use super::App;
use super::access::Who;
use super::error::{WebError, html};
use super::view::{Bar, Due, Frame, moment};
use crate::people::Role;
use crate::pipeline::Progress;
use crate::review::Tally;
use crate::store::{Hit, Questionnaire, Reading};
use crate::text::normalize;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    has_standard: bool,
    rows: Vec<Row>,
    /// How many there are without filter and search.
    all: usize,
    show: Show,
    asked: String,
    hits: Vec<Hit>,
    people: Vec<(i64, String)>,
    /// Whether something waits for who asks.
    waiting: bool,
    may_assign: bool,
    done: bool,
}

struct Row {
    id: i64,
    client: String,
    file_name: String,
    services: Vec<String>,
    due: Option<Due>,
    created: String,
    owner: Option<i64>,
    owner_name: String,
    bar: Bar,
    facts: Tally,
    reading: Reading,
    progress: String,
}

impl Row {
    fn is_of(&self, person: &i64) -> bool {
        self.owner.as_ref() == Some(person)
    }
}

/// Which questionnaires are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    All,
    /// Those with something left to do.
    Open,
    /// Those of who asks.
    Mine,
    /// Those past their due date.
    Late,
    /// Those with nothing left.
    Done,
}

impl Show {
    const ALL: [Self; 5] = [Self::All, Self::Open, Self::Mine, Self::Late, Self::Done];

    fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Mine => "mine",
            Self::Late => "late",
            Self::Done => "done",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::All => "すべて",
            Self::Open => "対応中",
            Self::Mine => "自分の担当",
            Self::Late => "期限超過",
            Self::Done => "回答済み",
        }
    }

    fn has(self, q: &Questionnaire, me: Option<i64>, today: Date) -> bool {
        match self {
            Self::All => true,
            Self::Open => unfinished(q),
            Self::Mine => me.is_some() && q.owner == me,
            Self::Late => unfinished(q) && q.due.is_some_and(|due| due < today),
            Self::Done => !unfinished(q),
        }
    }
}

fn unfinished(q: &Questionnaire) -> bool {
    q.all().left() > 0 || q.reading != Reading::Ready
}

/// What is asked for.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    #[serde(default)]
    show: String,
    #[serde(default)]
    q: String,
    #[serde(default)]
    done: String,
}

/// `GET /`
pub(super) async fn page(
    State(app): State<Arc<App>>,
    who: Who,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, WebError> {
    let Query(asked) = asked.unwrap_or_default();
    let show = Show::ALL.into_iter().find(|s| s.name() == asked.show).unwrap_or(Show::All);
    let today = app.clock.today();
    let words: String = asked.q.trim().chars().take(200).collect();
    let people = app.store.people().await?;
    let names: HashMap<i64, String> = people.iter().map(|p| (p.id, p.name.clone())).collect();
    let mut all = app.store.questionnaires().await?;
    let total = all.len();
    // What is late comes first, then by due date; what is done or has none comes after, the newest first.
    all.sort_by_key(|q| (!unfinished(q), q.due.is_none(), if unfinished(q) { q.due } else { None }, std::cmp::Reverse(q.id)));
    let folded = normalize(&words);
    let fits = |q: &Questionnaire| folded.is_empty() || normalize(&format!("{} {}", q.client, q.file_name)).contains(&folded);
    let rows: Vec<Row> =
        all.into_iter().filter(|q| show.has(q, who.by.id, today) && fits(q)).map(|q| row(&app, q, &names)).collect();
    let hits = if words.is_empty() { Vec::new() } else { app.store.questions_with(&words).await? };
    let mut frame = Frame::new("質問票一覧", "list");
    if rows.iter().any(|r| r.reading == Reading::Reading) {
        frame.refresh = 3;
    }
    let waiting = app.store.waiting_for(who.by.id, who.is(Role::Reviewer)).await?.is_some();
    let page = ListPage {
        frame,
        has_standard: app.pipeline.engine().is_some(),
        rows,
        all: total,
        show,
        asked: words,
        hits,
        people: people.into_iter().filter(|p| p.active).map(|p| (p.id, p.name)).collect(),
        waiting,
        may_assign: who.roles.any(&[Role::Sales, Role::Reviewer]) && !who.is_alone(),
        done: !asked.done.is_empty() && !waiting,
    };
    html(StatusCode::OK, &page)
}

fn row(app: &App, q: Questionnaire, names: &HashMap<i64, String>) -> Row {
    Row {
        due: q.due.map(|due| Due::new(due, app.clock.today(), unfinished(&q))),
        created: moment(q.created_at),
        progress: progress(app.pipeline.progress(q.id)),
        owner: q.owner,
        owner_name: q.owner.and_then(|id| names.get(&id)).cloned().unwrap_or_default(),
        id: q.id,
        client: q.client,
        file_name: q.file_name,
        services: q.services,
        bar: Bar { tally: q.tally },
        facts: q.facts,
        reading: q.reading,
    }
}

/// How far the reading is, in words.
pub(super) fn progress(progress: Option<Progress>) -> String {
    match progress {
        Some(Progress::Waiting) => "順番を待っています".to_owned(),
        Some(Progress::Opening) | None => "ファイルを読み取っています".to_owned(),
        Some(Progress::Matching { done, total }) => format!("回答候補を検索しています（{done}／{total}問）"),
    }
}
