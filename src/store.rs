//! What must not be lost: SQL lives here and nowhere else.
