//! Texts with labels from what people keep them in: CSV, TSV, JSON Lines, plain lines. What cannot be read is listed by line,
//! and nothing else is lost.

mod columns;
mod encoding;
mod separated;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Separated by commas or semicolons, whichever the first line has; quoted as RFC 4180 says.
    Csv,
    /// The same, separated by tabs.
    Tsv,
    /// One JSON object a line.
    Jsonl,
    /// One text a line, without labels.
    Lines,
}

/// How to read it. What is absent is guessed, and the guess is in the [`Table`].
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Options {
    pub format: Option<Format>,
    /// Whether the first row of CSV or TSV names the columns.
    pub header: Option<bool>,
    /// The column of the texts.
    pub text: Option<String>,
    /// The column of the labels; an empty name for none.
    pub label: Option<String>,
    /// The column of what belongs together.
    pub group: Option<String>,
    /// Columns to keep as tags.
    pub slices: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    pub format: Format,
    pub header: bool,
    /// `column 1`, … where no header names them.
    pub columns: Vec<String>,
    pub text: String,
    pub label: Option<String>,
    pub samples: Vec<Row>,
    pub rejected: Vec<BadRow>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub slice: BTreeMap<String, String>,
    /// Where it begins in the file, from 1.
    pub line: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BadRow {
    pub line: usize,
    pub code: &'static str,
    pub message: String,
}

impl BadRow {
    fn new(line: usize, why: impl Into<String>) -> Self {
        let error = Error::BadLine { why: why.into() };
        Self { line, code: error.code(), message: error.to_string() }
    }
}

/// A row before it is known which column is what: `None` for a column it lacks.
struct Cells {
    line: usize,
    values: Vec<Option<String>>,
}

/// Errors: `empty`; `unsupported-encoding`, naming it; `bad-option`, when a column asked for is not there.
pub fn read(file: &[u8], options: &Options) -> Result<Table> {
    let bytes = encoding::utf8(file)?;
    if bytes.trim_ascii().is_empty() {
        return Err(Error::Empty);
    }
    let format = options.format.unwrap_or_else(|| guess_format(bytes, options));
    let mut rejected = Vec::new();
    let (header, columns, rows) = match format {
        Format::Csv | Format::Tsv => {
            let mut rows = separated::rows(bytes, format == Format::Tsv, &mut rejected);
            let header = options.header.unwrap_or_else(|| columns::is_header(&rows));
            let names = separated::names(&mut rows, header);
            (header, names, rows)
        }
        Format::Jsonl => {
            let (names, rows) = json_lines(bytes, &mut rejected);
            (false, names, rows)
        }
        Format::Lines => {
            let rows = lines(bytes, &mut rejected)
                .map(|(line, text)| Cells { line, values: vec![Some(text.to_owned())] })
                .collect();
            (false, vec!["text".to_owned()], rows)
        }
    };
    let find = |option, wanted: &str| {
        let missing = || Error::BadOption {
            option,
            why: format!("there is no column `{wanted}`; the columns are {}", columns.join(", ")),
        };
        columns.iter().position(|name| name == wanted).ok_or_else(missing)
    };
    let text = options.text.as_deref().map(|name| find("text", name)).transpose()?;
    let label = options.label.as_deref().filter(|name| !name.is_empty()).map(|name| find("label", name)).transpose()?;
    let group = options.group.as_deref().map(|name| find("group", name)).transpose()?;
    let slices = options.slices.iter().map(|name| find("slices", name)).collect::<Result<Vec<_>>>()?;
    if text.is_some() && text == label {
        return Err(Error::BadOption { option: "label", why: "the texts cannot be their own labels".into() });
    }
    let spoken_for = [label, group].into_iter().flatten().chain(slices.iter().copied()).collect::<Vec<_>>();
    let text = text.unwrap_or_else(|| columns::text(&columns, &rows, &spoken_for));
    let label = match options.label {
        Some(_) => label,
        None => columns::label(&columns, &rows, text),
    };

    let mut samples = Vec::with_capacity(rows.len());
    for Cells { line, values } in rows {
        let cell = |column: usize| values.get(column).cloned().flatten().filter(|v| !v.trim().is_empty());
        match cell(text) {
            None => rejected.push(BadRow::new(line, format!("there is no text in the column `{}`", columns[text]))),
            Some(found) => samples.push(Row {
                text: found,
                label: label.and_then(cell).map(|label| label.trim().to_owned()),
                group: group.and_then(cell),
                slice: slices.iter().filter_map(|&s| Some((columns[s].clone(), cell(s)?))).collect(),
                line,
            }),
        }
    }
    rejected.sort_by_key(|bad| bad.line);
    let named = |column: usize| columns[column].clone();
    Ok(Table { format, header, text: named(text), label: label.map(named), columns, samples, rejected })
}

fn guess_format(bytes: &[u8], options: &Options) -> Format {
    if bytes.trim_ascii_start().starts_with(b"{") {
        return Format::Jsonl;
    }
    // What a spreadsheet puts on the clipboard. An empty last cell is a tab at the end of its line.
    let tabs = separated::rows(bytes, true, &mut Vec::new());
    let wide = tabs.first().map_or(0, |row| row.values.len());
    if wide > 1 && tabs.iter().all(|row| row.values.len() == wide) {
        return Format::Tsv;
    }
    if options.header.is_some() || options.text.is_some() || options.label.is_some() {
        return Format::Csv;
    }
    if columns::looks_like_table(&separated::rows(bytes, false, &mut Vec::new())) { Format::Csv } else { Format::Lines }
}

/// Lines that are UTF-8 and not blank, with their numbers.
fn lines<'a>(bytes: &'a [u8], rejected: &mut Vec<BadRow>) -> impl Iterator<Item = (usize, &'a str)> {
    let mut good = Vec::new();
    for (i, line) in bytes.split(|&b| b == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => good.push((i + 1, text.trim())),
            Err(e) => rejected.push(not_utf8(i + 1, e)),
        }
    }
    good.into_iter()
}

fn not_utf8(line: usize, error: std::str::Utf8Error) -> BadRow {
    BadRow::new(line, format!("byte {} of it is not UTF-8", error.valid_up_to() + 1))
}

/// Columns in the order they first appear; those of one line by name.
fn json_lines(bytes: &[u8], rejected: &mut Vec<BadRow>) -> (Vec<String>, Vec<Cells>) {
    let mut names: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    let mut bad = Vec::new();
    for (line, text) in lines(bytes, rejected) {
        let object = match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(object)) => object,
            Ok(_) => {
                bad.push(BadRow::new(line, "it is JSON, and not an object like {\"text\": …, \"label\": …}"));
                continue;
            }
            Err(e) => {
                bad.push(BadRow::new(line, format!("it is not JSON ({e})")));
                continue;
            }
        };
        let mut values: Vec<Option<String>> = vec![None; names.len()];
        for (name, value) in object {
            let value = match value {
                Value::String(text) => Some(text),
                Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            };
            let column = names.iter().position(|n| *n == name).unwrap_or_else(|| {
                names.push(name);
                values.push(None);
                names.len() - 1
            });
            values[column] = value;
        }
        rows.push(Cells { line, values });
    }
    rejected.append(&mut bad);
    if names.is_empty() {
        names.push("text".to_owned());
    }
    (names, rows)
}
