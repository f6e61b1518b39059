//! Runs the stages and persists; the only place that moves CPU work off the async threads.
