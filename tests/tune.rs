//! Fine-tuning: the trainings on the real backbone's last layers, and the guard on features that are made up.

mod fixtures;

use std::sync::Arc;

use fixtures::*;
use half::f16;
use headstart::backbone::tail::Tail;
use headstart::backbone::{Backbone, Rows, Weights};
use headstart::device::Computer;
use headstart::features::Matrix;
use headstart::judge::{AnyReport, Decision, Stage, TrialStage, Tuning, TuningStage};
use headstart::learn::tune::{Inputs, Method, TuneRecipe, Tuned, Tuner};
use headstart::learner::{Learner, TuneResult};
use headstart::source::{Content, Meta};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

const PACK: &str = "all-minilm-l6-v2-f32";

/// `[CLS]`, some words, `[SEP]`: one class has small ids, the other large ones.
fn texts() -> Vec<(Option<&'static str>, Vec<u32>)> {
    let words = |class: u32, i: u32| [101, 2000 + 700 * class + 13 * i, 2100 + 700 * class + 7 * i * i, 102].to_vec();
    let labelled = (0..6).flat_map(|i| [(Some("a"), words(0, i)), (Some("b"), words(1, i))]);
    labelled.chain((0..40).map(|i| (None, words(i % 3, 10 + i)))).collect()
}

fn row(backbone: &Backbone, ids: &[u32]) -> Vec<f32> {
    match backbone.forward_ids(&[ids.to_vec()], &mut |_, _| {}).unwrap() {
        Rows::Host(row) => row,
        #[cfg(feature = "webgpu")]
        Rows::Gpu(_) => unreachable!("it was loaded for the CPU"),
    }
}

/// A learner of those texts, and what they are where the last two layers begin, in the order of its tuning.
fn prepared(recipe: &TuneRecipe) -> (Learner, Tuning, Arc<Tail>, Vec<f32>, Arc<Inputs>) {
    let (backbone, _) = backbone(PACK);
    let mut learner = Learner::new(384, 0);
    let texts = texts();
    for (i, (label, ids)) in texts.iter().enumerate() {
        let row = row(&backbone, ids);
        let meta = Meta { label: label.map(Into::into), ..Meta::default() };
        learner.add(&format!("{i:02}"), meta, Some((&row, Content::Text(format!("text {i}")))), 0).unwrap();
    }
    let mut tuning = learner.tune(recipe.clone(), &[]).unwrap();
    while let TuningStage::Progress { .. } = tuning.step().unwrap() {}
    let (manifest, weights) = pack_files(PACK);
    let (tail, parameters) = Tail::load(&manifest, &weights, recipe.stages).unwrap();
    let mut inputs = Inputs::default();
    for (i, content) in learner.contents_of(&tuning).into_iter().enumerate() {
        let ids = &texts[content.parse::<usize>().unwrap()].1;
        let values = backbone.boundary_ids(ids, recipe.stages).unwrap();
        inputs.push(i, values.into_iter().map(f16::from_f32).collect(), ids.len());
    }
    (learner, tuning, Arc::new(tail), parameters, Arc::new(inputs))
}

fn losses(method: Method, lora: Option<usize>) -> (Vec<f64>, Tuned, Vec<u8>) {
    let recipe = TuneRecipe { method: Some(method), lora, epochs: Some(30), rate: Some(0.01), ..TuneRecipe::default() };
    let (_, tuning, tail, parameters, inputs) = prepared(&recipe);
    let mut tuner = Tuner::new(tail, &parameters, inputs, tuning.job(None));
    let mut losses = Vec::new();
    let tuned = tuner.run(|progress| losses.extend(progress.loss));
    (losses, tuned, tuner.file())
}

#[test]
fn a_training_lowers_its_loss_and_repeats_bit_for_bit() {
    let ways = [
        (Method::CrossEntropy, None),
        (Method::Contrastive, None),
        (Method::Pretrain, None),
        (Method::CrossEntropy, Some(4)),
    ];
    for (method, lora) in ways {
        let (losses, tuned, file) = self::losses(method, lora);
        let (first, last) = (losses[0], losses[losses.len() - 1]);
        assert!(last < 0.8 * first, "{method:?}, {lora:?}: {losses:?}");
        assert_eq!(tuned.features.rows(), 12, "samples with a label");
        let (again, other, other_file) = self::losses(method, lora);
        assert_eq!((losses, tuned, file), (again, other, other_file), "{method:?}, {lora:?}");
    }
}

#[test]
fn tuned_tensors_take_the_place_of_the_packs() {
    let (manifest, weights) = pack_files(PACK);
    let (frozen, _) = backbone(PACK);
    let mut sizes = Vec::new();
    for (method, lora) in
        [(Method::CrossEntropy, None), (Method::CrossEntropy, Some(4)), (Method::Contrastive, Some(4))]
    {
        let (_, tuned, file) = losses(method, lora);
        let backbone = Backbone::load_tuned(manifest.clone(), &weights, Some(&file), &Computer::cpu()).unwrap();
        // In the order of the contents, which is that of the texts.
        for (i, (_, ids)) in texts().into_iter().take(12).enumerate() {
            let row = row(&backbone, &ids);
            // The boundary was kept as f16.
            assert!(largest_difference(&row, tuned.features.row(i)) < 2e-3, "text {i}");
            assert!(largest_difference(&row, &self::row(&frozen, &ids)) > 1e-2, "text {i} has not moved");
        }
        sizes.push(file.len());
    }
    assert!(sizes[1] < sizes[0] / 50, "updates of rank 4 take {sizes:?} bytes");
    let mut other = Weights::parse("weights", &weights).unwrap();
    assert_eq!(other.replace(&weights[..100]).unwrap_err().code(), "bad-pack");
    let lite0 = pack_files("efficientnet-lite0").1;
    assert_eq!(other.replace(&lite0).unwrap_err().code(), "bad-pack", "tensors of another network");
}

/// 24 samples of two classes whose frozen rows say little of them.
fn learner() -> Learner {
    let mut learner = Learner::new(4, 0);
    for i in 0..24 {
        let label = if i % 2 == 0 { "a" } else { "b" };
        let noise = |k: f32| ((i as f32 + 1.0) * k).sin();
        let row = [1.0 + 0.3 * noise(7.1), noise(3.3), noise(5.7), noise(9.2)];
        let meta = Meta { label: Some(label.into()), ..Meta::default() };
        learner.add(&format!("{i:02}"), meta, Some((&row, Content::Text(format!("text {i}")))), 0).unwrap();
    }
    learner
}

/// Stages that tell the classes apart as well as `clear` says.
fn made_up(tuning: &Tuning, clear: f32, gave_up: bool) -> Tuned {
    let mut features = Matrix::with_capacity(4, tuning.data().rows());
    for (row, &class) in tuning.data().y.iter().enumerate() {
        let side = if class == 0 { clear } else { -clear };
        let noise = ((row + 1) as f32 * 7.7).sin();
        features.push(&[side + noise, ((row + 1) as f32 * 2.3).sin(), ((row + 1) as f32 * 4.1).sin(), 1.0]);
    }
    Tuned { features, mirror: false, gave_up, epochs: 8 }
}

fn guarded(learner: &mut Learner, clear: f32, gave_up: bool) -> (Tuning, Decision, Vec<String>) {
    let mut tuning = learner.tune(TuneRecipe::default(), &[]).unwrap();
    while let TuningStage::Progress { .. } = tuning.step().unwrap() {}
    let contents = learner.contents_of(&tuning);
    for fold in 0..tuning.trainings() {
        let tuned = made_up(&tuning, clear, gave_up);
        tuning.take(fold, tuned);
    }
    let decision = loop {
        if let Some(decision) = tuning.decide().unwrap() {
            break decision;
        }
    };
    (tuning, decision, contents)
}

fn kept(learner: &mut Learner) -> TuneResult {
    let (tuning, decision, contents) = guarded(learner, 2.0, false);
    assert!(decision.guarded.kept, "{:?}", decision.guarded);
    let whole = made_up(&tuning, 2.0, false);
    learner.finish_tuning(tuning, Some(decision), &contents, Some(whole), "").unwrap()
}

#[test]
fn what_helps_on_held_out_samples_is_kept() {
    let mut learner = learner();
    let result = kept(&mut learner);
    let guard = result.guard.unwrap();
    assert!(result.kept && guard.p < 0.2 && guard.gain.value > 0.2, "{guard:?}");
    assert_eq!(guard.tuned.value, 1.0);
    assert!((guard.gain.value - (guard.tuned.value - guard.frozen.value)).abs() < 1e-9);
    assert!(guard.sentence.contains("kept"), "{}", guard.sentence);
    let right: f64 = guard.per_class.iter().map(|c| c.after * c.support as f64).sum();
    assert!((right / 24.0 - guard.tuned.value).abs() < 1e-9, "classes add up to the whole");
    // Predictions are of tuned rows.
    let said = learner.predict(&Matrix::new(4, vec![2.0, 0.1, 0.1, 1.0]), &[], None).unwrap();
    assert_eq!(said[0].label, Some("a".into()));
}

#[test]
fn what_does_not_help_is_rolled_back() {
    for (gave_up, said) in [(false, "was rolled back"), (true, "was stopped early and rolled back")] {
        let mut learner = learner();
        let (tuning, decision, contents) = guarded(&mut learner, 0.0, gave_up);
        assert!(!decision.guarded.kept, "{:?}", decision.guarded);
        let result = learner.finish_tuning(tuning, Some(decision), &contents, None, "").unwrap();
        assert!(!result.kept && result.reason.contains(said), "{}", result.reason);
        assert!(result.reason.ends_with("stays, fitted on all samples."), "{}", result.reason);
        assert!(!learner.is_tuned() && learner.untuned().is_empty());
        assert_eq!(learner.predict(&Matrix::new(4, vec![1.0, 0.0, 0.0, 0.0]), &[], None).unwrap().len(), 1);
    }
}

#[test]
fn a_training_that_gave_up_is_judged_by_what_it_does() {
    let mut learner = learner();
    let (_, decision, _) = guarded(&mut learner, 2.0, true);
    assert!(decision.guarded.kept, "{:?}", decision.guarded);
}

#[test]
fn what_was_tuned_before_stays_where_the_next_does_not_help() {
    let mut learner = learner();
    kept(&mut learner);
    let row = [2.0, 0.1, 0.1, 1.0];
    let before = learner.predict(&Matrix::new(4, row.to_vec()), &[], None).unwrap();
    let (tuning, decision, contents) = guarded(&mut learner, 0.0, false);
    let result = learner.finish_tuning(tuning, Some(decision), &contents, None, "").unwrap();
    assert!(!result.kept && result.reason.ends_with("tuned before stays."), "{}", result.reason);
    assert!(learner.is_tuned());
    assert_eq!(learner.predict(&Matrix::new(4, row.to_vec()), &[], None).unwrap(), before);
}

/// The rows of the tuned backbone have seen their labels: only those of the folds may be judged by.
#[test]
fn a_tuned_model_is_evaluated_on_the_folds_of_its_guard() {
    let mut learner = learner();
    let (tuning, decision, contents) = guarded(&mut learner, 0.35, false);
    let (honest, mut whole) = (decision.guarded.tuned.value, made_up(&tuning, 9.0, false));
    assert!(honest < 1.0, "{honest}");
    // As if kept, with features that are right everywhere.
    whole.epochs = 1;
    learner.finish_tuning(tuning, Some(decision), &contents, Some(whole), "").unwrap();
    let mut evaluation = learner.evaluate(5, None, None).unwrap();
    let report = loop {
        match evaluation.step().unwrap() {
            Stage::Done(AnyReport::Names(report)) => break report,
            Stage::Done(AnyReport::Numbers(_)) => unreachable!("these are classes"),
            Stage::Progress { .. } => {}
        }
    };
    assert!((report.accuracy.value - honest).abs() < 1e-9, "{} and {honest}", report.accuracy.value);
    assert!(report.how.contains("tuned anew in each fold"), "{}", report.how);
}

#[test]
fn samples_that_came_later_have_to_be_looked_at_first() {
    let mut learner = learner();
    let content = || Content::Text("new".into());
    learner.add("before", Meta::default(), Some((&[1.0; 4], content())), 1).unwrap();
    kept(&mut learner);
    learner.add("after", Meta::default(), Some((&[2.0; 4], content())), 2).unwrap();
    assert_eq!(learner.untuned(), ["before", "after"]);
    learner.insert_tuned("before", &[0.5; 4]);
    learner.insert_tuned("after", &[0.5; 4]);
    assert!(learner.untuned().is_empty());
    assert_eq!(learner.row("after"), Some(&[2.0; 4][..]), "the frozen row stays");
    assert_eq!(learner.tuned_row("after"), Some(&[0.5; 4][..]));
    assert_eq!(learner.projection().len(), 26);
}

#[test]
fn a_stop_before_the_guard_leaves_the_frozen_head() {
    let mut learner = learner();
    let mut tuning = learner.tune(TuneRecipe::default(), &[]).unwrap();
    while let TuningStage::Progress { .. } = tuning.step().unwrap() {}
    let contents = learner.contents_of(&tuning);
    let result = learner.finish_tuning(tuning, None, &contents, None, "stopped").unwrap();
    assert_eq!(
        (result.kept, result.reason.as_str(), result.guard),
        (false, "stopped. The head on the frozen backbone stays, fitted on all samples.", None)
    );
}

/// A half of an update, or one of another network, would be a backbone that was never trained.
#[test]
fn updates_of_a_low_rank_that_do_not_fit_are_refused() {
    let (manifest, weights) = pack_files(PACK);
    let of = |layer: &str, tensors: &[(&str, [usize; 2])]| {
        let bytes = vec![0u8; 4 * 2 * 30522];
        let views = tensors.iter().map(|(part, shape)| {
            let data = &bytes[..4 * shape[0] * shape[1]];
            (format!("{layer}.{part}.weight"), TensorView::new(Dtype::F32, shape.to_vec(), data).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    };
    let file = |tensors: &[(&str, [usize; 2])]| of("encoder.layer.5.output.dense", tensors);
    let load = |tuned: &[u8]| Backbone::load_tuned(manifest.clone(), &weights, Some(tuned), &Computer::cpu());
    assert!(load(&file(&[("lora_A", [2, 1536]), ("lora_B", [384, 2])])).is_ok());
    for wrong in [
        file(&[("lora_A", [2, 1536])]),
        file(&[("lora_A", [2, 1536]), ("lora_B", [384, 1])]),
        file(&[("lora_A", [2, 384]), ("lora_B", [384, 2])]),
        file(&[("more.lora_A", [2, 1536]), ("more.lora_B", [384, 2])]),
        // A table is read a row at a time, as it is stored.
        of("embeddings.word_embeddings", &[("lora_A", [2, 384]), ("lora_B", [30522, 2])]),
    ] {
        assert_eq!(load(&wrong).err().map(|error| error.code()), Some("bad-pack"));
    }
}

/// Where the stages see no label, what they were trained on says nothing of the held-out samples, and one training does for all folds.
#[test]
fn pretraining_that_goes_on_is_guarded_by_its_heads_alone() {
    let recipe = TuneRecipe { method: Some(Method::Pretrain), epochs: Some(2), ..TuneRecipe::default() };
    let (mut learner, mut tuning, tail, parameters, inputs) = prepared(&recipe);
    assert_eq!((tuning.trainings(), inputs.samples()), (1, 52));
    let job = tuning.job(Some(0));
    assert_eq!((job.train.clone(), job.held_out.len()), ((12..52).collect(), 0));
    assert_eq!(job.seed, tuning.job(None).seed);
    let contents = learner.contents_of(&tuning);
    let tuned = Tuner::new(tail, &parameters, inputs, job).run(|_| {});
    tuning.take(0, tuned.clone());
    let decision = loop {
        if let Some(decision) = tuning.decide().unwrap() {
            break decision;
        }
    };
    assert!(decision.guarded.sentence.starts_with("Continued pretraining"), "{}", decision.guarded.sentence);
    assert!(decision.by_fold.iter().all(|fold| fold.x == tuned.features));
    learner.finish_tuning(tuning, Some(decision), &contents, Some(tuned), "").unwrap();
    // Those without a label are seen by the tuned backbone when they are needed.
    assert_eq!(learner.untuned().len(), 40);
}

/// Of a thousand texts and more there is one pass.
#[test]
fn a_single_pass_trains_all_layers() {
    let recipe = TuneRecipe { method: Some(Method::Pretrain), epochs: Some(1), ..TuneRecipe::default() };
    let (_, tuning, tail, parameters, inputs) = prepared(&recipe);
    let mut tuner = Tuner::new(tail.clone(), &parameters, inputs, tuning.job(None));
    tuner.run(|_| {});
    let file = tuner.file();
    let tuned = SafeTensors::deserialize(&file).unwrap();
    for span in tail.spans().iter().filter(|span| span.shape.len() == 2) {
        let before: Vec<u8> = parameters[span.range.clone()].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_ne!(tuned.tensor(&span.name).unwrap().data(), before, "{}", span.name);
    }
}

/// 16 of 20 texts go through at once, then the other 4. Each is told from those that go with it; here by chance, for all are the same.
#[test]
fn the_loss_of_a_batch_is_the_mean_of_its_parts() {
    let recipe = TuneRecipe { method: Some(Method::Pretrain), epochs: Some(1), stages: 1, ..TuneRecipe::default() };
    let (_, tuning, tail, parameters, few) = prepared(&recipe);
    let (mut inputs, mut values, mut length) = (Inputs::default(), Vec::new(), Vec::new());
    few.read(&[(0, 0)], &mut values, &mut length);
    let long = values.iter().cycle().take(64 * 384);
    let long: Vec<f16> = long.map(|v| f16::from_f32(*v)).collect();
    (0..12).for_each(|i| inputs.push(i, long[..384].to_vec(), 1));
    (12..52).for_each(|i| inputs.push(i, long.clone(), 64));
    let mut losses = Vec::new();
    Tuner::new(tail, &parameters, Arc::new(inputs), tuning.job(None)).run(|progress| losses.extend(progress.loss));
    assert_eq!(losses.len(), 2);
    let by_chance = 0.8 * 31f64.ln() + 0.2 * 7f64.ln();
    assert!(losses.iter().all(|loss| (loss - by_chance).abs() < 0.3), "{losses:?}, by chance {by_chance}");
}

#[test]
fn options_that_make_no_sense_are_named() {
    let mut learner = learner();
    let defaults = TuneRecipe::default;
    for (recipe, option) in [
        (TuneRecipe { lora: Some(0), ..defaults() }, "lora"),
        (TuneRecipe { lora: Some(65), ..defaults() }, "lora"),
        (TuneRecipe { method: Some(Method::Pretrain), ..defaults() }, "method"),
        (TuneRecipe { stages: 4, ..defaults() }, "stages"),
        (TuneRecipe { epochs: Some(0), ..defaults() }, "epochs"),
        (TuneRecipe { folds: 1, ..defaults() }, "folds"),
        (TuneRecipe { rate: Some(1.0), ..defaults() }, "rate"),
    ] {
        let error = learner.tune(recipe, &[]).err().expect(option);
        assert_eq!((error.code(), error.item()), ("bad-option", Some(option)));
    }
    let mut few = Learner::new(2, 0);
    for (i, label) in ["a", "b"].into_iter().enumerate() {
        let meta = Meta { label: Some(label.into()), ..Meta::default() };
        few.add(&i.to_string(), meta, Some((&[i as f32, 1.0], Content::Text(label.into()))), 0).unwrap();
    }
    assert_eq!(few.tune(defaults(), &[]).err().expect("one each").code(), "too-few-labels");
}

#[test]
fn the_verdict_has_a_row_of_the_tuned_backbone_from_the_folds_of_its_guard() {
    let mut learner = learner();
    let guard = kept(&mut learner).guard.unwrap();
    let mut trial = learner.verdict().unwrap();
    let report = loop {
        match trial.step().unwrap() {
            TrialStage::Done(report) => break report,
            TrialStage::Progress { .. } => {}
        }
    };
    let row = |name: &str| report.rows.iter().find(|row| row.name == name).unwrap().accuracy.value;
    assert_eq!(row("tuned"), guard.tuned.value);
    assert!(row("frozen") < row("tuned"), "the frozen row is of frozen features");
    assert!((report.difference.value - (row("tuned") - row("scratch"))).abs() < 1e-9);
}
