//! `headstart train`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use crate::failure::Failure;
use crate::lesson::Lesson;
use crate::options::{Chance, Everywhere, Head, Intake, Out};
use crate::output::{Done, Output, merged, percent};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// A folder, a table, or a project to train again
    samples: PathBuf,
    #[command(flatten)]
    out: Out,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    head: Head,
    #[command(flatten)]
    reading: Intake,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    if project::is_project(&options.samples) {
        options.reading.nothing_said()?;
    }
    let mut lesson = Lesson::open(&options.samples, &options.reading, &options.chance, everywhere, output)?;
    options.out.fits(lesson.task)?;
    let result = lesson.train(options.head.recipe(lesson.seed), output)?;
    let seconds = start.elapsed().as_secs_f64();
    lesson.remember(&result, seconds);
    project::save(&lesson, &options.out)?;
    let mut text = format!("{}\n{}", lesson.counts(), result.reason);
    if let Some(estimate) = &result.estimate {
        text += &format!(
            "\nheld out while it was chosen: {} are right; `headstart evaluate` is the number to quote",
            percent(estimate)
        );
    }
    text += &format!("\n{}", options.out.out.display());
    let more = json!({
        "seconds": seconds, "out": options.out.out, "samples": lesson.learner.samples().count(),
        "labels": lesson.learner.labels(), "duplicates": lesson.duplicates, "cut": lesson.cut,
        "device": lesson.encoder.machine.report(),
    });
    Ok(Done::new(merged(&result, more), text))
}
