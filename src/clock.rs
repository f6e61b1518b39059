//! The clock: the system's, and a fake for tests.
