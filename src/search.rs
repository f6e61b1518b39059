//! Japanese full-text search: tantivy and lindera live here and nowhere else.
//!
//! [`dictionary`] builds and loads IPADIC, [`lexicon`] holds what is kept by hand in `index/`, [`tokenizer`] turns a text into
//! words, concepts and character pairs, [`asked`] weighs them within a questionnaire, [`index`] builds the tantivy index of a standard sheet and reads it for a question.
//! [`facets`] tells whom a text is about and what is to be done;
//! [`meaning`] compares texts by the vectors that were learned from the bank of [`topics`]; [`past`] holds what was answered before.
//! What was found leaves this room as plain values ([`found`]); judging them is [`crate::matching`]'s.

pub mod asked;
pub mod dictionary;
pub mod facets;
pub mod found;
pub mod index;
pub mod lexicon;
pub mod meaning;
pub mod past;
pub mod tokenizer;
pub mod topics;

pub use asked::Asked;
pub use dictionary::{Dictionary, DictionaryError};
pub use found::Found;
pub use index::{Index, IndexError};
pub use past::Past;
pub use lexicon::{Lexicon, LexiconError};
pub use tokenizer::Analyzer;
