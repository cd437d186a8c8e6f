//! `headstart tune`: the same trainings and the same guard as in the page, on all cores.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use half::f16;
use headstart::backbone::Backbone;
use headstart::backbone::tail::Tail;
use headstart::device::Computer;
use headstart::encode::image::{VIEWS, view};
use headstart::judge::{Tuning, TuningStage};
use headstart::learn::tune::{Inputs, Job, Method, TuneRecipe, Tuner};
use headstart::learner::{Given as Elsewhere, Learner};
use serde_json::{Value, json};

use crate::encoder::{Encoder, Input};
use crate::failure::Failure;
use crate::given::{Item, given};
use crate::lesson::Lesson;
use crate::machine::Machine;
use crate::options::{Chance, Everywhere, Out, Reading_};
use crate::output::{Done, Output, merged};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// A project that holds its samples, or a folder or table
    samples: PathBuf,
    #[command(flatten)]
    out: Out,
    /// Labelled samples that nothing is trained on: scored before and after
    #[arg(long, value_name = "SAMPLES")]
    test: Option<PathBuf>,
    /// Stages (of texts, layers) that are trained, counted from the last: 1 to 3
    #[arg(long, default_value_t = 2)]
    stages: usize,
    /// Contrastive: on pairs of texts with the same label or not [default: for texts of at most 64 a class]
    #[arg(long, value_enum)]
    method: Option<MethodName>,
    /// Passes over the samples [default: 8, more where that would be fewer than 80 updates]
    #[arg(long)]
    epochs: Option<usize>,
    /// Part of a weight's size that an update moves it by at most [default: 0.005 for pictures, 0.001 for texts, 0.002 for pairs]
    #[arg(long)]
    rate: Option<f64>,
    /// Folds of the guard, 2 to 10
    #[arg(long, default_value_t = 3)]
    folds: usize,
    /// MiB that the samples may take where the trained stages begin
    #[arg(long, default_value_t = 4096)]
    memory: usize,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    reading: Reading_,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodName {
    CrossEntropy,
    Contrastive,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut lesson = Lesson::open(&options.samples, &options.reading, &options.chance, everywhere, output)?;
    let mut test = match &options.test {
        Some(path) => {
            let mut given = given(path, &options.reading)?;
            given.items.retain(|item| item.meta.label.is_some());
            Some(given)
        }
        None => None,
    };
    if !lesson.learner.is_trained() {
        lesson.train(lesson.learner.default_recipe(), output)?;
    }
    let before = test.clone().map(|given| score(&lesson, given, output)).transpose()?;
    let recipe = TuneRecipe {
        method: options.method.map(|method| match method {
            MethodName::CrossEntropy => Method::CrossEntropy,
            MethodName::Contrastive => Method::Contrastive,
        }),
        stages: options.stages,
        epochs: options.epochs,
        rate: options.rate,
        folds: options.folds,
        memory: options.memory << 20,
        seed: options.chance.seed,
    };
    let skip = unsourced(&mut lesson)?;
    let mut tuning = lesson.learner.tune(recipe.clone(), &skip)?;
    while let TuningStage::Progress { done, total } = tuning.step()? {
        output.progress.at(done, total, "fit heads");
    }
    let contents = lesson.learner.contents_of(&tuning);
    let inputs = Arc::new(boundaries(&lesson, &contents, &recipe, output)?);
    let (tail, parameters) = Tail::load(&lesson.encoder.pack.manifest, &lesson.encoder.pack.weights, recipe.stages)?;
    let tail = Arc::new(tail);
    let tuner = |job: Job| Tuner::new(tail.clone(), &parameters, inputs.clone(), job);

    let folds: Vec<usize> = (0..tuning.parts()).collect();
    output.progress.stage("guard", folds.len());
    let done = lesson.encoder.machine.each(&folds, || (), |(), _, &fold| {
        let tuned = tuner(tuning.job(Some(fold))).run(|_| {});
        output.progress.more(1);
        tuned
    });
    done.into_iter().enumerate().for_each(|(fold, tuned)| tuning.take(fold, tuned));
    let decision = loop {
        if let Some(decision) = tuning.decide()? {
            break decision;
        }
    };
    let kept = decision.guarded.kept;
    let (whole, file) = if kept {
        let mut tuner = tuner(tuning.job(None));
        let whole = tuner.run(|p| output.progress.at(p.done, p.total, "tune"));
        (Some(whole), Some(tuner.file()))
    } else {
        (None, None)
    };
    let result = lesson.learner.finish_tuning(tuning, Some(decision), &contents, whole, "")?;
    if let Some(file) = file {
        lesson.adopt(file, everywhere, output)?;
    }
    project::save(&lesson, &options.out, output)?;
    let after = test.take().map(|given| score(&lesson, given, output)).transpose()?;
    let mut text = format!("{}\n{}", lesson.counts(), result.reason);
    let right = |report: &Option<Value>| report.as_ref().and_then(|r| r["accuracy"]["value"].as_f64());
    if let (Some(before), Some(after)) = (right(&before), right(&after)) {
        text += &format!("\nof the test samples {:.1} % were right before and {:.1} % after", 100.0 * before, 100.0 * after);
    }
    text += &format!("\n{}", options.out.out.display());
    let more = json!({
        "seconds": start.elapsed().as_secs_f64(), "out": options.out.out, "seed": options.chance.seed,
        "samples": contents.len(), "test": { "before": before, "after": after },
    });
    Ok(Done::new(merged(&result, more), text, lesson.rejected))
}
