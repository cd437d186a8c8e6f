//! The command `headstart`, on real pictures and texts and on files that are broken.
#![cfg(feature = "cli")]

mod fixtures;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_array::{Array, RecordBatch};
use fixtures::*;
use headstart::export::Project;
use headstart::source::content_id;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// What a run of the command came to.
struct Ran {
    status: i32,
    /// Of stdout.
    json: Value,
    stderr: String,
}

fn run(args: &[&str]) -> Ran {
    let out = Command::new(env!("CARGO_BIN_EXE_headstart")).args(args).arg("--json").output().unwrap();
    let stderr = String::from_utf8(out.stderr).unwrap();
    let json = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
    Ran { status: out.status.code().unwrap(), json, stderr }
}

/// The same, and it has to succeed.
fn done(args: &[&str]) -> Value {
    let ran = run(args);
    assert_eq!(ran.status, 0, "{args:?}: {}", ran.stderr);
    ran.json
}

/// The same, and it has to fail with this code.
fn fails(args: &[&str], code: &str) -> String {
    let ran = run(args);
    assert_eq!(ran.status, 1, "{args:?}: {} {}", ran.json, ran.stderr);
    assert_eq!(ran.json["error"]["code"], code, "{args:?}: {}", ran.json);
    ran.json["error"]["message"].as_str().unwrap().to_owned()
}

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The first so many of each class of a shared set, as a folder of its own.
fn pictures(set: &str, classes: &[&str], per_class: usize, to: &Path) -> Option<()> {
    let from = shared(&format!("data/{set}"))?;
    for class in classes {
        fs::create_dir_all(to.join(class)).unwrap();
        let mut files: Vec<_> = fs::read_dir(from.join(class)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files.into_iter().take(per_class) {
            fs::copy(&file, to.join(class).join(file.file_name().unwrap())).unwrap();
        }
    }
    Some(())
}

fn table(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

fn strings(batches: &[RecordBatch], column: &str) -> Vec<Option<String>> {
    let of = |batch: &RecordBatch| {
        let strings = batch.column_by_name(column).unwrap().as_string::<i32>().clone();
        strings.iter().map(|value| value.map(str::to_owned)).collect::<Vec<_>>()
    };
    batches.iter().flat_map(of).collect()
}

fn features(batches: &[RecordBatch]) -> Vec<f32> {
    let of = |batch: &RecordBatch| {
        let lists = batch.column_by_name("features").unwrap().as_fixed_size_list().clone();
        assert_eq!(lists.null_count(), 0);
        lists.values().as_primitive::<Float32Type>().values().to_vec()
    };
    batches.iter().flat_map(of).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn rows_of_a_folder_are_the_librarys_in_parts_or_whole_and_broken_pictures_are_named() {
    let at = folder("embed");
    let photos = at.join("photos");
    let Some(()) = pictures("clothing10/test", &["dress", "hat", "pants"], 7, &photos) else { return };
    let whole = fs::read(fs::read_dir(photos.join("hat")).unwrap().next().unwrap().unwrap().path()).unwrap();
    fs::write(photos.join("hat/broken.jpg"), &whole[..whole.len() / 2]).unwrap();
    fs::write(photos.join("hat/empty.png"), b"").unwrap();
    fs::write(photos.join("pants/notes.txt"), b"not a picture").unwrap();
    fs::write(photos.join("pants/.DS_Store"), b"hidden").unwrap();
    fs::write(photos.join("loose.jpg"), &whole).unwrap();

    let out = at.join("rows.parquet");
    let args = ["embed", text(&photos), "--out", text(&out), "--device", "cpu"];
    let said = done(&args);
    assert_eq!((&said["rows"], &said["dim"]), (&22.into(), &1280.into()), "{said}");
    let rejected: BTreeMap<&str, &str> = said["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["item"].as_str().unwrap(), r["code"].as_str().unwrap()))
        .collect();
    let want = [("hat/broken.jpg", "bad-image"), ("hat/empty.png", "empty"), ("pants/notes.txt", "unsupported-format")];
    assert_eq!(rejected, BTreeMap::from(want));
    let ran = run(&[&args[..], &["--strict"]].concat());
    assert_eq!(ran.status, 3);
    assert!(ran.stderr.contains("hat/broken.jpg") && ran.stderr.contains("bad-image"), "{}", ran.stderr);
    assert!(
        fs::read_dir(&at).unwrap().all(|e| !text(&e.unwrap().path()).ends_with(".part")),
        "nothing is left half written"
    );

    let rows = table(&out);
    let (paths, labels, ids) = (strings(&rows, "path"), strings(&rows, "label"), strings(&rows, "id"));
    assert_eq!(paths.len(), 22);
    assert!(paths.is_sorted() && paths.contains(&Some("loose.jpg".into())));
    let (backbone, computer) = backbone("efficientnet-lite0");
    let prep = backbone.manifest().image().unwrap().clone();
    let all = features(&rows);
    for (i, path) in paths.iter().enumerate() {
        let path = path.as_deref().unwrap();
        let bytes = fs::read(photos.join(path)).unwrap();
        assert_eq!(ids[i].as_deref(), Some(content_id(&bytes).as_str()));
        assert_eq!(labels[i].as_deref(), path.split_once('/').map(|(class, _)| class));
        let pixels = headstart::encode::image::encode(&bytes, &prep).unwrap().pixels;
        let want = pollster::block_on(headstart::features::extract(&backbone, &computer, &pixels, 1)).unwrap();
        assert_eq!(&all[i * 1280..][..1280], want.values(), "{path}");
    }

    // In parts, on any number of threads: bit for bit the same, one after another.
    let parts: Vec<RecordBatch> = (1..=4)
        .flat_map(|i| {
            let out = at.join(format!("part-{i}.parquet"));
            let threads = i.to_string();
            done(&[
                "embed",
                text(&photos),
                "--out",
                text(&out),
                "--shard",
                &format!("{i}/4"),
                "--threads",
                &threads,
                "--device",
                "cpu",
            ]);
            table(&out)
        })
        .collect();
    assert_eq!(strings(&parts, "path"), paths);
    assert_eq!(strings(&parts, "id"), ids);
    assert_eq!(features(&parts), all);

    // Arrow's own file has the same.
    let out = at.join("rows.arrow");
    done(&["embed", text(&photos), "--out", text(&out), "--device", "cpu"]);
    let reader = arrow_ipc::reader::FileReader::try_new(fs::File::open(&out).unwrap(), None).unwrap();
    let arrow: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    assert_eq!((strings(&arrow, "path"), features(&arrow)), (paths, all));
}

#[test]
fn a_project_is_trained_asked_and_judged() {
    let at = folder("train");
    let (photos, other) = (at.join("photos"), at.join("other"));
    let classes = ["dress", "hat", "pants", "shoes"];
    let Some(()) = pictures("clothing10/train", &classes, 10, &photos) else { return };
    pictures("clothing10/test", &classes, 5, &other).unwrap();
    let twin = fs::read_dir(photos.join("hat")).unwrap().next().unwrap().unwrap().path();
    fs::copy(&twin, photos.join("hat/zz-again.jpg")).unwrap();

    let project = at.join("clothes.headstart");
    let said = done(&["train", text(&photos), "--out", text(&project)]);
    assert_eq!(said["samples"], 40);
    assert_eq!(said["duplicates"], 1);
    assert_eq!(said["head"], "linear");
    assert!(said["estimate"]["value"].as_f64().unwrap() > 0.7, "{said}");

    // It holds the pictures as they were, and what the page wants to know.
    let file = fs::read(&project).unwrap();
    let read = Project::read(file.as_slice()).unwrap();
    assert_eq!(read.samples().len(), 40);
    assert_eq!(read.sources().unwrap().len(), 40);
    for sample in read.samples() {
        let was = fs::read(photos.join(sample.name.as_deref().unwrap())).unwrap();
        assert!(read.source(&sample.content).unwrap() == was, "{:?}", sample.name);
    }
    assert_eq!(read.settings()["backbone"]["id"], "efficientnet-lite0");
    assert_eq!(read.settings()["model"]["tuned"], false);

    let said = done(&["predict", text(&project), text(&other), "--out", text(&at.join("said.csv"))]);
    let predictions = said["predictions"].as_array().unwrap();
    let right = |p: &&Value| p["item"].as_str().unwrap().starts_with(&format!("{}/", p["label"].as_str().unwrap()));
    let hits = predictions.iter().filter(right).count();
    assert_eq!(predictions.len(), 20);
    assert!(hits >= 15, "{hits} of 20");
    for prediction in predictions {
        let sum: f64 = prediction["scores"].as_object().unwrap().values().map(|v| v.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-5);
        assert_eq!(prediction["nearest"].as_array().unwrap().len(), 5);
    }
    let csv = fs::read_to_string(at.join("said.csv")).unwrap();
    assert!(csv.starts_with("item,label,confidence,rejected,novelty,dress,hat,pants,shoes\n"), "{csv}");
    assert_eq!(csv.lines().count(), 21);

    let report = done(&["evaluate", text(&project), "--on", text(&other)]);
    assert!((report["accuracy"]["value"].as_f64().unwrap() - hits as f64 / 20.0).abs() < 1e-9, "{report}");
    // Where samples are asked for, a project gives those that it was made of.
    let held = at.join("held.headstart");
    done(&["train", text(&other), "--out", text(&held)]);
    assert_eq!(done(&["predict", text(&project), text(&held)])["predictions"], said["predictions"]);
    assert_eq!(done(&["evaluate", text(&project), "--on", text(&held)])["accuracy"], report["accuracy"]);
    let rows = at.join("held.parquet");
    assert_eq!(done(&["embed", text(&held), "--out", text(&rows)])["rows"], 20);
    assert!(strings(&table(&rows), "label").iter().all(Option::is_some));
    let report = done(&["evaluate", text(&project), "--folds", "4", "--repeats", "1"]);
    assert!(report["accuracy"]["value"].as_f64().unwrap() > 0.7, "{report}");
    assert_eq!(report["perClass"].as_array().unwrap().len(), 4);
    assert_eq!(report["bill"]["labels"], 40);

    // The same samples and seed: the same project but for when it was made.
    let again = at.join("again.headstart");
    done(&["train", text(&photos), "--out", text(&again), "--threads", "1"]);
    let anew = done(&["predict", text(&again), text(&other)]);
    assert_eq!(anew["predictions"], said["predictions"]);

    // Without its pictures it says the same, and cannot be tuned.
    let light = at.join("light.headstart");
    done(&["export", text(&project), "--out", text(&light), "--no-samples"]);
    assert!(fs::metadata(&light).unwrap().len() < fs::metadata(&project).unwrap().len() / 2);
    assert_eq!(done(&["predict", text(&light), text(&other)])["predictions"], said["predictions"]);
    let why = fails(&["tune", text(&light), "--out", text(&at.join("no.headstart"))], "bad-sample");
    // What was left out is told where that is why nothing came of it, too.
    let ran = run(&["evaluate", text(&project), "--on", text(&light)]);
    assert_eq!((ran.status, &ran.json["error"]["code"]), (1, &"too-few-labels".into()), "{}", ran.json);
    assert_eq!(ran.json["rejected"].as_array().unwrap().len(), 40, "{}", ran.json);
    assert!(ran.stderr.contains("the project is without its picture"), "{}", ran.stderr);
    assert!(why.contains("40 samples"), "{why}");

    // What is exported of it says the same without it.
    let alone = at.join("clothes.safetensors");
    let export = done(&["export", text(&project), "--out", text(&alone)]);
    assert!(export["verified"]["vectors"] == 16 && export["verified"]["scores"].as_f64().unwrap() < 1e-5, "{export}");
    let by_export = done(&["predict", text(&alone), text(&other)]);
    for (a, b) in by_export["predictions"].as_array().unwrap().iter().zip(predictions) {
        assert_eq!((&a["item"], &a["label"]), (&b["item"], &b["label"]));
        for (class, score) in a["scores"].as_object().unwrap() {
            assert!((score.as_f64().unwrap() - b["scores"][class].as_f64().unwrap()).abs() < 1e-5, "{a} {b}");
        }
    }
    let onnx = at.join("clothes.onnx");
    let export = done(&["export", text(&project), "--out", text(&onnx), "--samples"]);
    assert!(export["bytes"].as_u64().unwrap() > 10_000_000, "{export}");
    fails(&["export", text(&project), "--out", text(&at.join("clothes.pkl"))], "bad-option");

    // Strange ones are refused, where that is asked for.
    let digits = at.join("digits");
    pictures("digits8x8/test", &["0", "1"], 4, &digits).unwrap();
    let strange = done(&["predict", text(&project), text(&digits), "--reject", "0.05"]);
    let refused = strange["predictions"].as_array().unwrap().iter().filter(|p| p["rejected"] == true).count();
    assert!(refused >= 6, "{refused} of 8 scans of digits are refused");
}

#[test]
fn a_project_is_tuned_and_adapted() {
    let at = folder("tune");
    let (photos, test, drawings) = (at.join("photos"), at.join("test"), at.join("drawings"));
    let Some(()) = pictures("clothing10/train", &["shirt", "longsleeve", "t-shirt"], 8, &photos) else { return };
    pictures("clothing10/test", &["shirt", "longsleeve", "t-shirt"], 4, &test).unwrap();
    pictures("clothing10_sketch/train", &["shirt", "longsleeve", "t-shirt"], 8, &drawings).unwrap();
    fs::write(test.join("shirt/broken.jpg"), b"not a picture").unwrap();
    let whole = fs::read_dir(test.join("longsleeve")).unwrap().next().unwrap().unwrap().path();
    fs::copy(whole, test.join("loose.jpg")).unwrap();
    let (project, tuned) = (at.join("shirts.headstart"), at.join("tuned.headstart"));
    done(&["train", text(&photos), "--out", text(&project)]);
    let said = done(&[
        "tune",
        text(&project),
        "--out",
        text(&tuned),
        "--test",
        text(&test),
        "--stages",
        "1",
        "--epochs",
        "4",
        "--folds",
        "2",
    ]);
    assert!(said["guard"]["p"].as_f64().is_some() && said["reason"].as_str().unwrap().len() > 20, "{said}");
    for when in ["before", "after"] {
        assert!(said["test"][when]["accuracy"]["value"].as_f64().is_some(), "{said}");
    }
    let items: Vec<&str> = said["rejected"].as_array().unwrap().iter().map(|r| r["item"].as_str().unwrap()).collect();
    assert_eq!(items, ["loose.jpg", "shirt/broken.jpg"], "each once: {said}");
    // Kept or not, the project says on the test samples what the tuning ended with.
    let report = done(&["evaluate", text(&tuned), "--on", text(&test)]);
    assert_eq!(report["accuracy"], said["test"]["after"]["accuracy"]);
    let file = fs::read(&tuned).unwrap();
    let read = Project::read(file.as_slice()).unwrap();
    assert_eq!(read.tuned().unwrap().is_some(), said["kept"] == true);
    assert_eq!(read.settings()["model"]["tuned"], said["kept"]);

    let adapted = at.join("adapted.headstart");
    let report = done(&["adapt", text(&project), text(&drawings), "--out", text(&adapted), "--unlabelled"]);
    assert_eq!(report["target"], 24);
    assert!(report["shift"]["domainClassifier"]["value"].as_f64().unwrap() > 0.6, "{report}");
    assert!(
        report["tried"].as_array().unwrap().iter().all(|t| t["guard"].is_null()),
        "no label was looked at: {report}"
    );
    assert_eq!(report["kept"], false, "24 drawings say too little: {report}");
    // With labels there is a guard, so that more is tried. The project holds the backbone too where a moved one is kept.
    let report = done(&["adapt", text(&project), text(&drawings), "--out", text(&adapted)]);
    let renorm = |name: &Value| name.as_str().unwrap().starts_with("batch-norm re-estimation");
    assert!(report["tried"].as_array().unwrap().iter().any(|t| renorm(&t["method"])), "{report}");
    let file = fs::read(&adapted).unwrap();
    let method = if report["kept"] == true { report["method"].clone() } else { Value::Null };
    let read = Project::read(file.as_slice()).unwrap();
    assert_eq!(read.settings()["model"]["adapted"], method);
    assert_eq!(read.target().unwrap().is_some(), report["kept"] == true && renorm(&report["method"]));
    let said = done(&["predict", text(&adapted), text(&drawings)]);
    assert_eq!(said["predictions"].as_array().unwrap().len(), 24);
}

/// The guard keeps a tuning here: what the file says then is what the tuned backbone says.
/// A label by two words, of which neither alone says anything: a frozen backbone's head is at a loss, a tuned one learns it. And texts without
/// a label.
fn riddles() -> String {
    let mut lines = vec!["text,label".to_owned()];
    for thing in ["tea", "cup", "hat", "car"] {
        for animal in ["dog", "cat", "fox", "cow"] {
            for (colour, size, label) in
                [("red", "big", "even"), ("red", "small", "odd"), ("blue", "big", "odd"), ("blue", "small", "even")]
            {
                lines.push(format!("{thing} {colour} {animal} {size},{label}"));
            }
        }
    }
    for animal in ["ant", "bear", "cat", "dog", "eel", "fox"] {
        lines.extend(["sun", "moon", "star", "hill", "sea", "lake"].map(|what| format!("the {animal} saw my {what},")));
    }
    lines.join("\n")
}

#[test]
fn texts_are_learnt_from_tables_tuned_and_embedded_by_the_tuned_backbone() {
    let at = folder("texts");
    let Some(train) = shared("data/nusax_english/train.csv") else { return };
    let test = shared("data/nusax_english/test.csv").unwrap();
    let project = at.join("moods.headstart");
    let said = done(&["train", text(&train), "--out", text(&project), "--per-class", "12", "--seed", "3"]);
    assert_eq!(said["samples"], 36);
    let report = done(&["evaluate", text(&project), "--on", text(&test)]);
    let before = report["accuracy"]["value"].as_f64().unwrap();
    assert!(before > 0.5, "{before}");
    // It has no way to be without its texts, and does not say that it was.
    let light = at.join("light.headstart");
    let why = fails(&["export", text(&project), "--out", text(&light), "--no-samples"], "bad-option");
    assert!(why.contains("holds the texts") && !light.exists(), "{why}");

    let riddles = at.join("riddles.csv");
    fs::write(&riddles, self::riddles()).unwrap();
    let tuned = at.join("tuned.headstart");
    let tune = |from: &Path, to: &Path, options: &str| {
        let mut args = vec!["tune", text(from), "--out", text(to)];
        args.extend(options.split(' '));
        done(&args)
    };
    let said = tune(&riddles, &tuned, "--method cross-entropy --rate 0.01 --epochs 6");
    assert_eq!((&said["samples"], &said["kept"]), (&64.into(), &true.into()), "{said}");
    assert!(said["guard"]["frozen"]["value"].as_f64().unwrap() < 0.8, "{said}");
    let after = done(&["evaluate", text(&tuned), "--on", text(&riddles)]);
    assert!(after["accuracy"]["value"].as_f64().unwrap() > 0.9, "{after}");
    // One that is not kept leaves the one before, and what is known of it.
    let anew = at.join("anew.headstart");
    let said = tune(&tuned, &anew, "--method pretrain --rate 0.1 --stages 3 --epochs 60 --lora 16");
    assert_eq!((&said["samples"], &said["kept"]), (&100.into(), &false.into()), "{said}");
    let model = |path: &Path| Project::read(fs::read(path).unwrap()).unwrap().settings()["model"].clone();
    assert_eq!(model(&anew), model(&tuned));

    // By the backbone of a project: the tuned one's rows where it is tuned.
    let few = at.join("few.jsonl");
    fs::write(&few, "{\"text\": \"a good day\", \"label\": \"positive\"}\n{\"text\": \"it rained\"}\nbroken\n")
        .unwrap();
    let rows = |project: Option<&Path>, name: &str| {
        let out = at.join(name);
        let mut args = vec!["embed", text(&few), "--out", text(&out)];
        args.extend(project.iter().flat_map(|project| ["--project", text(project)]));
        let said = done(&args);
        assert_eq!((&said["rows"], &said["rejected"][0]["item"]), (&2.into(), &"few.jsonl line 3".into()), "{said}");
        let rows = table(&out);
        assert_eq!(strings(&rows, "text"), [Some("a good day".into()), Some("it rained".into())]);
        assert_eq!(strings(&rows, "label"), [Some("positive".into()), None]);
        features(&rows)
    };
    let (frozen, same) = (rows(None, "frozen.parquet"), rows(Some(&project), "same.parquet"));
    assert_eq!(frozen, same);
    let by_tuned = rows(Some(&tuned), "tuned.parquet");
    assert!(largest_difference(&frozen, &by_tuned) > 1e-3);
}

#[test]
fn a_shard_of_a_folder_of_texts_reads_its_own() {
    let at = folder("letters");
    let letters = at.join("letters");
    fs::create_dir_all(letters.join("mood")).unwrap();
    for (name, bytes) in
        [("a", &b"so be it"[..]), ("b", &b"never again"[..]), ("c", &b"it rained"[..]), ("d", &b"caf\xe9"[..])]
    {
        fs::write(letters.join("mood").join(format!("{name}.txt")), bytes).unwrap();
    }
    let shard = |i: &str| {
        let out = at.join(format!("part-{i}.parquet"));
        let shard = format!("{i}/2");
        let said = done(&["embed", text(&letters), "--task", "text", "--out", text(&out), "--shard", &shard]);
        (strings(&table(&out), "text"), said)
    };
    // What cannot be read counts, so that nobody has to look beyond his shard, and is told by the shard that has it.
    let (texts, said) = shard("1");
    assert_eq!(texts, [Some("so be it".into()), Some("never again".into())]);
    assert_eq!((&said["shard"]["of"], &said["rejected"]), (&4.into(), &Value::Array(Vec::new())));
    let (texts, said) = shard("2");
    assert_eq!(texts, [Some("it rained".into())]);
    let rejected = &said["rejected"][0];
    assert_eq!((&rejected["item"], &rejected["code"]), (&"mood/d.txt".into(), &"unsupported-encoding".into()));
}

#[test]
fn tables_of_picture_paths_and_of_numbers() {
    let at = folder("tables");
    let Some(()) = pictures("clothing10/train", &["hat", "shoes"], 6, &at.join("photos")) else { return };
    let mut csv = "path,price,patient\n".to_owned();
    let list = |class: &str| {
        let mut names: Vec<String> = fs::read_dir(at.join("photos").join(class))
            .unwrap()
            .map(|e| format!("photos/{class}/{}", e.unwrap().file_name().to_str().unwrap()))
            .collect();
        names.sort();
        names
    };
    for (i, name) in list("hat").iter().chain(&list("shoes")).enumerate() {
        let base = if name.contains("hat") { 10.0 } else { 80.0 };
        csv += &format!("{name},{},p{}\n", base + i as f64 * 0.5, i / 2);
    }
    csv += "photos/gone.jpg,5,p9\nphotos/odd.jpg,cheap,p9\n";
    let (table, project) = (at.join("prices.csv"), at.join("prices.headstart"));
    fs::write(&table, csv).unwrap();
    let said = done(&["train", text(&table), "--label", "price", "--group", "patient", "--out", text(&project)]);
    assert_eq!(said["samples"], 12);
    let mut left: Vec<(&str, &str)> = said["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["item"].as_str().unwrap(), r["code"].as_str().unwrap()))
        .collect();
    left.sort_unstable();
    assert_eq!(left, [("photos/gone.jpg", "unreadable"), ("prices.csv line 15", "bad-line")]);
    let said = done(&["predict", text(&project), text(&at.join("photos"))]);
    for prediction in said["predictions"].as_array().unwrap() {
        let hat = prediction["item"].as_str().unwrap().starts_with("hat");
        assert_eq!(prediction["label"].as_f64().unwrap() < 45.0, hat, "{prediction}");
    }
}

#[test]
fn a_column_of_files_is_of_pictures_where_most_of_it_are() {
    let at = folder("columns");
    let Some(()) = pictures("clothing10/train", &["hat"], 2, &at.join("photos")) else { return };
    let read = |name: &str, csv: &str| {
        let (path, out) = (at.join(name), at.join(name).with_extension("parquet"));
        fs::write(&path, csv).unwrap();
        let said = done(&["embed", text(&path), "--out", text(&out)]);
        (said, table(&out))
    };
    // A picture with an odd ending is named, and the others are no texts for it.
    fs::write(at.join("photos/odd.tiff"), b"not a picture").unwrap();
    let mut csv = "file,label\n".to_owned();
    for entry in fs::read_dir(at.join("photos/hat")).unwrap() {
        csv += &format!("photos/hat/{},hat\n", entry.unwrap().file_name().to_str().unwrap());
    }
    let (said, rows) = read("pictures.csv", &(csv + "photos/odd.tiff,hat\n"));
    assert_eq!((&said["rows"], &said["dim"]), (&2.into(), &1280.into()), "{said}");
    assert_eq!(said["rejected"][0]["item"], "photos/odd.tiff", "{said}");
    assert_eq!(strings(&rows, "path").len(), 2);

    // Where texts are from is no text.
    let (_, rows) = read("texts.csv", "file,text,label\nmails/1.txt,so be it,a\nmails/2.txt,never again,b\n");
    assert_eq!(strings(&rows, "text"), [Some("so be it".into()), Some("never again".into())]);
}

#[test]
fn what_is_wrong_has_a_code_and_a_status() {
    let at = folder("faults");
    let out = at.join("out.headstart");
    fails(&["train", "no/such/folder", "--out", text(&out)], "unreadable");
    fs::create_dir(at.join("nothing")).unwrap();
    let why = fails(&["train", text(&at.join("nothing")), "--out", text(&out)], "empty");
    assert!(why.contains("has no pictures"), "{why}");
    fails(&["train", text(&at.join("nothing")), "--label", "x", "--out", text(&out)], "bad-option");

    let table = at.join("texts.csv");
    fs::write(&table, "text,label\nyes indeed,a\nthat was bad,b\nso be it,a\nnever again,b\n").unwrap();
    let why = fails(&["train", text(&table), "--backbone", "resnet", "--out", text(&out)], "bad-option");
    assert!(why.contains("no pack `resnet`") && why.contains("packs"), "{why}");
    fails(&["train", text(&table), "--backbone", "efficientnet-lite0", "--out", text(&out)], "bad-option");
    fails(&["train", text(&table), "--label", "colour", "--out", text(&out)], "bad-option");
    fails(&["train", text(&table), "--label", "", "--out", text(&out)], "too-few-labels");
    fails(&["embed", text(&table), "--out", text(&at.join("rows.xlsx"))], "bad-option");
    fails(&["embed", text(&table), "--out", text(&at.join("no/such/rows.parquet"))], "unwritable");
    let latin = at.join("latin.csv");
    fs::write(&latin, b"text,label\ncaf\xe9,a\n\xe9t\xe9,b\n\xff\xfe\xfd,b\n").unwrap();
    let why = fails(&["embed", text(&latin), "--out", text(&at.join("latin.parquet"))], "unsupported-encoding");
    assert!(why.contains("Windows-1252"), "{why}");
    if !cfg!(feature = "webgpu") {
        let why = fails(&["embed", text(&table), "--out", text(&out), "--device", "webgpu"], "no-webgpu");
        assert!(why.contains("webgpu"), "{why}");
    }
    assert!(!out.exists());

    let project = at.join("texts.headstart");
    done(&["train", text(&table), "--out", text(&project)]);
    let bytes = fs::read(&project).unwrap();
    let broken = at.join("broken.headstart");
    let wrong = |bytes: &[u8], code: &str| {
        fs::write(&broken, bytes).unwrap();
        fails(&["predict", text(&broken), text(&table)], code)
    };
    wrong(&bytes[..bytes.len() - 100], "bad-project");
    wrong(b"", "bad-project");
    let with = |from: &str, to: &str| {
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    };
    wrong(&with(r#""version":"1""#, r#""version":"9""#), "project-too-new");
    fails(&["evaluate", text(&project), "--on", text(&at.join("nothing"))], "empty");
    let photo = at.join("nothing/a.png");
    fs::write(&photo, b"x").unwrap();
    fails(&["predict", text(&project), text(&photo)], "bad-option");

    // What would have no effect is refused, and nothing is written.
    let (again, onnx) = (at.join("again.headstart"), at.join("again.onnx"));
    for (option, args) in [
        ("per-class", vec!["train", text(&project), "--out", text(&again), "--per-class", "2"]),
        ("label", vec!["train", text(&project), "--out", text(&again), "--label", "label"]),
        ("long-text", vec!["train", text(&project), "--out", text(&again), "--long-text", "cut"]),
        ("group", vec!["evaluate", text(&project), "--group", "patient"]),
        ("task", vec!["tune", text(&project), "--out", text(&again), "--task", "text"]),
        ("long-text", vec!["predict", text(&project), text(&table), "--long-text", "windows"]),
        ("no-samples", vec!["export", text(&project), "--out", text(&onnx), "--no-samples"]),
        ("samples", vec!["export", text(&project), "--out", text(&again), "--samples"]),
        ("text", vec!["predict", text(&project), text(&project), "--text", "text"]),
    ] {
        let ran = run(&args);
        assert_eq!(
            (ran.status, &ran.json["error"]["item"]),
            (1, &option.into()),
            "{args:?}: {} {}",
            ran.json,
            ran.stderr
        );
    }
    assert!(!again.exists() && !onnx.exists());

    // Of the command line itself.
    for args in [
        &["train"][..],
        &["fly"],
        &["embed", text(&table), "--out", "x.parquet", "--shard", "3/2"],
        &["embed", "a", "--out", "x.parquet", "--threads", "0"],
        &["evaluate", text(&project), "--on", text(&table), "--folds", "3"],
    ] {
        assert_eq!(run(args).status, 2, "{args:?}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_headstart")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for word in ["embed", "train", "evaluate", "predict", "tune", "adapt", "export", "Exit status"] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    assert!(!help.contains("HTML"), "a page in one file is made in the browser\n{help}");
}
