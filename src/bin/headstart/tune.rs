//! `headstart tune`: the same trainings and the same guard as in the page, on all cores.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use half::f16;
use headstart::backbone::tail::Tail;
use headstart::backbone::{Backbone, Manifest, Rows};
use headstart::device::Computer;
use headstart::encode::image::{VIEWS, view};
use headstart::features::Matrix;
use headstart::judge::TuningStage;
use headstart::learn::tune::{Inputs, Job, Method, TuneRecipe, Tuned, Tuner};
use headstart::learn::{Recipe, Step};
use headstart::learner::Learner;
use headstart::source::{Label, Meta};
use serde_json::json;

use crate::Failure;
use crate::arguments::Arguments;
use crate::samples::{Input, Sample, draw, read};

const KNOWN: [&str; 11] =
    ["pack", "train", "test", "per-class", "seed", "stages", "epochs", "rate", "method", "views", "folds"];

pub fn run(args: &[String]) -> Result<(), Failure> {
    let args = Arguments::parse(args, &KNOWN)?;
    let pack = PathBuf::from(args.need("pack")?);
    let manifest = Manifest::parse(&std::fs::read_to_string(pack.join("manifest.json"))?)?;
    let weights = std::fs::read(pack.join(&manifest.weights()?.name))?;
    let seed = args.get("seed")?.unwrap_or(0);
    let mut samples = read(&PathBuf::from(args.need("train")?), &manifest, &pack)?;
    if let Some(per_class) = args.get("per-class")? {
        samples = draw(samples, per_class, seed);
    }
    let test = match args.get::<PathBuf>("test")? {
        Some(path) => read(&path, &manifest, &pack)?,
        None => Vec::new(),
    };
    let method = match args.get::<String>("method")?.as_deref() {
        None => None,
        Some("cross-entropy") => Some(Method::CrossEntropy),
        Some("contrastive") => Some(Method::Contrastive),
        Some(other) => return Err(format!("--method: `{other}` is neither cross-entropy nor contrastive").into()),
    };
    let defaults = TuneRecipe::default();
    let recipe = TuneRecipe {
        method,
        stages: args.get("stages")?.unwrap_or(defaults.stages),
        epochs: args.get("epochs")?,
        rate: args.get("rate")?,
        folds: args.get("folds")?.unwrap_or(defaults.folds),
        seed,
        ..defaults
    };
    let views = args.get("views")?.unwrap_or(VIEWS);

    let frozen = Backbone::load(manifest.clone(), &weights, &Computer::cpu())?;
    let mut learner = Learner::new(manifest.dim, seed);
    for sample in &samples {
        let meta = Meta { label: Some(Label::Class(sample.label.clone())), ..Meta::default() };
        learner.add(&sample.id, meta, Some((&features(&frozen, sample)?, sample.content.clone())), 0)?;
    }
    let mut training = learner.train(Recipe { seed, ..Recipe::default() })?;
    let fitted = loop {
        if let Step::Done(fitted) = training.step() {
            break *fitted;
        }
    };
    learner.finish(training, fitted);
    let before = accuracy(&learner, &frozen, &test)?;

    let start = Instant::now();
    let mut tuning = learner.tune(recipe.clone(), &[])?;
    while let TuningStage::Progress { .. } = tuning.step()? {}
    let contents = learner.contents_of(&tuning);
    let (tail, parameters) = Tail::load(&manifest, &weights, recipe.stages)?;
    let tail = Arc::new(tail);
    let inputs = Arc::new(boundaries(&manifest, &weights, &samples, &contents, recipe.stages, views)?);
    eprintln!("{} samples at the boundary: {} MB, {:.0?}", inputs.samples(), inputs.bytes() >> 20, start.elapsed());
    let jobs: Vec<(usize, Job)> = (0..tuning.parts()).map(|fold| (fold, tuning.job(Some(fold)))).collect();
    let train = |job: Job, what: &str| {
        let mut tuner = Tuner::new(tail.clone(), &parameters, inputs.clone(), job);
        let tuned = tuner.run(|p| {
            if let Some(guard) = p.guard {
                eprintln!("{what}: {} of {}, loss {:.3}, guard {guard:.3}", p.done, p.total, p.loss.unwrap_or(0.0));
            }
        });
        (tuned, tuner.file(), tuner.head())
    };
    let done: Mutex<Vec<(usize, Tuned)>> = Mutex::new(Vec::new());
    let queue = Mutex::new(jobs.into_iter());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((fold, job)) = queue.lock().unwrap().next() else { break };
                    let (tuned, ..) = train(job, &format!("fold {fold}"));
                    done.lock().unwrap().push((fold, tuned));
                }
            });
        }
    });
    for (fold, tuned) in done.into_inner().unwrap() {
        tuning.take(fold, tuned);
    }
    let decision = loop {
        if let Some(decision) = tuning.decide()? {
            break decision;
        }
    };
    eprintln!("{}", decision.guarded.sentence);
    let guarded = decision.guarded.clone();
    let (whole, file, joint) = train(tuning.job(None), "all");
    let loss = tuning.job(None).loss;
    learner.finish_tuning(tuning, Some(decision), &contents, Some(whole), "")?;
    let seconds = start.elapsed().as_secs_f64();

    let tuned = Backbone::load_tuned(manifest.clone(), &weights, Some(&file), &Computer::cpu())?;
    let after = accuracy(&learner, &tuned, &test)?;
    let head = joint.affine(&loss, manifest.dim);
    let mut x = Matrix::with_capacity(manifest.dim, test.len());
    for sample in &test {
        x.push(&features(&tuned, sample)?);
    }
    let mut names = learner.labels();
    names.sort_unstable();
    let said = head.outputs(&x);
    let hits = test.iter().zip(said.iter()).filter(|(sample, p)| {
        let top = (0..p.len()).fold(0, |best, c| if p[c] > p[best] { c } else { best });
        names.get(top) == Some(&sample.label)
    });
    let joint = hits.count() as f64 / test.len().max(1) as f64;
    println!(
        "{}",
        json!({
            "samples": samples.len(), "test": test.len(), "seed": seed, "seconds": seconds,
            "frozen": before, "tuned": after, "joint": joint, "kept": guarded.kept, "p": guarded.p,
            "heldOut": { "frozen": guarded.frozen.value, "tuned": guarded.tuned.value },
        })
    );
    Ok(())
}

fn features(backbone: &Backbone, sample: &Sample) -> Result<Vec<f32>, Failure> {
    let rows = match &sample.input {
        Input::Pixels(pixels) => backbone.forward_pixels(pixels, 1, &mut |_, _| {})?,
        Input::Ids(ids) => backbone.forward_ids(std::slice::from_ref(ids), &mut |_, _| {})?,
    };
    match rows {
        Rows::Host(values) => Ok(values),
        #[cfg(feature = "webgpu")]
        Rows::Gpu(_) => unreachable!("it was loaded for the CPU"),
    }
}

fn accuracy(learner: &Learner, backbone: &Backbone, test: &[Sample]) -> Result<f64, Failure> {
    let mut x = Matrix::with_capacity(backbone.manifest().dim, test.len());
    for sample in test {
        x.push(&features(backbone, sample)?);
    }
    let contents: Vec<_> = test.iter().map(|sample| Arc::new(sample.content.clone())).collect();
    let said = learner.predict(&x, &contents, None)?;
    let hits = said.iter().zip(test).filter(|(said, sample)| said.label == Some(Label::Class(sample.label.clone())));
    Ok(hits.count() as f64 / test.len().max(1) as f64)
}

/// In the order of `contents`.
fn boundaries(
    manifest: &Manifest,
    weights: &[u8],
    samples: &[Sample],
    contents: &[String],
    stages: usize,
    views: usize,
) -> Result<Inputs, Failure> {
    let backbone = Backbone::load(manifest.clone(), weights, &Computer::cpu())?;
    let of: std::collections::HashMap<&str, &Sample> = samples.iter().map(|s| (s.id.as_str(), s)).collect();
    let mut inputs = Inputs::default();
    let narrow = |values: Vec<f32>| values.into_iter().map(f16::from_f32).collect();
    for (i, content) in contents.iter().enumerate() {
        match &of[content.as_str()].input {
            Input::Pixels(pixels) => {
                for n in 0..views {
                    let pixels = view(pixels, manifest.image()?, n, i as u64)?;
                    inputs.push(i, narrow(backbone.boundary_pixels(&pixels, stages)?), 1);
                }
            }
            Input::Ids(ids) => inputs.push(i, narrow(backbone.boundary_ids(ids, stages)?), ids.len()),
        }
    }
    Ok(inputs)
}
