//! The state behind the face, natively, on real pictures where they are.

use std::sync::Arc;

mod fixtures;

use fixtures::*;
use headstart::encode::image::encode;
use headstart::features::{Matrix, extract};
use headstart::judge::{AnyReport, Stage};
use headstart::learn::{ClassWeight, HeadKind, Recipe, Step};
use headstart::learner::{Given, Learner, TrainResult};
use headstart::source::{Content, Label, Meta, content_id};

fn train(learner: &mut Learner, recipe: Recipe) -> TrainResult {
    let mut training = learner.train(recipe).unwrap();
    loop {
        if let Step::Done(fitted) = training.step() {
            return learner.finish(training, *fitted);
        }
    }
}

fn labelled(label: &str) -> Meta {
    Meta { label: Some(label.into()), ..Meta::default() }
}

fn two_classes() -> Learner {
    let mut learner = Learner::new(2, 0);
    for (i, (label, row)) in
        [("a", [1.0, 0.1]), ("a", [0.9, 0.0]), ("b", [0.0, 1.0]), ("b", [0.2, 0.8])].into_iter().enumerate()
    {
        let content = format!("content {i}");
        learner.add(&content, labelled(label), Some((&row, Content::Text(content.clone()))), 0).unwrap();
    }
    learner
}

#[test]
fn a_prediction_has_all_its_parts() {
    let mut learner = two_classes();
    train(&mut learner, Recipe::default());
    let predictions = learner.predict(&Matrix::new(2, vec![1.0, 0.05, -1.0, 0.0]), &[], None).unwrap();
    assert_eq!(predictions[0].label, Some("a".into()));
    assert_eq!(predictions[0].nearest[0], "content 0");
    assert!((predictions[0].scores.values().sum::<f32>() - 1.0).abs() < 1e-6);
    assert!(predictions[1].novelty > predictions[0].novelty + 0.5, "what points away is strange");
}

/// The same picture over and over, in any order: one group, so that it is never on both sides of a split.
#[test]
fn copies_are_one_group() {
    let mut learner = Learner::new(24, 0);
    for i in 0..60 {
        // Twenty that have nothing in common, and forty that are the same.
        let (label, direction) = if i % 3 == 0 { ("a", i / 3) } else { ("b", 23) };
        let mut row = [0.0; 24];
        row[direction] = 1.0;
        let content = format!("content {i}");
        learner.add(&content, labelled(label), Some((&row, Content::Text(content.clone()))), 0).unwrap();
    }
    let mut evaluation = learner.evaluate(5, Some(1), None).unwrap();
    let report = loop {
        if let Stage::Done(AnyReport::Names(report)) = evaluation.step().unwrap() {
            break report;
        }
    };
    assert!(report.how.contains("60 samples in 21 groups"), "{}", report.how);
}

/// A recipe that names a class which is gone is no reason to refuse a report.
#[test]
fn a_recipe_outlives_its_classes() {
    let mut learner = two_classes();
    for (i, row) in [[0.5, 0.5], [0.52, 0.48]].into_iter().enumerate() {
        let content = format!("grey {i}");
        learner.add(&content, labelled("none"), Some((&row, Content::Text(content.clone()))), 1).unwrap();
    }
    let weights = ClassWeight::ByClass([("none".to_owned(), 2.0)].into());
    train(&mut learner, Recipe { negative: Some("none".into()), class_weight: weights, ..Recipe::default() });
    learner.remove(&["grey 0".to_owned(), "grey 1".to_owned()]).unwrap();
    assert!(learner.evaluate(2, None, None).is_ok());
    assert!(learner.examine().is_ok() && learner.verdict().is_ok());
}

#[test]
fn labels_that_the_model_does_not_know_count_as_missed() {
    let mut learner = two_classes();
    assert_eq!(learner.predict(&Matrix::new(2, vec![]), &[], None).unwrap_err().code(), "not-trained");
    train(&mut learner, Recipe::default());
    let x = Matrix::new(2, vec![1.0, 0.0, 0.0, 1.0]);
    let contents = ["x", "y"].map(|text| Arc::new(Content::Text(text.into()))).to_vec();
    let ids = vec!["x".to_owned(), "y".to_owned()];
    let given = Given { ids, metas: vec![labelled("a"), labelled("new")], x, contents };
    let AnyReport::Names(report) = learner.evaluate_on(given).unwrap() else { panic!("a report on classes") };
    assert_eq!(report.accuracy.value, 0.5);
    assert_eq!(report.confusion.labels, ["a", "b", "new"]);
    assert_eq!(report.confusion.counts[2], [0, 1, 0]);
}

#[test]
fn a_model_outlives_changes_of_its_samples() {
    let mut learner = two_classes();
    train(&mut learner, Recipe::default());
    learner.remove(&["content 0".to_owned(), "content 1".to_owned()]).unwrap();
    assert_eq!(learner.predict(&Matrix::new(2, vec![1.0, 0.0]), &[], None).unwrap()[0].label, Some("a".into()));
    assert_eq!(learner.train(learner.default_recipe()).err().unwrap().code(), "too-few-labels");
}

/// Along a quarter of a circle, and each a little off it in a direction of its own: near, but no duplicates.
fn along(at: f32, i: usize) -> [f32; 32] {
    let mut row = [0.0; 32];
    (row[0], row[1]) = (at.cos(), at.sin());
    row[2 + i % 30] = 0.3;
    row
}

fn learner_of(label: impl Fn(f32) -> Label) -> Learner {
    let mut learner = Learner::new(32, 0);
    for i in 0..60 {
        let at = i as f32 / 60.0;
        let (content, row) = (format!("content {i}"), along(at, 7 * i));
        let meta = Meta { label: Some(label(at)), ..Meta::default() };
        learner.add(&content, meta, Some((&row, Content::Text(content.clone()))), 0).unwrap();
    }
    learner
}

#[test]
fn a_prediction_of_labels_is_a_set_of_them() {
    let names = |at: f32| [("low", at < 0.4), ("high", at > 0.6), ("any", true)].into_iter().filter(|n| n.1);
    let mut learner = learner_of(|at| Label::several(names(at).map(|n| n.0.to_owned()).collect()));
    assert_eq!(learner.labels(), ["any", "low", "high"]);
    let result = train(&mut learner, Recipe::default());
    assert!(result.estimate.is_some());
    let x = Matrix::new(32, [along(0.1, 3), along(0.9, 5)].concat());
    let found = learner.predict(&x, &[], None).unwrap();
    assert_eq!(found[0].label, Some(Label::several(vec!["any".into(), "low".into()])));
    assert_eq!(found[1].label, Some(Label::several(vec!["any".into(), "high".into()])));
    assert_eq!(found[0].scores.len(), 3);
    assert!(found[0].scores.values().sum::<f32>() > 1.5 && found[0].interval.is_none());
    // As a negative, a label refuses what has it.
    train(&mut learner, Recipe { negative: Some("high".into()), ..Recipe::default() });
    let refused: Vec<bool> = learner.predict(&x, &[], Some(0.0)).unwrap().iter().map(|p| p.rejected).collect();
    assert_eq!(refused, [false, true]);
    assert_eq!(learner.verdict().err().unwrap().code(), "bad-labels");
}

#[test]
fn a_prediction_of_numbers_has_a_range() {
    let mut learner = learner_of(|at| Label::Number(f64::from(100.0 * at)));
    assert_eq!(learner.labels(), [""; 0]);
    assert_eq!(train(&mut learner, Recipe::default()).estimate, None);
    let found = &learner.predict(&Matrix::new(32, along(0.5, 3).to_vec()), &[], None).unwrap()[0];
    let Some(Label::Number(number)) = found.label else { panic!("a number: {found:?}") };
    assert!((number - 50.0).abs() < 5.0, "{number}");
    let range = found.interval.as_ref().unwrap();
    assert!(range.low < number && number < range.high && range.high - range.low < 30.0, "{range:?}");
    assert!(found.scores.is_empty() && found.confidence == 0.95);
    // Names to score a model of numbers on.
    let contents = vec![Arc::new(Content::Text("x".into()))];
    let given = Given {
        ids: vec!["x".into()],
        metas: vec![labelled("a")],
        x: Matrix::new(32, along(0.1, 3).to_vec()),
        contents: contents.clone(),
    };
    assert_eq!(learner.evaluate_on(given).unwrap_err().code(), "bad-labels");
    let given = Given {
        ids: vec!["x".into()],
        metas: vec![Meta { label: Some(Label::Number(3.0)), ..Meta::default() }],
        x: Matrix::new(32, along(0.1, 3).to_vec()),
        contents,
    };
    let AnyReport::Numbers(report) = learner.evaluate_on(given).unwrap() else { panic!("a report on numbers") };
    assert!((report.mae.value - (report.predictions[0].predicted - 3.0).abs()).abs() < 1e-9);
}

/// Three garments, eight pictures each: what scikit-learn finds on the same features. The whole set is `npm run prove`'s.
#[test]
fn real_garments_are_told_apart() {
    let Some(root) = shared("data/clothing10") else {
        return;
    };
    let (backbone, computer) = backbone("efficientnet-lite0");
    let row = |path: &std::path::Path| {
        let bytes = std::fs::read(path).unwrap();
        let encoded = encode(&bytes, backbone.manifest().image().unwrap()).unwrap();
        let row = pollster::block_on(extract(&backbone, &computer, &encoded.pixels, 1)).unwrap();
        (content_id(&bytes), row, Content::Picture(encoded.picture))
    };
    let list = |part: &str, label: &str, n: usize| {
        let mut files: Vec<_> =
            std::fs::read_dir(root.join(part).join(label)).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        files.truncate(n);
        files
    };
    let mut learner = Learner::new(1280, 0);
    let labels = ["hat", "pants", "shoes"];
    let given = || (Vec::new(), Vec::new(), Matrix::with_capacity(1280, 24), Vec::new());
    let mut test: (Vec<String>, Vec<Meta>, Matrix, Vec<Arc<Content>>) = given();
    for label in labels {
        for path in list("train", label, 8) {
            let (content, features, kept) = row(&path);
            learner.add(&content, labelled(label), Some((features.row(0), kept)), 0).unwrap();
        }
        for path in list("test", label, 8) {
            let (content, features, kept) = row(&path);
            test.0.push(content);
            test.1.push(labelled(label));
            test.2.push(features.row(0));
            test.3.push(Arc::new(kept));
        }
    }
    for head in [HeadKind::Linear, HeadKind::Mlp, HeadKind::Prototype, HeadKind::Knn] {
        train(&mut learner, Recipe { head, ..Recipe::default() });
        let (ids, metas, x, contents) = test.clone();
        let given = Given { ids, metas, x, contents };
        let AnyReport::Names(report) = learner.evaluate_on(given).unwrap() else { panic!("a report on classes") };
        assert!(report.accuracy.value >= 0.9, "{head:?}: {:?}", report.accuracy);
    }
}
