//! `headstart tune`: the same trainings and the same guard as in the page, on all cores.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use headstart::backbone::tail::Tail;
use headstart::encode::image::VIEWS;
use headstart::judge::TuningStage;
use headstart::learn::tune::{Inputs, Job, Method, TuneRecipe, Tuner};
use serde_json::{Value, json};

use crate::boundary::Boundary;
use crate::failure::Failure;
use crate::given::{Given, Item, given};
use crate::lesson::Lesson;
use crate::machine::each;
use crate::options::{Chance, Everywhere, Intake, Out, Task};
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
    /// Contrastive: on pairs of texts with the same label or not [default: for texts of at most 64 a class]. Pretrain: on texts without a
    /// label
    #[arg(long, value_enum)]
    method: Option<MethodName>,
    /// Passes over the samples [default: 8, more where that would be fewer than 80 updates; over texts without a label as many as make 80, at most 30]
    #[arg(long)]
    epochs: Option<usize>,
    /// Part of a weight's size that an update moves it by at most [default: 0.005 for pictures, 0.001 for texts, 0.002 for pairs and for texts without a label]
    #[arg(long)]
    rate: Option<f64>,
    /// Trains what is added to the weights instead, of this rank, 1 to 64 (LoRA)
    #[arg(long, value_name = "RANK")]
    lora: Option<usize>,
    /// Folds of the guard, 2 to 10
    #[arg(long, default_value_t = 3)]
    folds: usize,
    /// MiB that the samples may take where the trained stages begin
    #[arg(long, default_value_t = 4096)]
    memory: usize,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    reading: Intake,
}

#[derive(Clone, Copy, ValueEnum)]
enum MethodName {
    CrossEntropy,
    Contrastive,
    Pretrain,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    if project::is_project(&options.samples) && options.test.is_none() {
        options.reading.nothing_said()?;
    }
    let mut lesson = Lesson::open(&options.samples, &options.reading, &options.chance, everywhere, output)?;
    options.out.fits(lesson.task)?;
    let test = options.test.as_ref().map(|path| given(path, &options.reading)).transpose()?;
    with_sources(&lesson)?;
    if !lesson.trained {
        lesson.train(lesson.learner.default_recipe(), output)?;
    }
    let (before, test) = match test {
        Some(given) => {
            let (report, used) = score(&lesson, given.labelled(), output)?;
            (Some(report), Some(used))
        }
        None => (None, None),
    };
    let recipe = TuneRecipe {
        method: options.method.map(|method| match method {
            MethodName::CrossEntropy => Method::CrossEntropy,
            MethodName::Contrastive => Method::Contrastive,
            MethodName::Pretrain => Method::Pretrain,
        }),
        stages: options.stages,
        epochs: options.epochs,
        lora: options.lora,
        rate: options.rate,
        folds: options.folds,
        memory: options.memory << 20,
        seed: lesson.seed,
    };
    let mut tuning = lesson.learner.tune(recipe.clone(), &[])?;
    while let TuningStage::Progress { done, total } = tuning.step()? {
        output.progress.at(done, total, "fit heads");
    }
    let contents = lesson.learner.contents_of(&tuning);
    let inputs = Arc::new(inputs(&lesson, &contents, &recipe, output)?);
    let (tail, parameters) = Tail::load(&lesson.encoder.pack.manifest, &lesson.encoder.pack.weights, recipe.stages)?;
    let tail = Arc::new(tail);
    let tuner = |job: Job| Tuner::new(tail.clone(), &parameters, inputs.clone(), job);

    let jobs: Vec<Job> = (0..tuning.trainings()).map(|fold| tuning.job(Some(fold))).collect();
    output.progress.stage("guard", jobs.len());
    let done = each(
        lesson.encoder.machine.threads,
        &jobs,
        || (),
        |(), _, job| {
            let mut tuner = tuner(job.clone());
            // Those of the guard run beside each other, and are told one by one.
            let tuned = tuner.run(|p| {
                if tuning.blind() {
                    output.progress.at(p.done, p.total, "pretrain");
                }
            });
            output.progress.more(1);
            (tuned, tuning.blind().then(|| tuner.file()))
        },
    );
    // Without labels the one training is that of all samples too.
    let blind = done.first().and_then(|(tuned, file)| Some((tuned.clone(), file.clone()?)));
    done.into_iter().enumerate().for_each(|(fold, (tuned, _))| tuning.take(fold, tuned));
    let decision = loop {
        if let Some(decision) = tuning.decide()? {
            break decision;
        }
    };
    let kept = decision.guarded.kept;
    let made = kept.then(|| {
        blind.unwrap_or_else(|| {
            let mut tuner = tuner(tuning.job(None));
            let whole = tuner.run(|p| output.progress.at(p.done, p.total, "tune"));
            (whole, tuner.file())
        })
    });
    let (whole, file) = made.unzip();
    let result = lesson.learner.finish_tuning(tuning, Some(decision), &contents, whole, "")?;
    if !lesson.learner.is_renormed() {
        lesson.target = None;
    }
    match file {
        Some(file) => lesson.adopt(file, everywhere, output)?,
        None => lesson.look(true, everywhere)?,
    }
    let seconds = start.elapsed().as_secs_f64();
    // Otherwise the backbone that was tuned before stays, and what is remembered of it.
    if !result.chosen.is_empty() {
        lesson.remember(&result, seconds);
    }
    project::save(&lesson, &options.out)?;
    let after = test.map(|given| score(&lesson, given, output)).transpose()?.map(|(report, _)| report);
    let mut text = format!("{}\n{}", lesson.counts(), result.reason);
    let right = |report: &Option<Value>| report.as_ref().and_then(|r| r["accuracy"]["value"].as_f64());
    if let (Some(before), Some(after)) = (right(&before), right(&after)) {
        text += &format!(
            "\nof the test samples {:.1} % were right before and {:.1} % after",
            100.0 * before,
            100.0 * after
        );
    }
    text += &format!("\n{}", options.out.out.display());
    let more = json!({
        "seconds": seconds, "out": options.out.out, "seed": lesson.seed,
        "samples": contents.len(), "test": { "before": before, "after": after },
    });
    Ok(Done::new(merged(&result, more), text))
}

/// Errors: `bad-sample` where a picture is not to be had again. A tuned backbone has to see all samples.
fn with_sources(lesson: &Lesson) -> Result<(), Failure> {
    let without = lesson.learner.samples().filter(|sample| !lesson.sources.contains_key(&sample.content)).count();
    if without == 0 {
        return Ok(());
    }
    let why = format!(
        "the pictures of {without} samples are not in the project, so it cannot be tuned; train it without --no-samples"
    );
    Err(Failure::new("bad-sample", why))
}

/// In the order of `contents`.
fn inputs(lesson: &Lesson, contents: &[String], recipe: &TuneRecipe, output: &Output) -> Result<Inputs, Failure> {
    let items: Vec<&Item> = contents.iter().map(|content| &lesson.sources[content]).collect();
    let boundary = Boundary::new(&lesson.encoder, recipe.stages)?;
    let views = match lesson.task {
        Task::Image => views(items.len(), boundary.values(items[0])?, recipe.memory)?,
        Task::Text => 1,
    };
    let mut inputs = Inputs::default();
    for (i, views) in boundary.of(&items, views, output).into_iter().enumerate() {
        views?.push(i, &mut inputs);
    }
    if inputs.bytes() > recipe.memory {
        return Err(too_large(inputs.bytes(), recipe.memory));
    }
    Ok(inputs)
}

/// Views of each picture that fit into the memory: all, as it is and mirrored, or as it is.
fn views(samples: usize, values: usize, memory: usize) -> Result<usize, Failure> {
    let bytes = |views: usize| 2 * samples * values * views;
    [VIEWS, 2, 1].into_iter().find(|&views| bytes(views) <= memory).ok_or_else(|| too_large(bytes(1), memory))
}

fn too_large(bytes: usize, memory: usize) -> Failure {
    let why = format!(
        "the samples take {} MiB where the trained stages begin, and --memory is {}; raise it, or use fewer stages or samples",
        bytes.div_ceil(1 << 20),
        memory >> 20
    );
    Failure::option("memory", why)
}

/// → the report, and the samples that could be used.
fn score(lesson: &Lesson, test: Given, output: &Output) -> Result<(Value, Given), Failure> {
    let (items, elsewhere) = lesson.elsewhere(test, output)?;
    let report = serde_json::to_value(lesson.learner.evaluate_on(elsewhere)?).expect("reports are plain");
    Ok((report, Given { task: lesson.task, items, rejected: Vec::new() }))
}
