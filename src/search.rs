//! Japanese full-text search: tantivy and lindera live here and nowhere else.
//!
//! [`dictionary`] builds and loads IPADIC, [`lexicon`] holds what is kept by hand in `index/`, [`tokenizer`] turns a text into
//! words, concepts and character pairs, [`index`] builds the tantivy index of a standard sheet and reads it for a question.
//! What was found leaves this room as plain values ([`found`]); judging them is [`crate::matching`]'s.

pub mod dictionary;
pub mod found;
pub mod index;
pub mod lexicon;
pub mod tokenizer;

pub use dictionary::{Dictionary, DictionaryError};
pub use found::Found;
pub use index::{Index, IndexError};
pub use lexicon::{Lexicon, LexiconError};
pub use tokenizer::Analyzer;
