//! What one person does shows on the others' pages: server-sent events.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Serialize;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::{Stream, StreamExt};

use super::App;
use super::access;
use super::guard;
use super::error::WebError;
use super::review::Id;
use super::view;
use crate::review::{Kind, Revision};

/// So many events are kept for a page that is slow to fetch them; then it is told to ask for everything.
const KEPT: usize = 256;

/// Where events go in, and come out for every page that listens.
#[derive(Debug, Clone)]
pub(super) struct Live(broadcast::Sender<Happened>);

#[derive(Debug, Clone)]
enum Happened {
    /// In a questionnaire.
    In(i64, What),
    /// The service ends: streams would keep it from doing so.
    Ending,
}

/// As it goes over the wire.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum What {
    /// A question stands otherwise now.
    Decided {
        /// Its place.
        position: u32,
        /// Its revision now.
        revision: u32,
        /// The class of its state.
        kind: &'static str,
        /// The state's name.
        label: &'static str,
        /// Who did it.
        by: String,
    },
    /// Something was said about a question, or it was given to somebody.
    Talked {
        /// Its place.
        position: u32,
        /// Who did it.
        by: String,
    },
    /// Much changed: ask for everything.
    All,
}

impl Live {
    pub(super) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// Tells all pages of questionnaire `id`.
    pub(super) fn tell(&self, id: i64, what: What) {
        // Without a listener there is nobody to tell.
        let _ = self.0.send(Happened::In(id, what));
    }

    /// Tells of a decision.
    pub(super) fn decided(&self, id: i64, position: u32, revision: Revision, kind: Kind, by: &str) {
        let (kind, label) = view::kind(kind);
        self.tell(id, What::Decided { position, revision: revision.0, kind, label, by: by.to_owned() });
    }

    /// Ends all streams.
    pub(super) fn end(&self) {
        let _ = self.0.send(Happened::Ending);
    }
}

/// `GET /questionnaires/{id}/events`: as long as who listens stays signed in.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    Path(Id(id)): Path<Id>,
    request: Request,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let listener = BroadcastStream::new(app.live.0.subscribe());
    app.store.questionnaire(id).await?.ok_or(WebError::NotFound)?;
    let (headers, host) = (request.headers().clone(), guard::host(&request).map(str::to_owned));
    // A session can end at any time, from another page or by an administrator: asked anew before anything is told.
    let told = listener.then(move |happened| {
        let (app, headers, host) = (Arc::clone(&app), headers.clone(), host.clone());
        async move {
            let who = access::find(&app, &headers, host.as_deref()).await;
            matches!(who, Ok(Some(_))).then_some(happened)
        }
    });
    let events = told.map_while(|e| e.filter(|e| !matches!(e, Ok(Happened::Ending)))).filter_map(move |happened| match happened {
        Ok(Happened::In(at, what)) if at == id => Some(event(&what)),
        // It lagged behind.
        Err(_) => Some(event(&What::All)),
        Ok(_) => None,
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn event(what: &What) -> Result<Event, Infallible> {
    Ok(Event::default().json_data(what).unwrap_or_default())
}
