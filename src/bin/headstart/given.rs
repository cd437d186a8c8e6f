//! Samples from a disk: a folder of pictures with a folder for each class, a table of texts or of picture paths, a project.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use headstart::source::{Label, Meta, table};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::failure::{Failure, read};
use crate::labels::{Reading, guess};
use crate::options::{Intake, Task};
use crate::project;

/// Names of a table's column of picture paths.
const PATHS: [&str; 8] = ["path", "file", "filename", "file_name", "image", "image_path", "picture", "photo"];
/// What a picture's name ends with.
const ENDINGS: [&str; 7] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "jfif"];

#[derive(Clone, Debug)]
pub struct Item {
    /// What it is called: the path below the folder that was given, the path as the table has it, or the table's name and line.
    pub name: String,
    pub meta: Meta,
    pub data: Data,
}

#[derive(Clone, Debug)]
pub enum Data {
    /// Read when it is its turn.
    Picture(PathBuf),
    /// In a project file.
    Within(Arc<Vec<u8>>, Range<usize>),
    /// The same of what came to a page as pixels, and is kept as the backbone reads it.
    Pixels(Arc<Vec<u8>>, Range<usize>),
    Text(String),
    /// Read when it is its turn: a shard reads its own.
    TextFile(PathBuf),
}

/// In an order that depends on nothing but the names.
#[derive(Clone, Debug)]
pub struct Given {
    pub task: Task,
    pub items: Vec<Item>,
    pub rejected: Vec<Failure>,
}

/// Errors: `unreadable`, `empty`, `unsupported-encoding`, `bad-option`; of a project `bad-project`, `project-too-new`.
pub fn given(path: &Path, how: &Intake) -> Result<Given, Failure> {
    let given = match std::fs::metadata(path).map_err(|e| Failure::unreadable(path, e))?.is_dir() {
        true => folder(path, how)?,
        false if project::is_project(path) => project::samples(path, how)?,
        false if is_picture(path) => single(path, how)?,
        false => rows(path, how)?,
    };
    if given.items.is_empty() && given.rejected.is_empty() {
        let why = match given.task {
            Task::Image => "has no pictures in it, nor in the folders below",
            Task::Text => "has no texts in it",
        };
        return Err(Failure::new("empty", format!("{} {why}", path.display())).of(path.display()));
    }
    Ok(given)
}

impl Given {
    /// So many of each class, drawn by the seed. Those without one class are all kept.
    pub fn draw(&mut self, per_class: usize, seed: u64) {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut counts = HashMap::<&str, usize>::new();
        let mut kept = vec![true; self.items.len()];
        for i in order {
            if let Some(Label::Class(class)) = &self.items[i].meta.label {
                let count = counts.entry(class).or_default();
                *count += 1;
                kept[i] = *count <= per_class;
            }
        }
        let mut kept = kept.into_iter();
        self.items.retain(|_| kept.next().expect("one an item"));
    }

    /// Those that something can be scored on. The others are rejected.
    pub fn labelled(mut self) -> Self {
        let unlabelled = self.items.extract_if(.., |item| item.meta.label.is_none());
        let why = "it has no label to be scored by";
        self.rejected.extend(unlabelled.map(|item| Failure::new("bad-sample", why).of(item.name)));
        self
    }
}

/// A class is the folder that a file lies in, wherever below the one given that is; files beside the classes have none.
fn folder(path: &Path, how: &Intake) -> Result<Given, Failure> {
    no_columns(how, "a folder")?;
    let task = how.task.unwrap_or(Task::Image);
    let mut given = Given { task, items: Vec::new(), rejected: Vec::new() };
    let mut files = Vec::new();
    list(path, String::new(), &mut files, &mut given.rejected)?;
    files.sort();
    let class = |name: &str| name.rsplit('/').nth(1).map(str::to_owned);
    let reading = how.labels.unwrap_or(Reading::Classes);
    for (name, file) in files {
        let label = match class(&name).map(|class| (reading.label(&class), class)) {
            None => None,
            Some((Some(label), _)) => Some(label),
            Some((None, class)) => {
                given.rejected.push(Failure::new("bad-labels", format!("its folder `{class}` is no number")).of(name));
                continue;
            }
        };
        let meta = Meta { name: Some(name.clone()), label, ..Meta::default() };
        let data = match task {
            Task::Image => Data::Picture(file),
            Task::Text => Data::TextFile(file),
        };
        given.items.push(Item { name, meta, data });
    }
    Ok(given)
}

/// Errors: `bad-option` where a column is named, and `what` is no table.
pub fn no_columns(how: &Intake, what: &str) -> Result<(), Failure> {
    let named =
        [("text", &how.text), ("label", &how.label), ("group", &how.group), ("slice", &how.slice.first().cloned())];
    match named.into_iter().find(|(_, column)| column.is_some()) {
        Some((name, _)) => Err(Failure::option(name, format!("it names a column of a table, and this is {what}"))),
        None => Ok(()),
    }
}

/// Files below `path` as `(name below the folder, path)`. Hidden ones are nobody's samples.
fn list(
    path: &Path,
    below: String,
    files: &mut Vec<(String, PathBuf)>,
    rejected: &mut Vec<Failure>,
) -> Result<(), Failure> {
    for entry in std::fs::read_dir(path).map_err(|e| Failure::unreadable(path, e))? {
        let entry = entry.map_err(|e| Failure::unreadable(path, e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "Thumbs.db" || name == "__MACOSX" {
            continue;
        }
        let (path, name) = (entry.path(), format!("{below}{name}"));
        match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() => {
                // A folder that may not be opened does not keep the others out.
                if let Err(failure) = list(&path, format!("{name}/"), files, rejected) {
                    rejected.push(failure.of(name));
                }
            }
            Ok(_) => files.push((name, path)),
            Err(error) => rejected.push(Failure::unreadable(&path, error).of(name)),
        }
    }
    Ok(())
}

/// A picture by itself.
fn single(path: &Path, how: &Intake) -> Result<Given, Failure> {
    if how.task == Some(Task::Text) {
        return Err(Failure::option("task", format!("{} is a picture", path.display())));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let meta = Meta { name: Some(name.clone()), ..Meta::default() };
    let items = vec![Item { name, meta, data: Data::Picture(path.to_owned()) }];
    Ok(Given { task: Task::Image, items, rejected: Vec::new() })
}

/// A table. Picture paths in it are looked for beside it.
fn rows(path: &Path, how: &Intake) -> Result<Given, Failure> {
    let bytes = read(path)?;
    let mut options = table::Options {
        format: format(path),
        text: how.text.clone(),
        label: how.label.clone(),
        group: how.group.clone(),
        slices: how.slice.clone(),
        ..table::Options::default()
    };
    let whole = |options: &table::Options| table::read(&bytes, options).map_err(|e| of_table(e, path));
    let mut table = whole(&options)?;
    if options.text.is_none() && how.task != Some(Task::Text) {
        let spoken_for = |column: &String| how.label.iter().chain(&how.group).chain(&how.slice).any(|c| c == column);
        let named =
            |column: &&String| PATHS.iter().any(|name| column.eq_ignore_ascii_case(name)) && !spoken_for(column);
        for column in table.columns.iter().filter(named).cloned().collect::<Vec<_>>() {
            options.text = Some(column);
            let by_column = whole(&options)?;
            // A column `file` of a table of texts says where a text is from.
            if how.task == Some(Task::Image) || mostly_pictures(&by_column) {
                table = by_column;
                break;
            }
        }
    }
    let task = how.task.unwrap_or_else(|| if mostly_pictures(&table) { Task::Image } else { Task::Text });
    let cells = || table.samples.iter().filter_map(|row| row.label.as_deref());
    let reading = how.labels.unwrap_or_else(|| guess(cells()));
    let called = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let line = |line: usize| format!("{called} line {line}");
    let mut given = Given { task, items: Vec::new(), rejected: Vec::new() };
    given.rejected.extend(table.rejected.into_iter().map(|bad| Failure::new(bad.code, bad.message).of(line(bad.line))));
    for row in table.samples {
        let label = match row.label.as_deref().map(|cell| (reading.label(cell), cell)) {
            Some((None, cell)) => {
                let why = format!("this line was left out: “{cell}” is no number");
                given.rejected.push(Failure::new("bad-line", why).of(line(row.line)));
                continue;
            }
            Some((label, _)) => label,
            None => None,
        };
        let (name, data) = match task {
            Task::Image => (row.text.clone(), Data::Picture(path.with_file_name("").join(&row.text))),
            Task::Text => (line(row.line), Data::Text(row.text)),
        };
        let meta = Meta { id: None, name: Some(name.clone()), label, group: row.group, slice: row.slice };
        given.items.push(Item { name, meta, data });
    }
    Ok(given)
}

/// One with an odd ending is named when it is its turn, and the others are pictures still.
fn mostly_pictures(table: &table::Table) -> bool {
    let pictures = table.samples.iter().filter(|row| is_picture(Path::new(&row.text))).count();
    2 * pictures > table.samples.len()
}

fn of_table(error: headstart::Error, path: &Path) -> Failure {
    let failure = Failure::from(error);
    if failure.item.is_some() { failure } else { failure.of(path.display()) }
}

/// As the file's name says; what says nothing is guessed.
fn format(path: &Path) -> Option<table::Format> {
    match ending(path).as_str() {
        "csv" => Some(table::Format::Csv),
        "tsv" | "tab" => Some(table::Format::Tsv),
        "jsonl" | "ndjson" => Some(table::Format::Jsonl),
        _ => None,
    }
}

fn is_picture(path: &Path) -> bool {
    ENDINGS.contains(&ending(path).as_str())
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}
