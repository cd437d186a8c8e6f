//! `headstart evaluate`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use headstart::judge::{AnyReport, Stage};
use serde_json::json;

use crate::failure::Failure;
use crate::given::given;
use crate::lesson::Lesson;
use crate::options::{Chance, Everywhere, Intake};
use crate::output::{Done, Output, merged, percent};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// A project, of which the last way of training is cross-validated; or a folder or table, with the default way
    samples: PathBuf,
    /// Labelled samples from elsewhere, to score the project's model on as it is
    #[arg(long, value_name = "SAMPLES", conflicts_with_all = ["folds", "repeats", "seed", "per_class"])]
    on: Option<PathBuf>,
    /// 2 to 20; lowered to the number of groups of the largest class
    #[arg(long, default_value_t = 5)]
    folds: usize,
    /// Cross-validations with other splits, 1 to 20 [default: 5 below 300 samples, otherwise 1]
    #[arg(long)]
    repeats: Option<usize>,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    reading: Intake,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    if project::is_project(&options.samples) && options.on.is_none() {
        options.reading.nothing_said()?;
    }
    let mut lesson = Lesson::open(&options.samples, &options.reading, &options.chance, everywhere, output)?;
    let report = match &options.on {
        Some(on) => {
            let (_, elsewhere) = lesson.elsewhere(given(on, &options.reading)?.labelled(), output)?;
            lesson.learner.evaluate_on(elsewhere)?
        }
        None => {
            let mut evaluation = lesson.learner.evaluate(options.folds, options.repeats, options.chance.seed)?;
            loop {
                match evaluation.step()? {
                    Stage::Progress { done, total } => output.progress.at(done, total, "evaluate"),
                    Stage::Done(report) => break report,
                }
            }
        }
    };
    let labels = lesson.learner.samples().filter(|sample| sample.label.is_some()).count();
    // As the page's reports have it.
    let bill = json!({ "seconds": { "all": start.elapsed().as_secs_f64() }, "labels": labels, "bytes": 0 });
    Ok(Done::new(merged(&report, json!({ "bill": bill, "names": lesson.names() })), text(&report)))
}

fn text(report: &AnyReport) -> String {
    match report {
        AnyReport::Names(report) => {
            let mut text = format!(
                "{} are right, {} of them in the mean over classes; always answering the commonest: {:.1} %\n{}\n",
                percent(&report.accuracy),
                percent(&report.balanced_accuracy),
                100.0 * report.baselines.majority,
                report.how
            );
            let widest = report.per_class.iter().map(|class| class.label.chars().count()).max().unwrap_or(0).max(5);
            text += &format!("{:widest$}  samples  precision  recall     F1\n", "class");
            for class in &report.per_class {
                text += &format!(
                    "{:widest$}  {:7}  {:9.3}  {:6.3}  {:5.3}\n",
                    class.label, class.support, class.precision.value, class.recall.value, class.f1
                );
            }
            for slice in report.slices.iter().filter(|slice| slice.worse) {
                let right = slice.accuracy.as_ref().map(percent).unwrap_or_default();
                text += &format!("worse than the rest: {} = {}, {right}\n", slice.name, slice.value);
            }
            text
        }
        AnyReport::Numbers(report) => format!(
            "off by {:.4} in the mean ({:.4} to {:.4}); always answering the median: {:.4}; R² {:.3}\n{}",
            report.mae.value, report.mae.low, report.mae.high, report.baselines.median, report.r2.value, report.how
        ),
    }
}
