//! A bar on stderr, where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

#[derive(Clone)]
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new(quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{prefix:>12} {wide_bar} {pos}/{len} {per_sec} {eta}");
        bar.set_style(style.expect("a template without a mistake"));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub fn stage(&self, what: &str, total: usize) {
        self.0.reset();
        self.0.set_prefix(what.to_owned());
        self.0.set_length(total as u64);
    }

    pub fn at(&self, done: usize, total: usize, what: &str) {
        self.0.set_prefix(what.to_owned());
        self.0.set_length(total as u64);
        self.0.set_position(done as u64);
    }

    pub fn more(&self, done: usize) {
        self.0.inc(done as u64);
    }

    pub fn end(&self) {
        self.0.finish_and_clear();
    }
}
