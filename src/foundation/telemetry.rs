//! Logs: ids, counts, sizes and durations, never contents.

use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogForm {
    /// For people at a terminal.
    Text,
    /// For machines, one JSON object a line.
    Json,
}

/// Starts logging to standard error. `filter` is in the form of `RUST_LOG`; a second call changes
/// nothing.
pub fn start(form: LogForm, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match form {
        LogForm::Text => logs.with_ansi(false).try_init(),
        LogForm::Json => logs.json().try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}
