//! One progress bar for the whole run; where standard error is no terminal, a line now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far the demonstration has got. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    total: u64,
    /// Tenths that were told to a log.
    told: Arc<AtomicU64>,
}

const TEMPLATE: &str = "{elapsed_precise} [{bar:32}] {percent:>3}% {msg}";

impl Progress {
    /// A bar of `total` steps.
    pub fn new(total: u64) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Progress { bar, total, told: Arc::new(AtomicU64::new(0)) }
    }

    /// Says what is going on.
    pub fn say(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// Counts `steps` as done.
    pub fn step(&self, steps: u64) {
        self.bar.inc(steps);
        let tenth = self.bar.position() * 10 / self.total.max(1);
        if self.bar.is_hidden() && self.told.fetch_max(tenth, Ordering::Relaxed) < tenth {
            tracing::info!("{} % {}", tenth * 10, self.bar.message());
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
