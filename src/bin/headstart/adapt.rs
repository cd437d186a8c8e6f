//! `headstart adapt`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use headstart::judge::AdaptationStage;
use serde_json::json;

use crate::failure::Failure;
use crate::given::given;
use crate::lesson::Lesson;
use crate::options::{Chance, Everywhere, Out, Reading_};
use crate::output::{Done, Output, merged};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// The project that was trained
    project: PathBuf,
    /// Samples of the other domain; labels are used where there are any
    target: PathBuf,
    #[command(flatten)]
    out: Out,
    /// Takes the labels for not there: a folder's names may be of no classes
    #[arg(long)]
    unlabelled: bool,
    #[command(flatten)]
    reading: Reading_,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut lesson = Lesson::open(&options.project, &options.reading, &Chance::default(), everywhere, output)?;
    let mut target = given(&options.target, &options.reading)?;
    if options.unlabelled {
        target.items.iter_mut().for_each(|item| item.meta.label = None);
    }
    let (_, elsewhere, rejected) = lesson.elsewhere(target, output)?;
    let used = elsewhere.ids.len();
    let mut adapting = lesson.learner.adapt(elsewhere)?;
    let adapted = loop {
        match adapting.step()? {
            AdaptationStage::Progress(progress) => output.progress.at(progress.done, progress.total, progress.stage),
            // Not tried from a shell: it would need the pictures of both domains once more.
            AdaptationStage::Renorm => {}
            AdaptationStage::Done(adapted) => break *adapted,
        }
    };
    let report = lesson.learner.finish_adaptation(adapting, adapted);
    if report.kept
        && let Some(model) = lesson.model.as_mut().and_then(|model| model.as_object_mut())
    {
        model.insert("adapted".into(), json!(report.method));
    }
    project::save(&lesson, &options.out)?;
    let text = format!("{}\n{}", report.sentence, options.out.out.display());
    let more = json!({ "seconds": start.elapsed().as_secs_f64(), "out": options.out.out, "target": used });
    Ok(Done::new(merged(&report, more), text, rejected))
}
