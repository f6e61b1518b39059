//! The states of an answer, and the transitions that are allowed.
