//! The command line.

pub mod matching;
