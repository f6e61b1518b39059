//! `/charts`: what numbers show better as pictures. Drawn here as SVG, and said in words beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::ToSpan;

use super::App;
use super::error::{WebError, html};
use super::view::Frame;
use crate::clock::japan;

/// So many days are shown.
const DAYS: i32 = 30;
/// So many rows a chart has at most.
const ROWS: usize = 10;

#[derive(Template)]
#[template(path = "charts.html")]
struct ChartsPage {
    frame: Frame,
    /// Each day's name, and how many questions were settled up to it.
    days: Vec<(String, usize)>,
    sections: Vec<Bar>,
    used: Vec<Bar>,
    refused: Vec<Bar>,
}

/// A row of a bar chart.
struct Bar {
    name: String,
    /// In words.
    says: String,
    /// 0 to 100.
    width: usize,
}

impl ChartsPage {
    /// The curve of [`ChartsPage::days`] in a box of 400 × 140.
    fn curve(&self) -> String {
        let most = self.days.iter().map(|d| d.1).max().unwrap_or(0).max(1);
        let last = self.days.len().saturating_sub(1).max(1);
        self.days.iter().enumerate().map(|(i, d)| format!("{},{}", i * 400 / last, 140 - d.1 * 130 / most)).collect::<Vec<_>>().join(" ")
    }

    fn first_day(&self) -> &str {
        self.days.first().map_or("", |d| &d.0)
    }

    fn last_day(&self) -> &str {
        self.days.last().map_or("", |d| &d.0)
    }

    fn total(&self) -> usize {
        self.days.last().map_or(0, |d| d.1)
    }
}

/// `GET /charts`
pub(super) async fn page(State(app): State<Arc<App>>) -> Result<Response, WebError> {
    let engine = app.pipeline.engine();
    let counts = app.store.counts(engine.as_ref().map_or(0, |e| e.id())).await?;
    let today = app.clock.today();
    let dates: Vec<_> = counts.settled_at.iter().map(|at| at.to_zoned(japan()).date()).collect();
    let days = (0..DAYS)
        .rev()
        .filter_map(|back| today.checked_sub(back.days()).ok())
        .map(|day| (format!("{}/{}", day.month(), day.day()), dates.iter().filter(|d| **d <= day).count()))
        .collect();
    let mut sections: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, kind, n) in counts.sections {
        let (settled, total) = sections.entry(if name.is_empty() { "見出しなし".to_owned() } else { name }).or_default();
        *total += n;
        *settled += if kind.is_settled() { n } else { 0 };
    }
    let mut sections: Vec<(String, (usize, usize))> = sections.into_iter().collect();
    sections.sort_by_key(|(_, (_, total))| std::cmp::Reverse(*total));
    let sections = sections
        .into_iter()
        .take(ROWS)
        .map(|(name, (settled, total))| Bar { name, says: format!("{settled}／{total}問"), width: settled * 100 / total.max(1) })
        .collect();
    let name = |item: u32| match engine.as_ref().and_then(|e| e.sheet().item(item).map(|i| (i.number.clone(), i.question.clone()))) {
        Some((number, question)) => format!("No. {number} {question}"),
        None => format!("項目 {item}"),
    };
    let most = counts.used.first().map_or(1, |(_, n)| *n).max(1);
    let used = counts.used.iter().map(|(item, n)| Bar { name: name(*item), says: format!("{n}回"), width: n * 100 / most }).collect();
    let refused = counts
        .refused
        .iter()
        .map(|(item, refused, made)| Bar { name: name(*item), says: format!("{made}回中{refused}回"), width: refused * 100 / (*made).max(1) })
        .collect();
    html(StatusCode::OK, &ChartsPage { frame: Frame::new("集計", "charts"), days, sections, used, refused })
}
