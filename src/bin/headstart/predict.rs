//! `headstart predict`.

use std::collections::BTreeMap;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use clap::Args;
use headstart::export::Predictor;
use headstart::learner::Prediction;
use serde_json::{Value, json};

use crate::encoder::{broke, read_bytes, read_text};
use crate::failure::{Failure, read, written};
use crate::given::{Data, Given, Item, given};
use crate::lesson::Lesson;
use crate::machine::each;
use crate::options::{Chance, Device, Everywhere, Intake, Task};
use crate::output::{Done, Output, merged};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// A project that was trained, or what was exported of one as .safetensors
    model: PathBuf,
    /// Folders, tables, projects with their samples, single pictures
    #[arg(required = true)]
    samples: Vec<PathBuf>,
    /// Refuses what is too strange: the part of known samples that may be refused by mistake, as 0.05
    #[arg(long)]
    reject: Option<f64>,
    /// Writes a table too: .csv with a column a class, or .jsonl
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    reading: Intake,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    if let Some(out) = &options.out {
        table(out)?;
    }
    let asked = Asked { paths: &options.samples, reading: &options.reading, reject: options.reject };
    let Said { named, names } = if project::is_project(&options.model) {
        by_project(&options.model, asked, everywhere, output)?
    } else {
        by_export(&options.model, asked, everywhere, output)?
    };
    if let Some(out) = &options.out {
        write(out, &named)?;
    }
    let lines = named.iter().map(|(name, said)| {
        let label = said.label.as_ref().map_or_else(|| "(refused)".to_owned(), ToString::to_string);
        format!("{name}\t{label}\t{:.3}\n", said.confidence)
    });
    let text = lines.collect();
    let result = json!({ "predictions": objects(&named), "names": names });
    Ok(Done::new(result, text))
}

struct Asked<'a> {
    paths: &'a [PathBuf],
    reading: &'a Intake,
    reject: Option<f64>,
}

impl Asked<'_> {
    fn given(&self, task: Task, output: &Output) -> Result<Given, Failure> {
        let how = Intake { task: self.reading.task.or(Some(task)), ..self.reading.clone() };
        let mut all = Given { task, items: Vec::new(), rejected: Vec::new() };
        for path in self.paths {
            let found = given(path, &how)?;
            all.items.extend(found.items);
            output.left_out(found.rejected);
        }
        Ok(all)
    }
}

struct Said {
    /// By what the sample is called.
    named: Vec<(String, Prediction)>,
    /// Of the samples that are nearest, by id.
    names: BTreeMap<String, String>,
}

fn by_project(model: &Path, asked: Asked, everywhere: &Everywhere, output: &Output) -> Result<Said, Failure> {
    let lesson = Lesson::open(model, asked.reading, &Chance::default(), everywhere, output)?;
    let (items, elsewhere) = lesson.elsewhere(asked.given(lesson.task, output)?, output)?;
    let said = lesson.learner.predict(&elsewhere.x, &elsewhere.contents, asked.reject)?;
    let owned = |(id, name): (&str, &str)| (id.to_owned(), name.to_owned());
    let names = lesson.names().into_iter().map(owned).collect();
    Ok(Said { named: items.into_iter().map(|item| item.name).zip(said).collect(), names })
}

/// On the CPU, with what the file brings. An export knows nobody's samples: none are nearest.
fn by_export(model: &Path, asked: Asked, everywhere: &Everywhere, output: &Output) -> Result<Said, Failure> {
    asked.reading.long_text_of_model()?;
    if everywhere.backbone.is_some() {
        return Err(Failure::option("backbone", "an exported model has its own"));
    }
    if everywhere.device == Device::Webgpu {
        return Err(Failure::option("device", "an exported model runs on the CPU; its project runs on a GPU, too"));
    }
    let file = read(model)?;
    let open = || Predictor::open(&file).map_err(|e| Failure::from(e).of(model.display()));
    let task = if open()?.card().task == "text" { Task::Text } else { Task::Image };
    let Given { items, .. } = asked.given(task, output)?;
    output.progress.stage("predict", items.len());
    let said = each(everywhere.threads(), &items, open, |predictor, _, item| {
        output.progress.more(1);
        // As in Encoder::ready_one: what breaks a decoder is no reason to lose the others.
        let said =
            catch_unwind(AssertUnwindSafe(|| of_item(predictor.as_ref().map_err(Clone::clone)?, item, asked.reject)));
        said.unwrap_or_else(|_| {
            // The next one is not asked of what this one may have left half done.
            *predictor = open();
            Err(broke(item))
        })
    });
    let mut named = Vec::with_capacity(items.len());
    for (item, said) in items.into_iter().zip(said) {
        match said {
            Ok(said) => named.push((item.name, said)),
            // It is wrong for all of them.
            Err(failure) if failure.code == "bad-option" => return Err(failure),
            Err(failure) => output.left_out([failure.of(item.name)]),
        }
    }
    Ok(Said { named, names: BTreeMap::new() })
}

fn of_item(predictor: &Predictor, item: &Item, reject: Option<f64>) -> Result<Prediction, Failure> {
    Ok(match &item.data {
        Data::Picture(path) => predictor.image(&read_bytes(path)?, reject)?,
        Data::Within(file, range) => predictor.image(&file[range.clone()], reject)?,
        Data::Pixels(file, range) => {
            let pixels = file[range.clone()].as_chunks::<3>().0;
            let rgba: Vec<u8> = pixels.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect();
            let side = pixels.len().isqrt() as u32;
            predictor.rgba(&rgba, side, side, reject)?
        }
        Data::Text(text) => predictor.text(text, reject)?,
        Data::TextFile(path) => predictor.text(&read_text(path)?, reject)?,
    })
}

fn objects(named: &[(String, Prediction)]) -> Vec<Value> {
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

fn write(path: &Path, named: &[(String, Prediction)]) -> Result<(), Failure> {
    let failed = |e: &dyn std::fmt::Display| Failure::unwritable(path, e);
    let table = table(path)?;
    written(path, |file| {
        if matches!(table, Table::Jsonl) {
            return objects(named).iter().try_for_each(|object| writeln!(file, "{object}").map_err(|e| failed(&e)));
        }
        let mut csv = csv::Writer::from_writer(file);
        let classes: Vec<&str> =
            named.first().map(|(_, said)| said.scores.keys().map(String::as_str).collect()).unwrap_or_default();
        let fixed = ["item", "label", "confidence", "rejected", "novelty"];
        csv.write_record(fixed.iter().chain(&classes)).map_err(|e| failed(&e))?;
        for (name, said) in named {
            let label = said.label.as_ref().map(ToString::to_string).unwrap_or_default();
            let fixed =
                [name.clone(), label, said.confidence.to_string(), said.rejected.to_string(), said.novelty.to_string()];
            let scores = said.scores.values().map(f32::to_string);
            csv.write_record(fixed.into_iter().chain(scores)).map_err(|e| failed(&e))?;
        }
        csv.flush().map_err(|e| failed(&e))
    })
}
