//! Domain shift and adapting to it: against NumPy and scikit-learn (`golden/adapt.py` made the numbers), on domains made here of
//! which it is known what moved, and on real ones where their data is.

mod fixtures;

use std::sync::Arc;

use headstart::features::{Matrix, extract_texts};
use headstart::judge::{Adaptation, AdaptationStage, Adapted, Cause, Discrepancy, Measurement, Mmd, Shift, Trace};
use headstart::learn::{Dataset, HeadKind, Labelled, Move, Recipe, Spectrum, SpectrumFit, resampled};
use headstart::learner::{Given, Learner};
use headstart::metrics::Probabilities;
use headstart::source::{Content, Label, Look, Meta, Picture, SMALL};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

const DIM: usize = 24;
const CLASSES: usize = 4;

fn golden() -> Value {
    serde_json::from_slice(&fixtures::golden("adapt.json")).unwrap()
}

fn matrix(value: &Value) -> Matrix {
    let rows: Vec<Vec<f32>> = serde_json::from_value(value.clone()).unwrap();
    Matrix::new(rows[0].len(), rows.concat())
}

fn probabilities(value: &Value) -> Probabilities {
    let rows = matrix(value);
    Probabilities { classes: rows.cols(), values: rows.into_values() }
}

fn contents(rows: usize) -> Vec<Arc<Content>> {
    vec![Arc::new(Content::Text(String::new())); rows]
}

fn dataset(x: &Matrix, classes: &[usize]) -> Dataset {
    let names: Vec<(String, Label)> =
        classes.iter().enumerate().map(|(i, c)| (format!("{i:05}"), format!("class {c}").as_str().into())).collect();
    let content = Arc::new(Content::Text(String::new()));
    let labelled = names.iter().zip(x.iter()).map(|((id, label), row)| Labelled {
        content_id: id,
        id,
        label,
        row,
        content: content.clone(),
    });
    Dataset::new(x.cols(), labelled).unwrap()
}

fn spectrum(x: &Matrix) -> Spectrum {
    let mut fit = SpectrumFit::new(&x.clone().normalised());
    loop {
        if let Some(spectrum) = fit.step() {
            return spectrum;
        }
    }
}

fn mmd(x: &Matrix, y: &Matrix) -> Mmd {
    let mut both = x.clone().normalised();
    y.clone().normalised().iter().for_each(|row| both.push(row));
    let mut discrepancy = Discrepancy::new(both, x.rows(), 0);
    loop {
        if let Some(mmd) = discrepancy.step() {
            return mmd;
        }
    }
}

fn shift(source: &Dataset, target: &Matrix) -> Shift {
    let mut measurement = Measurement::new(source, target, &contents(target.rows()), 0).unwrap();
    loop {
        if let Some(measured) = measurement.step().unwrap() {
            return measured.shift;
        }
    }
}

fn cause(source: &Probabilities, y: &[usize], target: &Probabilities) -> Cause {
    let mut trace = Trace::new(source, y, target);
    loop {
        if let Some(cause) = trace.step() {
            return cause;
        }
    }
}

fn adapt(source: &Dataset, recipe: &Recipe, target: &Matrix, labels: &[Option<Label>]) -> Adapted {
    adapt_seen(source, recipe, target, labels, contents(target.rows()), &mut || {
        unreachable!("texts have no batch norms")
    })
}

/// `seen`: when asked, which of the target a backbone with batch norms estimated anew has seen, and its rows.
fn adapt_seen(
    source: &Dataset,
    recipe: &Recipe,
    target: &Matrix,
    labels: &[Option<Label>],
    contents: Vec<Arc<Content>>,
    seen: &mut dyn FnMut() -> (Vec<usize>, Matrix),
) -> Adapted {
    let mut adaptation = Adaptation::new(source.clone(), recipe.clone(), target.clone(), contents, labels).unwrap();
    let mut last = 0;
    loop {
        match adaptation.step().unwrap() {
            AdaptationStage::Done(adapted) => return *adapted,
            AdaptationStage::Renorm => {
                let (given, x) = seen();
                adaptation.renormed(&given, &x);
            }
            AdaptationStage::Progress(progress) => {
                assert!(progress.done >= last && progress.done <= progress.total, "{progress:?}");
                last = progress.done;
            }
        }
    }
}

/// Rows of classes around means of their own, far from zero, so that dividing by norms changes little.
struct Domain {
    /// Added to every row.
    moved: [f32; DIM],
    /// By dimension.
    stretch: [f32; DIM],
    /// The first two dimensions are turned by it, in radians.
    turned: f32,
    /// Part of each class.
    shares: [f32; CLASSES],
}

const SOURCE: Domain =
    Domain { moved: [0.0; DIM], stretch: [1.0; DIM], turned: 0.0, shares: [1.0 / CLASSES as f32; CLASSES] };

impl Domain {
    fn rows(&self, number: usize, seed: u64) -> (Matrix, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut x = Matrix::with_capacity(DIM, number);
        let mut y = Vec::new();
        let mut upto = 0.0;
        for class in 0..CLASSES {
            upto += self.shares[class];
            while (y.len() as f32) < (upto * number as f32).round() {
                let mut row: Vec<f32> =
                    (0..DIM).map(|_| (0..6).map(|_| rng.random_range(-0.7..0.7f32)).sum::<f32>()).collect();
                row[class] += 3.2;
                let (sin, cos) = self.turned.sin_cos();
                (row[0], row[1]) = (row[0] * cos - row[1] * sin, row[0] * sin + row[1] * cos);
                row.iter_mut().zip(&self.stretch).for_each(|(v, s)| *v *= s);
                row.iter_mut().zip(&self.moved).for_each(|(v, m)| *v += m);
                row[DIM - 1] += 20.0;
                x.push(&row);
                y.push(class);
            }
        }
        (x, y)
    }
}

/// Toward the first class and away from the second, as a domain that is seen in another light may be.
fn moved() -> Domain {
    let mut moved = [0.3; DIM];
    (moved[0], moved[1]) = (2.5, -1.5);
    Domain { moved, ..SOURCE }
}

fn accuracy(head: &headstart::learn::Fitted, x: &Matrix, y: &[usize]) -> f64 {
    let p = head.head.probabilities(x, &contents(x.rows()));
    (0..y.len()).filter(|&row| p.top(row) == y[row]).count() as f64 / y.len() as f64
}

fn none(rows: usize) -> Vec<Option<Label>> {
    vec![None; rows]
}

/// On a domain, its outcome, and the accuracy there before and after.
fn outcome(domain: &Domain) -> (Adapted, f64, f64) {
    let (x, y) = SOURCE.rows(200, 1);
    let source = dataset(&x, &y);
    let adapted = adapt(&source, &Recipe::default(), &domain.rows(200, 2).0, &none(200));
    let (test, truth) = domain.rows(400, 3);
    let plain = headstart::learn::Fit::new(&source, &Recipe::default()).unwrap().run();
    let before = accuracy(&plain, &test, &truth);
    let after = adapted.kept.as_ref().map_or(before, |(fitted, _)| accuracy(fitted, &test, &truth));
    (adapted, before, after)
}

#[test]
fn shift_and_coral_agree_with_numpy() {
    for case in golden()["shift"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let (x, y) = (matrix(&case["source"]), matrix(&case["target"]));
        let found = mmd(&x, &y);
        let want = case["mmd"].as_f64().unwrap();
        assert!((found.value - want).abs() < 2e-5, "{name}: {found:?}, not {want}");
        assert_eq!(found.p < 0.05, name != "same", "{name}: {found:?}");

        let classes: Vec<usize> = (0..x.rows()).map(|row| row % 2).collect();
        let source = dataset(&x, &classes);
        let coral = Move::Coral.apply(&source, &spectrum(&x), &spectrum(&y));
        let off = fixtures::largest_difference(coral.x.values(), matrix(&case["coral"]).values());
        assert!(off < 1e-3, "{name}: off by {off}");
        let mean = |x: &Matrix, d: usize| x.iter().map(|row| row[d]).sum::<f32>() / x.rows() as f32;
        let aligned = Move::Mean.apply(&source, &spectrum(&x), &spectrum(&y));
        (0..6).for_each(|d| assert!((mean(&aligned.x, d) - mean(&y.clone().normalised(), d)).abs() < 1e-5));

        let told = shift(&source, &y).domain_classifier;
        let (want, spread) = (case["told_apart"].as_f64().unwrap(), case["spread"].as_f64().unwrap());
        assert!((told.value - want).abs() < 4.0 * spread + 0.02, "{name}: {told:?}, not {want}");
        assert!(told.low <= told.value && told.value <= told.high, "{told:?}");
    }
}

#[test]
fn the_cause_is_the_one_an_optimiser_finds() {
    for case in golden()["cause"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let y: Vec<usize> = serde_json::from_value(case["y"].clone()).unwrap();
        let found = cause(&probabilities(&case["source"]), &y, &probabilities(&case["target"]));
        let accounts = [found.neither, found.proportions, found.features];
        for (got, of) in accounts.into_iter().zip(["neither", "proportions", "features"]) {
            let want = case["want"][of].as_f64().unwrap();
            assert!((got - want).abs() < 0.15, "{name}: {of} is {got}, not {want}");
        }
        assert_eq!(found.evidence() > 5.0, name == "features", "{name}: {found:?}");
        assert_eq!(found.proportions - found.neither > 5.0, name != "neither", "{name}: {found:?}");
    }
}

#[test]
fn a_domain_that_moved_is_adapted_to() {
    let (adapted, before, after) = outcome(&moved());
    let report = adapted.report;
    assert!(report.kept && report.method != "none", "{report:?}");
    assert!(after > before + 0.1 && after > 0.9, "{before} → {after}: {report:?}");
    assert!(report.shift.domain_classifier.low > 0.7 && report.shift.mmd.p < 0.01, "{report:?}");
    assert_eq!(report.tried[0].method, "none");
    assert!(report.tried.iter().any(|t| t.method == report.method), "{report:?}");
    let (_, novelty) = adapted.kept.unwrap();
    let strange = novelty.of(&moved().rows(200, 4).0);
    let threshold = novelty.threshold(0.05);
    let refused = strange.iter().filter(|&&n| n > threshold).count();
    assert!(refused < 30, "the target is no longer strange, and {refused} of 200 are refused");
}

#[test]
fn a_domain_that_was_stretched_and_turned_is_not_made_worse() {
    let mut stretch = [1.0; DIM];
    stretch.iter_mut().step_by(3).for_each(|s| *s = 1.8);
    for domain in [Domain { stretch, ..moved() }, Domain { turned: 0.4, ..moved() }, Domain { stretch, ..SOURCE }] {
        let (adapted, before, after) = outcome(&domain);
        assert!(after >= before - 0.01, "{before} → {after}: {:?}", adapted.report);
    }
}

#[test]
fn nothing_is_kept_without_a_shift() {
    let (adapted, before, after) = outcome(&SOURCE);
    let report = adapted.report;
    assert!(!report.kept && report.method == "none" && adapted.kept.is_none() && before == after, "{report:?}");
    let told = &report.shift.domain_classifier;
    assert!(told.low < 0.5 && told.high > 0.5 && report.shift.mmd.p > 0.05, "{report:?}");
    assert!(report.sentence.contains("no shift was measured"), "{}", report.sentence);
}

#[test]
fn nothing_is_kept_where_only_proportions_differ() {
    let (adapted, before, after) = outcome(&Domain { shares: [0.7, 0.15, 0.1, 0.05], ..SOURCE });
    let report = adapted.report;
    assert!(!report.kept && before == after, "{report:?}");
    assert!(report.shift.is_there(), "proportions are a shift: {report:?}");
    assert!(report.sentence.contains("proportions seem to differ"), "{}", report.sentence);
}

fn pictures(rows: usize) -> Vec<Arc<Content>> {
    let picture = Picture { small: vec![0; SMALL * SMALL * 3], look: Look::default() };
    vec![Arc::new(Content::Picture(picture)); rows]
}

/// A backbone that sees the target as the source is seen is what no moving of rows can do where the classes were thrown about.
#[test]
fn batch_norms_are_estimated_anew_where_features_moved_and_kept_where_they_tell_most() {
    let (x, y) = SOURCE.rows(200, 1);
    let source = dataset(&x, &y);
    let mut stretch = [1.0; DIM];
    (stretch[0], stretch[1]) = (0.3, 0.3);
    let domain = Domain { turned: 0.6, stretch, ..moved() };
    let (target, truth) = domain.rows(200, 2);
    let turned: Vec<usize> = (0..200).rev().collect();
    // Of every second sample, in another order.
    let given: Vec<usize> = (0..200).rev().step_by(2).collect();
    let seen = |of: &Matrix| (given.clone(), of.select(&given));
    let labels = none(200);
    let right = SOURCE.rows(200, 2).0;
    let adapted = adapt_seen(&source, &Recipe::default(), &target, &labels, pictures(200), &mut || seen(&right));
    let report = &adapted.report;
    assert!(report.kept && adapted.renormed && report.method.starts_with("batch-norm"), "{report:?}");
    let (test, truth_of_test) = SOURCE.rows(400, 3);
    let found = accuracy(&adapted.kept.as_ref().unwrap().0, &test, &truth_of_test);
    assert!(found > 0.9, "{found}: {report:?}");

    // The order of the target makes no difference.
    let mut back = || (given.iter().map(|&row| 199 - row).collect(), right.select(&given));
    let again = adapt_seen(&source, &Recipe::default(), &target.select(&turned), &labels, pictures(200), &mut back);
    assert_eq!((&again.report, &again.kept), (&adapted.report, &adapted.kept));

    // One that tells nothing apart is tried, and is not kept.
    let blind = Matrix::new(DIM, vec![1.0; 200 * DIM]);
    let adapted = adapt_seen(&source, &Recipe::default(), &target, &labels, pictures(200), &mut || seen(&blind));
    assert!(adapted.report.tried.iter().any(|t| t.method.starts_with("batch-norm")), "{:?}", adapted.report);
    assert!(!adapted.renormed && !adapted.report.method.starts_with("batch-norm"), "{:?}", adapted.report);

    // Labels of the target are heard: they are among what was seen or not.
    let label = |(row, class): (usize, &usize)| (row % 7 == 0).then(|| format!("class {class}").as_str().into());
    let labels: Vec<Option<Label>> = truth.iter().enumerate().map(label).collect();
    let adapted = adapt_seen(&source, &Recipe::default(), &target, &labels, pictures(200), &mut || seen(&right));
    let norm = adapted.report.tried.iter().find(|t| t.method.starts_with("batch-norm")).unwrap();
    assert!(norm.guard.unwrap() > 3.0, "{:?}", adapted.report);

    // Nobody asks where nothing that moves features could be kept, and what is not answered is not tried.
    let same = SOURCE.rows(200, 2).0;
    let mut unasked = || unreachable!("there is no shift");
    assert!(!adapt_seen(&source, &Recipe::default(), &same, &none(200), pictures(200), &mut unasked).report.kept);
    let mut few = || (vec![0, 1], right.select(&[0, 1]));
    let adapted = adapt_seen(&source, &Recipe::default(), &target, &none(200), pictures(200), &mut few);
    assert!(!adapted.report.tried.iter().any(|t| t.method.starts_with("batch-norm")), "{:?}", adapted.report);
}

/// Two classes have changed places: nothing without labels can know that, and a few labels do.
#[test]
fn labels_of_the_target_decide() {
    let (x, y) = SOURCE.rows(200, 1);
    let (target, truth) = moved().rows(200, 2);
    let swapped: Vec<usize> = truth.iter().map(|&c| [1, 0, 2, 3][c]).collect();
    let some = |y: &[usize]| {
        let label = |(row, class): (usize, &usize)| (row % 6 == 0).then(|| format!("class {class}").as_str().into());
        y.iter().enumerate().map(label).collect::<Vec<Option<Label>>>()
    };
    let source = dataset(&x, &y);
    let (test, truth_of_test) = moved().rows(400, 3);
    let right = adapt(&source, &Recipe::default(), &target, &some(&truth));
    assert!(right.report.kept && right.report.sentence.contains("34 labelled target samples"), "{:?}", right.report);
    assert!(accuracy(&right.kept.unwrap().0, &test, &truth_of_test) > 0.9);
    let wrong = adapt(&source, &Recipe::default(), &target, &some(&swapped));
    let guard = |name: &str| wrong.report.tried.iter().find(|t| t.method == name).unwrap().guard.unwrap();
    assert!(guard("mean alignment") < guard("target labels"), "{:?}", wrong.report);
    assert!(!wrong.report.kept || wrong.report.method.contains("target labels"), "{:?}", wrong.report);
}

#[test]
fn every_head_that_has_features_can_be_adapted() {
    let (x, y) = SOURCE.rows(120, 1);
    let (test, truth) = moved().rows(200, 3);
    for head in [HeadKind::Prototype, HeadKind::Knn, HeadKind::Mlp] {
        let recipe = Recipe { head, strength: Some(10.0), ..Recipe::default() };
        let adapted = adapt(&dataset(&x, &y), &recipe, &moved().rows(120, 2).0, &none(120));
        assert!(adapted.report.kept, "{head:?}: {:?}", adapted.report);
        let found = accuracy(&adapted.kept.unwrap().0, &test, &truth);
        assert!(found > 0.85, "{head:?}: {found}");
    }
}

#[test]
fn order_does_not_matter_to_the_bit() {
    let (x, y) = SOURCE.rows(80, 1);
    let (target, truth) = moved().rows(60, 2);
    let label = |row: usize| (row % 5 == 0).then(|| format!("class {}", truth[row]).as_str().into());
    let labels: Vec<Option<Label>> = (0..60).map(label).collect();
    let turned: Vec<usize> = (0..60).rev().collect();
    let source = dataset(&x, &y);
    let one = adapt(&source, &Recipe::default(), &target, &labels);
    let labels: Vec<Option<Label>> = turned.iter().map(|&row| labels[row].clone()).collect();
    let other = adapt(&source, &Recipe::default(), &target.select(&turned), &labels);
    assert_eq!(one.report, other.report);
    assert_eq!(one.kept, other.kept);
}

#[test]
fn rows_are_drawn_by_their_weights_and_no_class_is_lost() {
    let (x, y) = SOURCE.rows(40, 1);
    let source = dataset(&x, &y);
    let odds: Vec<f64> = (0..40).map(|row| if source.y[row] == 0 { 3.0 } else { 0.0 }).collect();
    let drawn = resampled(&source, &odds, 0).counts();
    assert!(drawn[0] >= 39 && drawn[1..] == [1, 1, 1], "{drawn:?}");
    let even = resampled(&source, &[1.0; 40], 7).counts();
    assert_eq!(even, source.counts());
}

#[test]
fn faults_have_their_codes() {
    let (x, y) = SOURCE.rows(40, 1);
    let source = dataset(&x, &y);
    let (target, _) = moved().rows(40, 2);
    let code = |source: &Dataset, recipe: Recipe, target: &Matrix, labels: Vec<Option<Label>>| {
        let made = Adaptation::new(source.clone(), recipe, target.clone(), contents(target.rows()), &labels);
        made.err().map(|e| e.code())
    };
    let plain = Recipe::default;
    assert_eq!(code(&source, plain(), &target.select(&[0, 1, 2]), none(3)), Some("bad-option"));
    let scratch = Recipe { head: HeadKind::Scratch, ..plain() };
    assert_eq!(code(&source, scratch, &target, none(40)), Some("bad-option"));
    let mut labels = none(40);
    labels[3] = Some("nobody".into());
    assert_eq!(code(&source, plain(), &target, labels.clone()), Some("bad-labels"));
    labels[3] = Some(Label::Number(3.0));
    assert_eq!(code(&source, plain(), &target, labels), Some("bad-labels"));
    let numbers = ["a", "b", "c"].map(|id| (id, Label::Number(id.len() as f64 + f64::from(id.as_bytes()[0]))));
    let of_numbers = Dataset::new(
        DIM,
        numbers.iter().zip(x.iter()).map(|((id, label), row)| Labelled {
            content_id: id,
            id,
            label,
            row,
            content: Arc::new(Content::Text(String::new())),
        }),
    );
    assert_eq!(code(&of_numbers.unwrap(), plain(), &target, none(40)), Some("bad-labels"));
    let mut learner = Learner::new(DIM, 0);
    let given = Given { ids: vec![], metas: vec![Meta::default(); 40], x: target, contents: contents(40) };
    assert_eq!(learner.adapt(given).err().map(|e| e.code()), Some("not-trained"));
}

#[test]
fn odd_targets_break_nothing() {
    let (x, y) = SOURCE.rows(40, 1);
    let source = dataset(&x, &y);
    let same = x.select(&[0; 20]);
    let zeros = Matrix::new(DIM, vec![0.0; 20 * DIM]);
    let huge = Matrix::new(DIM, x.values()[..20 * DIM].iter().map(|v| v * 1e6).collect());
    for target in [same, zeros, huge, x.clone()] {
        let adapted = adapt(&source, &Recipe::default(), &target, &none(target.rows()));
        assert!(adapted.report.evidence.is_finite(), "{:?}", adapted.report);
        assert!(adapted.report.tried.iter().all(|t| t.criterion.is_finite()), "{:?}", adapted.report);
    }
}

/// `(text, label)` of a part of a data set, through the learner's own reading of tables.
fn texts(path: &str) -> Option<Vec<(String, String)>> {
    let file = std::fs::read(fixtures::shared(path)?).unwrap();
    let table = headstart::source::table::read(&file, &Default::default()).unwrap();
    let sample = |s: headstart::source::table::Row| Some((s.text, s.label?));
    Some(table.samples.into_iter().filter_map(sample).collect())
}

/// NusaX: the same sentiments in English, which the backbone knows, and in Javanese, which it does not.
#[test]
#[ignore = "minutes: it embeds 1,400 texts; cargo test --features tools --test adapt -- --ignored"]
fn javanese_is_read_better_after_adapting_to_it() {
    let Some(english) = texts("data/nusax_english/train.csv") else { return };
    let Some(javanese) = texts("data/nusax_javanese/train.csv") else { return };
    let Some(test) = texts("data/nusax_javanese/test.csv") else { return };
    let (backbone, computer) = fixtures::backbone("all-minilm-l6-v2");
    let (manifest, _) = fixtures::pack_files("all-minilm-l6-v2");
    let tokenizer = fixtures::pack_file("all-minilm-l6-v2", "tokenizer.json");
    let encoder = headstart::encode::text::Encoder::new(&tokenizer, manifest.text().unwrap()).unwrap();
    let rows = |texts: &[(String, String)]| {
        let ids: Vec<Vec<u32>> = texts.iter().map(|(text, _)| encoder.encode(text).unwrap().ids).collect();
        pollster::block_on(extract_texts(&backbone, &computer, &ids)).unwrap()
    };
    let mut learner = Learner::new(384, 0);
    for (i, ((text, label), row)) in english.iter().zip(rows(&english).iter()).enumerate() {
        let meta = Meta { label: Some(label.as_str().into()), ..Meta::default() };
        learner.add(&format!("{i:05}"), meta, Some((row, Content::Text(text.clone()))), 0).unwrap();
    }
    let mut training = learner.train(learner.default_recipe()).unwrap();
    let fitted = loop {
        if let headstart::learn::Step::Done(fitted) = training.step() {
            break fitted;
        }
    };
    learner.finish(training, *fitted);
    let (x, of) = (rows(&test), contents(test.len()));
    let right = |learner: &Learner| {
        let said = learner.predict(&x, &of, None).unwrap();
        let right = said.iter().zip(&test).filter(|(p, (_, label))| p.label == Some(label.as_str().into())).count();
        right as f64 / test.len() as f64
    };
    let before = right(&learner);
    let given = Given {
        ids: vec![],
        metas: vec![Meta::default(); javanese.len()],
        x: rows(&javanese),
        contents: contents(javanese.len()),
    };
    let mut adapting = learner.adapt(given).unwrap();
    let adapted = loop {
        if let AdaptationStage::Done(adapted) = adapting.step().unwrap() {
            break adapted;
        }
    };
    let report = learner.finish_adaptation(adapting, *adapted);
    let after = right(&learner);
    assert!(report.kept && after >= 0.47, "{before} → {after}: {report:?}");
}
