//! Learners that are put away and taken up again: natively, every head, every kind of label; and files that are broken.

use std::collections::BTreeMap;
use std::sync::Arc;

mod fixtures;

use fixtures::bytes;
use headstart::export::{Moved, Project, Source, bad_project, head_of};
use headstart::features::Matrix;
use headstart::judge::{AdaptationStage, AnyReport, Decision, Evaluation, Stage, Tuning, TuningStage};
use headstart::learn::tune::{TuneRecipe, Tuned};
use headstart::learn::{ClassWeight, HeadKind, Recipe, Step};
use headstart::learner::{Given, Learner, Prediction};
use headstart::source::{Content, Label, Look, Meta, Picture, SMALL, content_id};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use safetensors::SafeTensors;
use serde_json::json;

const DIM: usize = 24;

fn row(rng: &mut ChaCha8Rng, class: usize) -> Vec<f32> {
    (0..DIM).map(|d| rng.random::<f32>() - 0.5 + if d == class { 0.5 } else { 0.0 }).collect()
}

fn text(i: usize) -> Content {
    Content::Text(format!("text {i}, said in «{}» words", ["", "ä", "日本"][i % 3]))
}

fn picture(i: usize) -> Content {
    let small = (0..SMALL * SMALL * 3).map(|p| (p * (i % 3 + 1) + i) as u8).collect();
    let look = Look { width: 640 + i as u32, height: 480, brightness: 0.1 + i as f32 / 97.0, sharpness: 0.3 };
    Content::Picture(Picture { small, look })
}

/// Forty samples, some without a label, with groups, slices, names, and ids of their own.
fn learner(content: fn(usize) -> Content, label: impl Fn(usize) -> Label) -> Learner {
    let mut learner = Learner::new(DIM, 3);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for i in 0..40 {
        let meta = Meta {
            id: (i % 4 == 0).then(|| format!("own \"id\" {i}")),
            name: (i % 5 == 0).then(|| format!("folder/ü{i}.png")),
            label: (i < 36).then(|| label(i)),
            group: (i % 6 == 0).then(|| format!("group {}", i % 12)),
            slice: if i % 3 == 0 { BTreeMap::from([("light".into(), "day".into())]) } else { BTreeMap::new() },
        };
        let row = row(&mut rng, i % 3);
        learner.add(&content_id(&[i as u8]), meta, Some((&row, content(i))), 0).unwrap();
    }
    learner
}

fn class(i: usize) -> Label {
    ["a", "b", "c"][i % 3].into()
}

fn several(i: usize) -> Label {
    Label::several(
        [("low", i % 3 == 0), ("high", i % 3 == 1), ("any", i % 2 == 0)]
            .into_iter()
            .filter(|n| n.1)
            .map(|n| n.0.to_owned())
            .collect(),
    )
}

/// With more digits than a fast reader of decimals gets right.
fn number(i: usize) -> Label {
    Label::Number((i % 3) as f64 + 0.1 * (i as f64).sin())
}

fn train(learner: &mut Learner, recipe: Recipe) {
    let mut training = learner.train(recipe).unwrap();
    loop {
        if let Step::Done(fitted) = training.step() {
            learner.finish(training, *fitted);
            return;
        }
    }
}

fn report(mut evaluation: Evaluation) -> AnyReport {
    loop {
        if let Stage::Done(report) = evaluation.step().unwrap() {
            return report;
        }
    }
}

/// What the model says of rows it has not seen, with and without refusing.
fn said(learner: &Learner, content: fn(usize) -> Content) -> Vec<Vec<Prediction>> {
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    let x = Matrix::new(DIM, (0..12).flat_map(|i| row(&mut rng, i % 4)).collect());
    let contents: Vec<Arc<Content>> = (0..12).map(|i| Arc::new(content(100 + i))).collect();
    [None, Some(0.05), Some(0.3)].map(|reject| learner.predict(&x, &contents, reject).unwrap()).into()
}

fn sources() -> Vec<Source> {
    let source = |i: u8| Source { content: content_id(&[i]), bytes: 1, kind: "image/png".into() };
    (0..3).map(source).collect()
}

fn file(learner: &Learner, moved: Moved) -> Vec<u8> {
    let mut file = learner.project(json!({ "task": "text", "seed": 3, "long": "\"}" }), sources(), moved).unwrap();
    file.extend([0, 1, 2]);
    file
}

/// Through a file, and through samples and state apart.
fn restored(learner: &Learner, file: &[u8]) -> [Learner; 2] {
    let project = Project::read(file).unwrap();
    let mut whole = Learner::new(DIM, 3);
    whole.restore_project(&project).unwrap();
    let mut apart = Learner::new(DIM, 3);
    for (i, sample) in learner.samples().enumerate() {
        let (row, content) = (learner.row(&sample.content).unwrap(), learner.content(&sample.content).unwrap());
        apart.add(&sample.content, project.samples()[i].meta(), Some((row, (**content).clone())), i as u64).unwrap();
    }
    apart.restore_state(&learner.state().unwrap()).unwrap();
    for sample in learner.samples() {
        if let Some(row) = learner.tuned_row(&sample.content) {
            apart.insert_tuned(&sample.content, row);
        }
    }
    apart.forget_history();
    assert_eq!(project.state_file().unwrap(), learner.state().unwrap());
    [whole, apart]
}

fn check(learner: &mut Learner, content: fn(usize) -> Content, moved: Moved) {
    let file = file(learner, moved);
    for mut again in restored(learner, &file) {
        assert_eq!(again.samples().collect::<Vec<_>>(), learner.samples().collect::<Vec<_>>());
        for sample in learner.samples() {
            assert_eq!(again.row(&sample.content), learner.row(&sample.content));
            assert_eq!(again.tuned_row(&sample.content), learner.tuned_row(&sample.content));
            assert_eq!(again.content(&sample.content), learner.content(&sample.content));
        }
        assert_eq!((again.is_tuned(), again.is_renormed()), (learner.is_tuned(), learner.is_renormed()));
        // `==` of f32: bit for bit, as none of them is 0 or NaN.
        assert_eq!(said(&again, content), said(learner, content));
        // What learns without rows takes a minute for it, and learns from the samples alone.
        if learner.model().unwrap().recipe.head.has_features() {
            let report = |learner: &mut Learner| report(learner.evaluate(3, Some(1), None).unwrap());
            assert_eq!(report(&mut again), report(learner));
        }
        // The same file, byte for byte: nothing was lost on the way.
        assert_eq!(self::file(&again, moved), file);
        // Only what is done from now on can be taken back.
        assert!(!again.undo() && !again.redo());
        let first = again.samples().next().unwrap().id.clone();
        again.remove(&[first]).unwrap();
        assert!(again.undo() && !again.undo());
        assert_eq!(again.samples().collect::<Vec<_>>(), learner.samples().collect::<Vec<_>>());
    }
}

#[test]
fn every_head_says_the_same_again() {
    for content in [text, picture] as [fn(usize) -> Content; 2] {
        for head in [HeadKind::Linear, HeadKind::Mlp, HeadKind::Prototype, HeadKind::Knn, HeadKind::Scratch] {
            let mut learner = learner(content, class);
            let weights = ClassWeight::ByClass([("a".to_owned(), 1.1 / 0.7)].into());
            train(
                &mut learner,
                Recipe { head, k: 5, class_weight: weights, negative: Some("c".into()), seed: 5, ..Recipe::default() },
            );
            check(&mut learner, content, Moved::default());
        }
    }
}

#[test]
fn labels_of_each_kind_come_back() {
    for label in [several, number, |i| Label::Number(1.7e12 + i as f64 / 3.0)] as [fn(usize) -> Label; 3] {
        for head in [HeadKind::Linear, HeadKind::Mlp, HeadKind::Knn] {
            let mut learner = learner(text, label);
            train(&mut learner, Recipe { head, ..Recipe::default() });
            check(&mut learner, text, Moved::default());
        }
    }
}

#[test]
fn a_learner_without_a_model_and_one_without_samples_come_back() {
    let learner = learner(picture, class);
    assert!(learner.state().unwrap().is_empty());
    for again in restored(&learner, &file(&learner, Moved::default())) {
        assert_eq!(again.samples().collect::<Vec<_>>(), learner.samples().collect::<Vec<_>>());
        assert!(again.state().unwrap().is_empty());
    }
    let empty = Learner::new(DIM, 0).project(json!({}), Vec::new(), Moved::default()).unwrap();
    let mut again = learner;
    again.restore_project(&Project::read(&empty[..]).unwrap()).unwrap();
    assert_eq!(again.samples().count(), 0);
}

/// A sample that was trained on is named among the nearest after it was removed, in a restored learner too.
#[test]
fn what_was_removed_is_still_known_by_the_model() {
    for head in [HeadKind::Linear, HeadKind::Knn] {
        let mut learner = learner(picture, class);
        train(&mut learner, Recipe { head, ..Recipe::default() });
        let before = learner.state().unwrap();
        let nearest = said(&learner, picture)[0][0].nearest[0].clone();
        learner.remove(std::slice::from_ref(&nearest)).unwrap();
        assert_eq!(said(&learner, picture)[0][0].nearest[0], nearest);
        check(&mut learner, picture, Moved::default());
        // A state from before, and no row of it any more: the rest is as it was.
        let [mut later, _] = restored(&learner, &file(&learner, Moved::default()));
        let mut fresh = Learner::new(DIM, 3);
        later.restore_state(&[]).unwrap();
        fresh.restore_project(&Project::read(&file(&later, Moved::default())[..]).unwrap()).unwrap();
        fresh.restore_state(&before).unwrap();
        for (again, said) in said(&fresh, picture).concat().into_iter().zip(said(&learner, picture).concat()) {
            assert!(!again.nearest.contains(&nearest));
            assert_eq!(Prediction { nearest: said.nearest.clone(), ..again }, said);
        }
    }
}

/// Adapts to samples that lie elsewhere, with their labels; through a backbone that sees them as the source, where it is asked.
fn adapt(learner: &mut Learner, content: fn(usize) -> Content) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let target = 60;
    let moved = |rng: &mut ChaCha8Rng, i: usize| row(rng, (i + 1) % 3).iter().map(|v| v + 0.2).collect::<Vec<_>>();
    let given = Given {
        ids: (0..target).map(|i| format!("target {i}")).collect(),
        metas: (0..target).map(|i| Meta { label: Some(class(i)), ..Meta::default() }).collect(),
        x: Matrix::new(DIM, (0..target).flat_map(|i| moved(&mut rng, i)).collect()),
        contents: (0..target).map(|i| Arc::new(content(200 + i))).collect(),
    };
    let before = said(learner, content);
    let mut adapting = learner.adapt(given).unwrap();
    let adapted = loop {
        match adapting.step().unwrap() {
            AdaptationStage::Progress(_) => {}
            AdaptationStage::Renorm => {
                let seen = (0..target).flat_map(|i| row(&mut rng, i % 3)).collect();
                adapting.renormed(&(0..target).collect::<Vec<_>>(), &Matrix::new(DIM, seen));
            }
            AdaptationStage::Done(adapted) => break adapted,
        }
    };
    let report = learner.finish_adaptation(adapting, *adapted);
    assert!(report.kept, "{}", report.sentence);
    assert!(learner.is_renormed() || said(learner, content) != before);
}

#[test]
fn an_adapted_model_says_the_same_again() {
    let mut learner = learner(text, class);
    train(&mut learner, Recipe::default());
    adapt(&mut learner, text);
    check(&mut learner, text, Moved::default());
}

#[test]
fn a_model_by_batch_norms_estimated_anew_brings_their_backbone() {
    let mut learner = learner(picture, class);
    train(&mut learner, Recipe::default());
    adapt(&mut learner, picture);
    assert!(learner.is_renormed());
    let tensors = tensors();
    let moved = Moved { target: Some(&tensors), tuned: None };
    check(&mut learner, picture, moved);
    let project = file(&learner, moved);
    assert_eq!(Project::read(&project[..]).unwrap().target().unwrap().unwrap(), tensors);
    let error = learner.project(json!({}), Vec::new(), Moved::default()).unwrap_err();
    assert_eq!((error.code(), error.item()), ("bad-option", Some("target")));
    let without =
        rewritten(&rewritten(&project, "target/last.weight", "tar/last.weight"), "target/last.bias", "tar/last.bias");
    assert_eq!(blamed(&without).unwrap_err(), "target/");
}

/// Stages that tell the classes apart, as far as `clear` says.
fn made_up(tuning: &Tuning, clear: f32) -> Tuned {
    let mut features = Matrix::with_capacity(DIM, tuning.data().rows());
    let mut rng = ChaCha8Rng::seed_from_u64(17);
    for &class in &tuning.data().y {
        let mut row = row(&mut rng, class);
        row[class] += clear;
        features.push(&row);
    }
    Tuned { features, mirror: false, gave_up: false, epochs: 8 }
}

fn tuned() -> (Learner, Vec<u8>) {
    let mut learner = learner(text, class);
    let mut tuning = learner.tune(TuneRecipe::default(), &[]).unwrap();
    while let TuningStage::Progress { .. } = tuning.step().unwrap() {}
    let contents = learner.contents_of(&tuning);
    for fold in 0..tuning.trainings() {
        let tuned = made_up(&tuning, 1.0);
        tuning.take(fold, tuned);
    }
    let decision: Decision = loop {
        if let Some(decision) = tuning.decide().unwrap() {
            break decision;
        }
    };
    let whole = made_up(&tuning, 1.5);
    assert!(learner.finish_tuning(tuning, Some(decision), &contents, Some(whole), "").unwrap().kept);
    // Those without a label, as the face would.
    let untuned = learner.untuned();
    assert_eq!(untuned.len(), 4);
    untuned[..3].iter().for_each(|content| learner.insert_tuned(content, &[0.25; DIM]));
    (learner, tensors())
}

/// Of a backbone's last layer, as trainings write them.
fn tensors() -> Vec<u8> {
    let values: Vec<u8> = (0..12).flat_map(|i| (i as f32 / 7.0).to_le_bytes()).collect();
    let view = |shape: &[usize], values| {
        safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.to_vec(), values).unwrap()
    };
    let tensors = [("last.weight", view(&[2, 4], &values[..32])), ("last.bias", view(&[4], &values[32..]))];
    safetensors::serialize(tensors, None).unwrap()
}

fn tuned_by(tensors: &[u8]) -> Moved<'_> {
    Moved { tuned: Some(tensors), target: None }
}

#[test]
fn a_tuned_model_says_the_same_again() {
    let (mut learner, tensors) = tuned();
    let project = file(&learner, tuned_by(&tensors));
    assert_eq!(Project::read(&project[..]).unwrap().tuned().unwrap().unwrap(), tensors);
    assert!(restored(&learner, &project).iter().all(|again| again.untuned().len() == 1));
    let last = learner.untuned();
    learner.insert_tuned(&last[0], &[0.25; DIM]);
    check(&mut learner, text, tuned_by(&tensors));
    // One that it was tuned on is gone; its tuned row can be made no more.
    let gone = said(&learner, text)[0][0].nearest[0].clone();
    learner.remove(&[gone]).unwrap();
    check(&mut learner, text, tuned_by(&tensors));
    let error = learner.project(json!({}), Vec::new(), Moved::default()).unwrap_err();
    assert_eq!((error.code(), error.item()), ("bad-option", Some("tuned")));
}

#[test]
fn any_reader_of_safetensors_finds_what_is_documented() {
    let mut learner = learner(picture, class);
    train(&mut learner, Recipe::default());
    let file = file(&learner, Moved::default());
    let tensors = SafeTensors::deserialize(&file).unwrap();
    let (_, header) = SafeTensors::read_metadata(&file).unwrap();
    let metadata = header.metadata().clone().unwrap();
    assert_eq!((&metadata["format"][..], &metadata["version"][..]), ("headstart-project", "1"));
    let project: serde_json::Value = serde_json::from_str(&metadata["project"]).unwrap();
    assert_eq!(project["settings"]["seed"], 3);
    let samples = project["samples"].as_array().unwrap();
    let rows = fixtures::floats(&file, "rows");
    for (i, sample) in learner.samples().enumerate() {
        assert_eq!(
            (samples[i]["id"].as_str(), samples[i]["content"].as_str()),
            (Some(&*sample.id), Some(&*sample.content))
        );
        assert_eq!(Some(&rows[i * DIM..][..DIM]), learner.row(&sample.content));
    }
    assert_eq!(tensors.tensor("small").unwrap().shape(), [40, 32, 32, 3]);
    assert_eq!(tensors.tensor("model/head.weight").unwrap().shape(), [3, DIM]);
    assert_eq!(project["model"]["classes"], json!(["a", "b", "c"]));
    // Raw samples are the end of the file, in the order that was asked for.
    let read = Project::read(&file[..]).unwrap();
    let places: Vec<usize> = read.sources().unwrap().iter().map(|(_, offset)| *offset).collect();
    assert_eq!(places, [file.len() - 3, file.len() - 2, file.len() - 1]);
    assert_eq!(bytes(&file, &format!("source/{}", content_id(&[2]))), [2]);
    assert_eq!(read.source(&content_id(&[1])).unwrap(), [1]);
    // Without them the rest can be read, once it is known where they begin.
    let length = u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
    let head = head_of(&file[..8 + length], bad_project).unwrap();
    assert_eq!(head, file.len() - 3);
    let read = Project::read_head(&file[..head]).unwrap();
    assert_eq!((read.length(), read.source(&content_id(&[1])).unwrap_err().code()), (file.len(), "bad-project"));
}

/// `what` of the error that reading and taking up these bytes ends with.
fn blamed(file: &[u8]) -> Result<(), String> {
    let mut learner = Learner::new(DIM, 3);
    let outcome = Project::read(file).and_then(|project| learner.restore_project(&project));
    outcome.map_err(|error| {
        assert_eq!(error.code(), "bad-project", "{error}");
        error.item().unwrap().to_owned()
    })
}

#[test]
fn a_file_that_is_cut_or_changed_anywhere_is_refused() {
    let (learner, tensors) = tuned();
    let file = file(&learner, tuned_by(&tensors));
    let header = 8 + u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut places: Vec<usize> = (0..300).map(|_| rng.random_range(0..file.len())).collect();
    places.extend((0..600).map(|_| rng.random_range(0..header)));
    places.extend((0..40).chain(header - 4..header + 4).chain(file.len() - 5..file.len()));
    for &place in &places {
        assert!(blamed(&file[..place]).is_err(), "cut at {place}");
        let mut changed = file.clone();
        changed[place] ^= 1 << rng.random_range(0..8u32);
        // A raw sample is told by its name, which is its hash, when it is read.
        assert!(place >= file.len() - 3 || blamed(&changed).is_err(), "changed at {place} of {header}");
        changed[place] = rng.random();
        assert!(place >= file.len() - 3 || changed == file || blamed(&changed).is_err(), "changed at {place}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert_eq!(blamed(&longer).unwrap_err(), "length");
    blamed(&file).unwrap();
}

/// Without its hash, so that what is looked at is what it says: nothing in it makes the reader panic.
#[test]
fn a_file_that_says_something_else_is_refused_by_what_it_says() {
    let (learner, tensors) = tuned();
    let file = file(&learner, tuned_by(&tensors));
    for (from, to, what) in [
        ("headstart-project", "headstart-purposes", "format"),
        (r#""version":"1""#, r#""version":"0""#, "version"),
        (r#""version":"1""#, r#""version":"x""#, "version"),
        (r#""rows":{"#, r#""cows":{"#, "rows"),
        (r#""texts":{"#, r#""textz":{"#, "texts"),
        (r#""tuned.rows":{"#, r#""tuned.cows":{"#, "tuned.rows"),
        (r#""tuned/last.bias":{"#, r#""tuner/last.bias":{"#, ""),
        (r#""model/head.weight":{"#, r#""model/head.weighs":{"#, "model/head.weight"),
        (r#""model/head.bias":{"dtype":"F32","#, r#""model/head.bias":{"dtype":"I32","#, "model/head.bias"),
        (r#""model/novelty.means":{"#, r#""model/novelty.beans":{"#, "model/novelty.means"),
        (r#""model/residuals":{"#, r#""model/presiduals":{"#, "model/residuals"),
        (r#""model/guard.rows":{"#, r#""model/guard.cows":{"#, "model/guard.rows"),
        (r#"\"head\":\"linear\""#, r#"\"head\":\"mlp\""#, "model/head.first.weight"),
        (r#"\"head\":\"linear\""#, r#"\"head\":\"knn\""#, "model/head.rows"),
        (r#"\"head\":\"linear\""#, r#"\"head\":\"scratch\""#, "model/head.grams"),
        (r#"\"head\":\"linear\""#, r#"\"head\":\"guess\""#, "project"),
        (r#"\"k\":10"#, r#"\"k\":0"#, "model/recipe"),
        (r#"\"kind\":\"classes\""#, r#"\"kind\":\"numbers\""#, "model/classes"),
        (r#"\"classes\":[\"a\",\"b\",\"c\"]"#, r#"\"classes\":[\"a\",\"b\",\"b\"]"#, "model/classes"),
        (r#"\"classes\":[\"a\",\"b\",\"c\"]"#, r#"\"classes\":[\"a\",\"b\"]"#, "model/head.weight"),
        (r#"\"classes\":[\"a\",\"b\",\"c\"]"#, r#"\"classes\":[]"#, "model/classes"),
        (r#"\"folds\":["#, r#"\"folds\":[9,"#, "model/guard.folds"),
        (r#"\"settings\":"#, r#"\"sentings\":"#, "project"),
        (r#"\"bytes\":"#, r#"\"bytes\":1"#, "texts"),
        (r#"\"bytes\":"#, r#"\"bytes\":18446744073709551615,\"x\":"#, "project"),
        (r#"\"sources\":["#, r#"\"sources\":[{\"content\":\"x\",\"bytes\":1,\"type\":\"\"},"#, "source/x"),
        (r#"\"tuned\":true"#, r#"\"tuned\":false"#, "tuned.rows"),
    ] {
        match blamed(&rewritten(&file, from, to)) {
            Ok(()) => assert_eq!(what, "", "{from} → {to}"),
            Err(blamed) => assert_eq!(blamed, what, "{from} → {to}"),
        }
    }
    let newer = rewritten(&file, r#""version":"1""#, r#""version":"2""#);
    let error = Project::read(&newer[..]).err().unwrap();
    assert_eq!(error.code(), "project-too-new");
    assert!(error.to_string().contains("later version of Headstart"), "{error}");
    // Its bytes, anywhere in what JSON says, without a hash: read or refused, never a panic.
    let whole = rewritten(&file, "", "");
    let header = 8 + u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..1500 {
        let mut changed = whole.clone();
        changed[rng.random_range(8..header)] = b"0123456789{}[]\",:\\abtfn -.e"[rng.random_range(0..27usize)];
        let mut learner = Learner::new(DIM, 3);
        if let Ok(project) = Project::read(changed)
            && learner.restore_project(&project).is_ok()
            && learner.untuned().is_empty()
        {
            said(&learner, text);
        }
    }
}

/// The same file without a hash and with a header that says otherwise.
fn rewritten(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let end = 8 + u64::from_le_bytes(*file.first_chunk().unwrap()) as usize;
    let header = std::str::from_utf8(&file[8..end]).unwrap();
    assert!(header.contains(from), "{from}");
    let header = match header.split_once(r#","sha256":""#) {
        Some((before, rest)) => format!("{before}{}", rest.split_once('"').unwrap().1),
        None => header.to_owned(),
    };
    let header = header.replacen(from, to, 1);
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    out.extend(&file[end..]);
    out
}

#[test]
fn foreign_files_are_refused() {
    let other = safetensors::serialize(Vec::<(String, safetensors::tensor::TensorView)>::new(), None).unwrap();
    for (file, what) in [
        (&b""[..], "header"),
        (b"PK\x03\x04 a zip file, not a project at all", "header"),
        (b"\xff\xd8\xff\xe0\0\0\0\0 a picture", "header"),
        (b"\x10\0\0\0\0\0\0\0not JSON at all ", "header"),
        (b"\x10\0\0\0\0\0\0\0{}", "header"),
        (&other, "format"),
    ] {
        assert_eq!(blamed(file).unwrap_err(), what);
    }
    let mut learner = learner(text, class);
    train(&mut learner, Recipe::default());
    let state = learner.state().unwrap();
    assert_eq!(blamed(&state).unwrap_err(), "format");
    // One that is for another backbone leaves what there is.
    let mut other = Learner::new(DIM + 1, 0);
    assert_eq!(other.restore_state(&state).unwrap_err().item(), Some("model/novelty.means"));
    let project = file(&learner, Moved::default());
    assert_eq!(other.restore_project(&Project::read(&project[..]).unwrap()).unwrap_err().item(), Some("rows"));
    let before = said(&learner, text);
    for cut in (1..state.len()).step_by(97) {
        assert_eq!(learner.restore_state(&state[..cut]).unwrap_err().code(), "bad-project");
    }
    assert_eq!(said(&learner, text), before);
}
