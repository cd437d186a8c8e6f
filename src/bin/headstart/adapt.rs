//! `headstart adapt`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use headstart::backbone::tail::Tail;
use headstart::judge::AdaptationStage;
use headstart::learn::BatchNorm;
use headstart::learn::tune::Inputs;
use headstart::learner::Adapting;
use serde_json::json;

use crate::boundary::Boundary;
use crate::encoder::Encoder;
use crate::failure::Failure;
use crate::given::{Item, given};
use crate::lesson::Lesson;
use crate::options::{Chance, Everywhere, Intake, Out};
use crate::output::{Done, Output, merged};
use crate::project;

/// As in the library: fewer pictures say nothing of a domain.
const FEWEST: usize = 10;

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
    reading: Intake,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut lesson = Lesson::open(&options.project, &options.reading, &Chance::default(), everywhere, output)?;
    options.out.fits(lesson.task)?;
    let mut target = given(&options.target, &options.reading)?;
    if options.unlabelled {
        target.items.iter_mut().for_each(|item| item.meta.label = None);
    }
    if lesson.target.is_some() {
        // What is aligned are rows of the backbone that the samples' are of.
        lesson.look(false, everywhere)?;
    }
    let (items, elsewhere) = lesson.elsewhere(target, output)?;
    let mut adapting = lesson.learner.adapt(elsewhere)?;
    let mut renormed = None;
    let adapted = loop {
        match adapting.step()? {
            AdaptationStage::Progress(progress) => output.progress.at(progress.done, progress.total, progress.stage),
            AdaptationStage::Renorm => renormed = renorm(&lesson, &mut adapting, &items, output)?,
            AdaptationStage::Done(adapted) => break *adapted,
        }
    };
    let report = lesson.learner.finish_adaptation(adapting, adapted);
    if report.kept {
        lesson.target = renormed.filter(|_| lesson.learner.is_renormed());
        if let Some(model) = lesson.model.as_mut().and_then(|model| model.as_object_mut()) {
            model.insert("adapted".into(), json!(report.method));
        }
    }
    project::save(&lesson, &options.out)?;
    let text = format!("{}\n{}", report.sentence, options.out.out.display());
    let more = json!({ "seconds": start.elapsed().as_secs_f64(), "out": options.out.out, "target": items.len() });
    Ok(Done::new(merged(&report, more), text))
}

/// Batch norms estimated anew for the target, and what they make of it. → their tensors; none where the project is without its pictures,
/// or there are too few.
fn renorm(
    lesson: &Lesson,
    adapting: &mut Adapting,
    target: &[Item],
    output: &Output,
) -> Result<Option<Vec<u8>>, Failure> {
    let Encoder { pack, .. } = &lesson.encoder;
    let source: Vec<&Item> = adapting.source().iter().filter_map(|content| lesson.sources.get(content)).collect();
    if source.len() < FEWEST || target.len() < FEWEST {
        return Ok(None);
    }
    let boundary = Boundary::new(&lesson.encoder, BatchNorm::STAGES)?;
    let all: Vec<&Item> = source.iter().copied().chain(target).collect();
    let mut inputs = Inputs::default();
    for (i, views) in boundary.of(&all, 1, output).into_iter().enumerate() {
        views?.push(i, &mut inputs);
    }
    let tuned = lesson.tuned.as_deref();
    let (tail, parameters) = Tail::load_tuned(&pack.manifest, &pack.weights, tuned, BatchNorm::STAGES)?;
    let Some(mut batch_norm) = BatchNorm::new(Arc::new(tail), &parameters, Arc::new(inputs), source.len()) else {
        return Ok(None);
    };
    while let Some(progress) = batch_norm.step() {
        output.progress.at(progress.done, progress.total, progress.stage);
    }
    adapting.renormed(&(0..target.len()).collect::<Vec<_>>(), &batch_norm.features());
    Ok(batch_norm.file())
}
