//! Raw settings → a validated configuration.
