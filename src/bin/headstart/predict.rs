//! `headstart predict`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use headstart::learner::Prediction;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::given::{Given, given};
use crate::lesson::Lesson;
use crate::options::{Chance, Everywhere, Reading_};
use crate::output::{Done, Output, merged};

#[derive(Args)]
pub struct Options {
    /// The project that was trained
    project: PathBuf,
    /// Folders, tables, single pictures
    #[arg(required = true)]
    samples: Vec<PathBuf>,
    /// Refuses what is too strange: the part of known samples that may be refused by mistake, as 0.05
    #[arg(long)]
    reject: Option<f64>,
    /// Writes a table too: .csv with a column a class, or .jsonl
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading_,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    if let Some(out) = &options.out {
        table(out)?;
    }
    let lesson = Lesson::open(&options.project, &options.reading, &Chance::default(), everywhere, output)?;
    let how = Reading_ { task: options.reading.task.or(Some(lesson.task)), ..options.reading };
    let mut all = Given { task: lesson.task, items: Vec::new(), rejected: Vec::new() };
    for path in &options.samples {
        let found = given(path, &how)?;
        all.items.extend(found.items);
        all.rejected.extend(found.rejected);
    }
    let (items, elsewhere, rejected) = lesson.elsewhere(all, output)?;
    let said = lesson.learner.predict(&elsewhere.x, &elsewhere.contents, options.reject)?;
    let named: Vec<(&str, Prediction)> = items.iter().map(|item| item.name.as_str()).zip(said).collect();
    if let Some(out) = &options.out {
        write(out, &named)?;
    }
    let lines = named.iter().map(|(name, said)| {
        let label = said.label.as_ref().map_or_else(|| "(refused)".to_owned(), ToString::to_string);
        format!("{name}\t{label}\t{:.3}\n", said.confidence)
    });
    let text = lines.collect();
    let result = json!({ "predictions": objects(&named), "names": lesson.names() });
    Ok(Done::new(result, text, rejected))
}

fn objects(named: &[(&str, Prediction)]) -> Vec<Value> {
    named.iter().map(|(name, said)| merged(said, json!({ "item": name }))).collect()
}

enum Table {
    Csv,
    Jsonl,
}

fn table(path: &Path) -> Result<Table, Failure> {
    match path.extension().unwrap_or_default().to_string_lossy().to_lowercase().as_str() {
        "csv" => Ok(Table::Csv),
        "jsonl" | "ndjson" => Ok(Table::Jsonl),
        _ => Err(Failure::option("out", "a name that ends in .csv or .jsonl")),
    }
}

fn write(path: &Path, named: &[(&str, Prediction)]) -> Result<(), Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::unwritable(path, e);
    let mut file = File::create(path).map_err(|e| failed(&e))?;
    match table(path)? {
        Table::Jsonl => {
            for object in objects(named) {
                writeln!(file, "{object}").map_err(|e| failed(&e))?;
            }
        }
        Table::Csv => {
            let mut csv = csv::Writer::from_writer(file);
            let classes: Vec<&str> =
                named.first().map(|(_, said)| said.scores.keys().map(String::as_str).collect()).unwrap_or_default();
            let fixed = ["item", "label", "confidence", "rejected", "novelty"];
            csv.write_record(fixed.iter().chain(&classes)).map_err(|e| failed(&e))?;
            for (name, said) in named {
                let label = said.label.as_ref().map(ToString::to_string).unwrap_or_default();
                let fixed = [
                    (*name).to_owned(),
                    label,
                    said.confidence.to_string(),
                    said.rejected.to_string(),
                    said.novelty.to_string(),
                ];
                csv.write_record(fixed.into_iter().chain(said.scores.values().map(f32::to_string))).map_err(|e| failed(&e))?;
            }
            csv.flush().map_err(|e| failed(&e))?;
        }
    }
    Ok(())
}
