//! Exported models, from real trainings: opened again here, by onnxruntime and by PyTorch, they say what the learner says. `npm test`
//! makes the Python that this takes (`scripts/python.mjs`).

mod fixtures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use fixtures::*;
use half::f16;
use headstart::Error;
use headstart::backbone::tail::Tail;
use headstart::backbone::{Backbone, Manifest, Rows};
use headstart::device::Computer;
use headstart::encode::{image, text};
use headstart::export::{Form, Input, LEAST, Parts, Predictor, Vector, onnx, safetensors};
use headstart::features::Matrix;
use headstart::judge::{Prediction, TuningStage};
use headstart::learn::tune::{Inputs, TuneRecipe, Tuner};
use headstart::learn::{HeadKind, Recipe, Step};
use headstart::learner::Learner;
use headstart::source::{Content, Label, Meta};

/// Scores may be off by this much; features of pictures go up to 6.
const SCORES: f64 = 1e-4;
const FEATURES: f64 = 1e-3;
/// Numbers that are 19,000 apart, in an f32: the same part of them.
const NUMBERS: f64 = 1.0;

/// Of a sample, with what the network reads.
struct Given {
    name: String,
    label: Label,
    content: Content,
    input: Input,
}

/// A pack, samples, and what was tuned of the backbone.
struct Case {
    manifest: Manifest,
    weights: Vec<u8>,
    tokenizer: Option<Vec<u8>>,
    tuned: Option<Vec<u8>>,
    samples: Vec<Given>,
    learner: Learner,
    rows: Vec<Vec<f32>>,
}

impl Case {
    fn new(pack: &str, samples: Vec<Given>, recipe: Option<TuneRecipe>) -> Self {
        let (manifest, weights) = pack_files(pack);
        let tokenizer = manifest.text().ok().map(|prep| pack_file(pack, &prep.tokenizer));
        let tuned = recipe.map(|recipe| tuned(&manifest, &weights, &samples, recipe));
        let backbone = Backbone::load_tuned(manifest.clone(), &weights, tuned.as_deref(), &Computer::cpu()).unwrap();
        let rows: Vec<Vec<f32>> = samples.iter().map(|sample| row(&backbone, &sample.input)).collect();
        let mut case =
            Self { learner: Learner::new(manifest.dim, 0), manifest, weights, tokenizer, tuned, samples, rows };
        case.label(|given| given.label.clone());
        case
    }

    /// Gives the samples these labels.
    fn label(&mut self, of: impl Fn(&Given) -> Label) {
        self.learner = Learner::new(self.manifest.dim, 0);
        for (given, row) in self.samples.iter().zip(&self.rows) {
            let meta = Meta { label: Some(of(given)), ..Meta::default() };
            self.learner.add(&given.name, meta, Some((row, given.content.clone())), 0).unwrap();
        }
    }

    fn train(&mut self, head: HeadKind) {
        let mut training = self.learner.train(Recipe { head, k: 3, ..Recipe::default() }).unwrap();
        loop {
            if let Step::Done(fitted) = training.step() {
                self.learner.finish(training, *fitted);
                return;
            }
        }
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            model: self.learner.model().unwrap(),
            manifest: &self.manifest,
            weights: &self.weights,
            tokenizer: self.tokenizer.as_deref(),
            tuned: self.tuned.as_deref(),
            windows: false,
        }
    }

    fn vectors(&self) -> Vec<Vector> {
        let vector = |(given, row): (&Given, &Vec<f32>)| Vector {
            name: given.name.clone(),
            input: given.input.clone(),
            features: row.clone(),
        };
        self.samples.iter().zip(&self.rows).map(vector).collect()
    }

    fn safetensors(&self, form: Form) -> Vec<u8> {
        safetensors(&self.parts(), self.vectors(), form).unwrap()
    }
}

fn row(backbone: &Backbone, input: &Input) -> Vec<f32> {
    let rows = match input {
        Input::Pixels(pixels) => backbone.forward_pixels(pixels, 1, &mut |_, _| {}).unwrap(),
        Input::Text { ids, .. } => backbone.forward_ids(std::slice::from_ref(ids), &mut |_, _| {}).unwrap(),
    };
    match rows {
        Rows::Host(row) => row,
        #[cfg(feature = "webgpu")]
        Rows::Gpu(_) => unreachable!("it was loaded for the CPU"),
    }
}

/// The last stages, trained on all samples for a little: the file that an export takes.
fn tuned(manifest: &Manifest, weights: &[u8], samples: &[Given], recipe: TuneRecipe) -> Vec<u8> {
    let stages = recipe.stages;
    let frozen = Backbone::load(manifest.clone(), weights, &Computer::cpu()).unwrap();
    let mut learner = Learner::new(manifest.dim, 0);
    for given in samples {
        let meta = Meta { label: Some(given.label.clone()), ..Meta::default() };
        learner.add(&given.name, meta, Some((&row(&frozen, &given.input), given.content.clone())), 0).unwrap();
    }
    let mut tuning = learner.tune(recipe, &[]).unwrap();
    while let TuningStage::Progress { .. } = tuning.step().unwrap() {}
    let of: BTreeMap<&str, &Given> = samples.iter().map(|given| (given.name.as_str(), given)).collect();
    let mut inputs = Inputs::default();
    for (i, content) in learner.contents_of(&tuning).iter().enumerate() {
        let (values, length) = match &of[content.as_str()].input {
            Input::Pixels(pixels) => (frozen.boundary_pixels(pixels, stages).unwrap(), 1),
            Input::Text { ids, .. } => (frozen.boundary_ids(ids, stages).unwrap(), ids.len()),
        };
        inputs.push(i, values.into_iter().map(f16::from_f32).collect(), length);
    }
    let (tail, parameters) = Tail::load(manifest, weights, stages).unwrap();
    let mut job = tuning.job(None);
    // There is one view of each.
    job.mirror = Some(false);
    let mut tuner = Tuner::new(Arc::new(tail), &parameters, Arc::new(inputs), job);
    tuner.run(|_| {});
    tuner.file()
}

/// As the backbone is, with its last stages trained, with low-rank updates of them.
fn ways() -> [Option<TuneRecipe>; 3] {
    let tuned = |lora| TuneRecipe { epochs: Some(8), rate: Some(0.02), lora, ..TuneRecipe::default() };
    [None, Some(tuned(None)), Some(tuned(Some(4)))]
}

const TEXTS: [(&str, &str); 20] = [
    ("card", "my card has not arrived yet"),
    ("card", "when will the new card be here"),
    ("card", "the card I ordered two weeks ago never came"),
    ("card", "is my debit card on its way"),
    ("card", "I am still waiting for the card to be delivered"),
    ("card", "how long does a card take to arrive by post"),
    ("card", "can you track the card you sent me?"),
    ("rate", "what is the exchange rate for euros today"),
    ("rate", "which rate do you use when I pay in dollars"),
    ("rate", "the exchange rate on my payment is wrong"),
    ("rate", "how do you work out foreign exchange rates"),
    ("rate", "why did I get such a bad rate abroad"),
    ("rate", "is the rate better at the weekend"),
    ("rate", "Ist der Wechselkurs für Złoty heute günstiger?"),
    ("pin", "I forgot my pin"),
    ("pin", "the machine says that my pin is blocked"),
    ("pin", "how can I change the pin of my card"),
    ("pin", "unblock my pin please"),
    ("pin", "where do I find my pin number, and why would anybody ask me for it over the telephone"),
    ("pin", "I entered the wrong PIN three times"),
];

const TEXT_PACK: &str = "all-minilm-l6-v2";
const PICTURE_PACK: &str = "efficientnet-lite0";

fn texts() -> Vec<Given> {
    let (manifest, _) = pack_files(TEXT_PACK);
    let prep = manifest.text().unwrap();
    let encoder = text::Encoder::new(&pack_file(TEXT_PACK, &prep.tokenizer), prep).unwrap();
    let given = |(i, (label, text)): (usize, &(&str, &str))| Given {
        name: format!("text {i:02}"),
        label: (*label).into(),
        content: Content::Text((*text).into()),
        input: Input::Text { text: (*text).into(), ids: encoder.encode(text).unwrap().ids },
    };
    TEXTS.iter().enumerate().map(given).collect()
}

/// Photographs of three garments, eight of each.
fn pictures() -> Option<Vec<Given>> {
    let root = shared("data/clothing10/train")?;
    let (manifest, _) = pack_files(PICTURE_PACK);
    let mut out = Vec::new();
    for label in ["hat", "pants", "shoes"] {
        for path in first(&root.join(label), 8) {
            let encoded = image::encode(&std::fs::read(&path).unwrap(), manifest.image().unwrap()).unwrap();
            out.push(Given {
                name: format!("{label} {}", path.file_name().unwrap().to_string_lossy()),
                label: label.into(),
                content: Content::Picture(encoded.picture),
                input: Input::Pixels(encoded.pixels),
            });
        }
    }
    Some(out)
}

fn first(folder: &Path, n: usize) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files.truncate(n);
    files
}

/// Texts, with a linear head on the frozen backbone.
fn plain_texts() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let mut case = Case::new(TEXT_PACK, texts(), None);
        case.train(HeadKind::Linear);
        case
    })
}

/// A folder for the files of one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("headstart-export-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[derive(Debug, serde::Deserialize)]
struct Checked {
    vectors: usize,
    features: f64,
    scores: f64,
    novelty: Option<f64>,
    alone: Option<f64>,
    printed: serde_json::Value,
    model: Option<serde_json::Value>,
}

/// What `tests/python/check.py` says of the files in a folder.
fn check(folder: &Path, arguments: &[&str]) -> Checked {
    let python = cache().join("python/bin/python");
    assert!(python.exists(), "{} is missing; run `npm test`, or `node scripts/python.mjs`", python.display());
    let here = std::env::current_dir().unwrap();
    let output = Command::new(python)
        .current_dir(folder)
        .arg(here.join("tests/python/check.py"))
        .arg(arguments[0])
        .arg(here.join("docs/exports.md"))
        .args(&arguments[1..])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
}

fn near(checked: &Checked, what: &str) {
    assert!(checked.vectors >= LEAST, "{what}: {checked:?}");
    assert!(checked.scores <= SCORES && checked.features <= FEATURES, "{what}: {checked:?}");
    for off in [checked.novelty, checked.alone].into_iter().flatten() {
        assert!(off <= SCORES, "{what}: {checked:?}");
    }
}

/// What was tuned has moved the samples further than is forgiven below, so that a file without it would be seen. The first case is frozen.
fn moved(case: &Case, frozen: &mut Option<Vec<Vec<f32>>>) {
    let frozen = frozen.get_or_insert_with(|| case.rows.clone());
    let off = case.rows.iter().zip(frozen).map(|(row, frozen)| largest_difference(row, frozen)).fold(0.0, f32::max);
    assert!(case.tuned.is_none() || f64::from(off) > 10.0 * FEATURES, "{off}");
}

fn by_onnxruntime(case: &Case, name: &str) -> Checked {
    let folder = folder(name);
    std::fs::write(folder.join("model.onnx"), onnx(&case.parts(), case.vectors()).unwrap()).unwrap();
    let checked = check(&folder, &["onnx"]);
    std::fs::remove_dir_all(folder).unwrap();
    near(&checked, name);
    assert!(checked.printed.as_f64().unwrap() <= SCORES, "{name}: {checked:?}");
    checked
}

/// The scores that the document's example prints, by class.
fn by_pytorch(case: &Case, name: &str, heading: &str, picture: Option<&Path>) -> BTreeMap<String, f64> {
    let folder = folder(name);
    std::fs::write(folder.join("model.safetensors"), case.safetensors(Form::Plain)).unwrap();
    if let Some(picture) = picture {
        std::fs::copy(picture, folder.join("picture.jpg")).unwrap();
    }
    let checked = check(&folder, &["torch", heading]);
    std::fs::remove_dir_all(folder).unwrap();
    near(&checked, name);
    serde_json::from_value(checked.printed).unwrap()
}

fn assert_same(printed: &BTreeMap<String, f64>, scores: &BTreeMap<String, f32>, within: f64) {
    assert_eq!(printed.keys().collect::<Vec<_>>(), scores.keys().collect::<Vec<_>>());
    for (class, score) in scores {
        assert!((printed[class] - f64::from(*score)).abs() <= within, "{class}: {printed:?} and {scores:?}");
    }
}

#[test]
fn texts_say_the_same_everywhere() {
    let mut frozen = None;
    for (way, recipe) in ways().into_iter().enumerate() {
        let mut case = Case::new(TEXT_PACK, texts(), recipe);
        moved(&case, &mut frozen);
        case.train(HeadKind::Linear);
        let checked = by_onnxruntime(&case, &format!("onnx texts {way}"));
        assert_eq!(checked.model.unwrap()["tuned"], way > 0);
        let printed = by_pytorch(&case, &format!("torch texts {way}"), "### In PyTorch: texts", None);
        let predictor = Predictor::open(&case.safetensors(Form::Plain)).unwrap();
        assert_same(&printed, &predictor.text("where is my card", None).unwrap().scores, SCORES);
    }
}

#[test]
fn pictures_say_the_same_everywhere() {
    let Some(samples) = pictures() else { return };
    let picture = &first(&shared("data/clothing10/test/hat").unwrap(), 1)[0];
    let (mut samples, mut frozen) = (Some(samples), None);
    for (way, recipe) in ways().into_iter().enumerate() {
        let mut case = Case::new(PICTURE_PACK, samples.take().or_else(pictures).unwrap(), recipe);
        moved(&case, &mut frozen);
        case.train(HeadKind::Linear);
        by_onnxruntime(&case, &format!("onnx pictures {way}"));
        let name = format!("torch pictures {way}");
        let printed = by_pytorch(&case, &name, "### In PyTorch: pictures", Some(picture));
        let predictor = Predictor::open(&case.safetensors(Form::Plain)).unwrap();
        let said = predictor.image(&std::fs::read(picture).unwrap(), None).unwrap();
        // Another decoder of JPEG files, a level apart here and there.
        assert_same(&printed, &said.scores, 0.02);
        let agreement = predictor.verify().unwrap();
        assert!(agreement.features < 1e-5 && agreement.scores < 1e-6, "{agreement:?}");
    }
}

#[test]
fn every_head_and_kind_of_label_says_the_same_in_onnx() {
    let mut case = Case::new(TEXT_PACK, texts(), None);
    let heads = [HeadKind::Linear, HeadKind::Mlp, HeadKind::Prototype, HeadKind::Knn];
    for head in heads {
        case.train(head);
        by_onnxruntime(&case, &format!("classes {head:?}"));
        opened_again(&case, &format!("classes {head:?}"));
    }
    let several = |given: &Given| {
        let Content::Text(text) = &given.content else { unreachable!("these are texts") };
        let asked = text.contains("how") || text.contains("wh") || text.contains('?');
        Label::several(given.label.names().iter().cloned().chain(asked.then(|| "question".to_owned())).collect())
    };
    // Milliseconds since 1970: more digits than an f32 has.
    let number = |given: &Given| Label::Number(1.7e12 + 1000.0 * given.name[5..].parse::<f64>().unwrap());
    for head in [HeadKind::Linear, HeadKind::Mlp, HeadKind::Knn] {
        case.label(several);
        case.train(head);
        by_onnxruntime(&case, &format!("labels {head:?}"));
        opened_again(&case, &format!("labels {head:?}"));
        case.label(number);
        case.train(head);
        let folder = folder("numbers");
        std::fs::write(folder.join("model.onnx"), onnx(&case.parts(), case.vectors()).unwrap()).unwrap();
        let checked = check(&folder, &["onnx"]);
        std::fs::remove_dir_all(folder).unwrap();
        assert!(checked.scores < NUMBERS && checked.alone.unwrap() < NUMBERS, "{head:?}: {checked:?}");
        opened_again(&case, &format!("numbers {head:?}"));
    }
}

/// The same predictions as the learner's, but for who is nearest.
fn opened_again(case: &Case, what: &str) {
    let said: Vec<_> =
        [Form::Plain, Form::Compact].map(|form| Predictor::open(&case.safetensors(form)).unwrap()).into();
    let mut x = Matrix::with_capacity(case.manifest.dim, case.rows.len());
    case.rows.iter().for_each(|row| x.push(row));
    let contents: Vec<_> = case.samples.iter().map(|given| Arc::new(given.content.clone())).collect();
    for reject in [None, Some(0.1)] {
        let expected = case.learner.predict(&x, &contents, reject).unwrap();
        for (given, expected) in case.samples.iter().zip(expected) {
            let Input::Text { text, .. } = &given.input else { unreachable!("these are texts") };
            for predictor in &said {
                same(&predictor.text(text, reject).unwrap(), &expected, &format!("{what}: {text}"));
            }
        }
    }
    for predictor in said {
        let agreement = predictor.verify().unwrap();
        assert!(agreement.features < 1e-6 && agreement.scores < rounding(&case.learner), "{what}: {agreement:?}");
        assert_eq!(predictor.vectors(), TEXTS.len(), "{what}");
        assert_eq!(predictor.verify_one(TEXTS.len()).unwrap_err().code(), "bad-option");
    }
}

/// What the order of an f32's sums may do: of numbers that are thousands apart more.
fn rounding(learner: &Learner) -> f64 {
    if learner.model().unwrap().origin == 0.0 { 1e-6 } else { NUMBERS }
}

/// But for who is nearest, and rounding: one row is not summed as twenty are.
fn same(found: &Prediction, expected: &Prediction, what: &str) {
    match (&found.label, &expected.label) {
        (Some(Label::Number(found)), Some(Label::Number(expected))) => {
            assert!((found - expected).abs() < NUMBERS, "{what}: {found}, not {expected}");
        }
        (found, expected) => assert_eq!(found, expected, "{what}"),
    }
    assert_eq!((found.rejected, found.interval.is_some()), (expected.rejected, expected.interval.is_some()), "{what}");
    assert!(found.scores.keys().eq(expected.scores.keys()), "{what}: {found:?}");
    let pairs = found.scores.values().zip(expected.scores.values());
    for (a, b) in pairs.chain([(&found.confidence, &expected.confidence), (&found.novelty, &expected.novelty)]) {
        assert!((a - b).abs() < 1e-6, "{what}: {found:?}, not {expected:?}");
    }
    assert!(found.nearest.is_empty(), "{what}: an export has no samples");
}

#[test]
fn what_is_known_is_refused_no_more_often_than_asked() {
    let predictor = Predictor::open(&plain_texts().safetensors(Form::Compact)).unwrap();
    let refused = |text: &str| predictor.text(text, Some(0.1)).unwrap().rejected;
    assert!(refused("the cat sat on a warm windowsill in the rain"));
    assert!(!refused("my card has not arrived"));
    let card = predictor.card();
    assert!(card.reject["0.05"].unwrap() >= card.reject["0.1"].unwrap());
    assert_eq!(card.reject["0.01"], None, "20 samples cannot promise that");
    assert_eq!(predictor.text("x", Some(1.5)).unwrap_err().item(), Some("reject"));
    assert_eq!(predictor.image(&[1, 2, 3], None).unwrap_err().item(), Some("data"));
}

/// Long texts are taken as the learner took them.
#[test]
fn long_texts_are_cut_or_taken_in_windows() {
    let case = plain_texts();
    let long = format!("{} {}", "my card has not arrived yet. ".repeat(60), "I forgot my pin. ".repeat(60));
    let said = [false, true].map(|windows| {
        let parts = Parts { windows, ..case.parts() };
        let file = safetensors(&parts, case.vectors(), Form::Compact).unwrap();
        Predictor::open(&file).unwrap().text(&long, None).unwrap().scores
    });
    assert!(said[0]["pin"] < 0.5 && said[1]["pin"] > said[0]["pin"] + 0.05, "{said:?}");
}

#[test]
fn the_same_model_is_the_same_file() {
    let case = plain_texts();
    assert!(case.safetensors(Form::Compact) == case.safetensors(Form::Compact));
    assert!(onnx(&case.parts(), case.vectors()).unwrap() == onnx(&case.parts(), case.vectors()).unwrap());
}

#[test]
fn files_that_are_no_whole_export_are_refused() {
    let case = plain_texts();
    let file = case.safetensors(Form::Compact);
    let code = |bytes: &[u8]| Predictor::open(bytes).err().map(|error| error.code());
    assert_eq!(code(&file), None);
    assert_eq!(code(&[]), Some("bad-export"));
    assert_eq!(code(&file[..file.len() / 2]), Some("bad-export"));
    assert_eq!(code(&case.weights), Some("bad-export"), "a pack's weights");
    let mut changed = file.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    assert_eq!(code(&changed), Some("bad-export"), "one bit of a weight");
    let newer = replaced(&file, "\"version\":\"1\"", "\"version\":\"2\"");
    let error = Predictor::open(&newer).err().unwrap();
    assert_eq!(error, Error::ExportTooNew { version: "2".into() });
    assert_eq!(error.code(), "export-too-new");
    let foreign = replaced(&file, "headstart-export", "headstart-exports"[1..].as_ref());
    assert_eq!(code(&foreign), Some("bad-export"));
}

fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = file.windows(from.len()).position(|w| w == from.as_bytes()).expect("it is in the header");
    let mut out = file.to_vec();
    out[at..][..to.len()].copy_from_slice(to.as_bytes());
    out
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let mut case = Case::new(TEXT_PACK, texts(), None);
    assert_eq!(case.learner.model().err().unwrap().code(), "not-trained");
    case.train(HeadKind::Linear);
    let few = case.vectors()[..LEAST - 1].to_vec();
    let error = safetensors(&case.parts(), few, Form::Plain).unwrap_err();
    assert_eq!((error.code(), error.item()), ("bad-option", Some("vectors")));
    let mut other = case.vectors();
    other[3].input = Input::Pixels(vec![0; 224 * 224 * 3]);
    assert_eq!(onnx(&case.parts(), other).unwrap_err().item(), Some("vectors"));
    let lite0 = pack_files(PICTURE_PACK).1;
    let parts = Parts { tuned: Some(&lite0), ..case.parts() };
    assert_eq!(onnx(&parts, case.vectors()).unwrap_err().code(), "bad-pack", "tensors of another network");
    case.train(HeadKind::Scratch);
    for error in [safetensors(&case.parts(), case.vectors(), Form::Plain), onnx(&case.parts(), case.vectors())] {
        let error = error.unwrap_err();
        assert_eq!((error.code(), error.item()), ("bad-option", Some("head")));
        assert!(error.to_string().contains("linear, mlp, prototype or knn"), "{error}");
    }
}
