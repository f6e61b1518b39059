//! One test binary: the stages and the service, each at its boundary.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests")]

mod accounts;
mod answer;
mod architecture;
mod bad_input;
mod bare_forms;
mod browser;
mod choices;
mod chrome;
mod harness;
mod hostile;
mod http;
mod intake;
mod keep;
mod mapping;
mod mapping_page;
mod matching;
mod previous;
mod process;
mod profile;
mod properties;
mod questionnaires;
mod standard;
mod store;
mod tokens;
mod traps;
mod workspace;
mod write_back;
