//! kaitou (回答) fills in customers' security questionnaires from a company's approved answers.
//!
//! The map of the crate, in the order the data flows:
//!
//! | room | from | to |
//! |---|---|---|
//! | [`intake`] | what was sent: .xlsx, .xlsm, .xls, .csv, pasted rows | the bytes of a workbook that can be answered |
//! | [`workbook::read`] | bytes + [`workbook::Limits`] | [`workbook::Workbook`]: cells, merges, lists; no idea what a question is |
//! | [`questionnaire`] | workbook | where the questions are, where their answers go, in which words |
//! | [`standard`] | workbook | the company's standard sheet: items and approved answers |
//! | [`search`] | items | tantivy and lindera: the index, and what it finds for a question |
//! | [`matching`] | what was found | ranked items, with reasons and a calibrated confidence |
//! | [`library`] | files that came in with answers | past answers, shown beside the drafts |
//! | [`suggestion`] | ranked items | a draft in the client's words, or an abstention |
//! | [`review`] | drafts | what a person decided |
//! | [`export`] | decisions | cell edits |
//! | [`workbook::write`] | the original bytes + cell edits | bytes; nothing else changes |
//!
//! Around them: [`pipeline`] runs the stages and keeps them off the async threads, [`store`] keeps what must not be lost,
//! [`isolated`] runs what could be made to hang in a process of its own ([`legacy`]: .xls),
//! [`accounts`] signs [`people`] in with their [`secret`]s, [`audit`] chains the log of who did what,
//! [`web`] shows it, [`cli`] is the command line, [`config`] and [`clock`] are where settings and time come from.
//!
//! Nothing flows back up, and nothing reaches export that no person decided (but for `kaitou answer`, which says so).
//! `tests/it/architecture.rs` holds who may name what.

pub mod accounts;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod export;
pub mod intake;
pub mod isolated;
pub mod legacy;
pub mod library;
pub mod matching;
pub mod people;
pub mod pipeline;
pub mod questionnaire;
pub mod review;
pub mod search;
pub mod secret;
pub mod standard;
pub mod store;
pub mod suggestion;
pub mod text;
pub mod web;
pub mod workbook;
