//! Japanese full-text search: tantivy and lindera live here and nowhere else.
