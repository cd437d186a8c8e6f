//! `headstart adapt`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use half::f16;
use headstart::backbone::Backbone;
use headstart::backbone::tail::Tail;
use headstart::device::Computer;
use headstart::features::Matrix;
use headstart::judge::AdaptationStage;
use headstart::learn::BatchNorm;
use headstart::learn::tune::Inputs;
use serde_json::json;

use crate::encoder::Input;
use crate::failure::Failure;
use crate::given::{Item, given};
use crate::lesson::Lesson;
use crate::machine::{Machine, each};
use crate::options::{Chance, Everywhere, Out, Reading_};
use crate::output::{Done, Output, merged};
use crate::pack::Pack;
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
    // As the samples are seen, whatever was adapted to before.
    let (items, elsewhere, rejected) = lesson.elsewhere(target, &lesson.encoder.machine, output)?;
    let used = elsewhere.ids.len();
    let mut adapting = lesson.learner.adapt(elsewhere)?;
    let mut moved = None;
    let adapted = loop {
        match adapting.step()? {
            AdaptationStage::Progress(progress) => output.progress.at(progress.done, progress.total, progress.stage),
            AdaptationStage::Renorm => {
                if let Some((which, x, file)) = batch_norm(&lesson, &adapting.source(), &items, output)? {
                    adapting.renormed(&which, &x);
                    moved = Some(file);
                }
            }
            AdaptationStage::Done(adapted) => break *adapted,
        }
    };
    let report = lesson.learner.finish_adaptation(adapting, adapted);
    if let Some(file) = moved.filter(|_| report.kept && lesson.learner.is_renormed()) {
        let machine = Machine::open(&lesson.encoder.pack, Some(&file), everywhere)?;
        lesson.target = Some((file, machine));
    }
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

/// Batch norms estimated anew: which of the target's items were looked at (those with labels, and others evenly spread), their rows,
/// the backbone's tensors. None where samples' pictures are not in the project.
fn batch_norm(
    lesson: &Lesson,
    source: &[String],
    target: &[Item],
    output: &Output,
) -> Result<Option<(Vec<usize>, Matrix, Vec<u8>)>, Failure> {
    let Some(samples) = source.iter().map(|content| lesson.sources.get(content)).collect::<Option<Vec<&Item>>>() else {
        return Ok(None);
    };
    let labelled = |&at: &usize| target[at].meta.label.is_some();
    let (mut which, others): (Vec<usize>, Vec<usize>) = (0..target.len()).partition(labelled);
    let room = BatchNorm::PICTURES.saturating_sub(which.len()).min(others.len());
    which.extend((0..room).map(|i| others[i * others.len() / room]));
    which.sort_unstable();
    let Pack { manifest, weights, .. } = &lesson.encoder.pack;
    let frozen = Backbone::load_checked(manifest.clone(), weights, &Computer::cpu())?;
    let items: Vec<&Item> = samples.into_iter().chain(which.iter().map(|&at| &target[at])).collect();
    output.progress.stage("read again", items.len());
    let beside = || frozen.beside().expect("it is on the CPU");
    let boundaries = each(lesson.encoder.machine.threads, &items, beside, |backbone, _, item| {
        let Input::Pixels(pixels) = lesson.encoder.ready_one(item)?.input else { unreachable!("texts have none") };
        output.progress.more(1);
        Ok(backbone.boundary_pixels(&pixels, BatchNorm::STAGES)?)
    });
    let mut inputs = Inputs::default();
    for (i, values) in boundaries.into_iter().collect::<Result<Vec<Vec<f32>>, Failure>>()?.into_iter().enumerate() {
        inputs.push(i, values.into_iter().map(f16::from_f32).collect(), 1);
    }
    let (tail, parameters) = Tail::load_tuned(manifest, weights, lesson.tuned.as_deref(), BatchNorm::STAGES)?;
    let Some(mut pump) = BatchNorm::new(tail.into(), &parameters, inputs.into(), source.len()) else { return Ok(None) };
    while let Some(progress) = pump.step() {
        output.progress.at(progress.done, progress.total, progress.stage);
    }
    Ok(pump.file().map(|file| (which, pump.features(), file)))
}
