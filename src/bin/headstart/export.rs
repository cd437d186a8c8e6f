//! `headstart export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::failure::Failure;
use crate::options::{Everywhere, Out};
use crate::output::{Done, Output};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// The project that was trained
    project: PathBuf,
    /// The file that is written
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// [default: by the ending of FILE]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Of a project: leaves the pictures out, so that it predicts and cannot be tuned
    #[arg(long)]
    no_samples: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Project,
}

pub fn run(options: Options, everywhere: &Everywhere, _: &Output) -> Result<Done, Failure> {
    let Options { project, out, format, no_samples } = options;
    let format = format.or_else(|| by_ending(&out)).ok_or_else(|| {
        Failure::option("format", "the file's ending says nothing; give it, or a name that ends in .headstart")
    })?;
    let lesson = project::open(&project, everywhere)?;
    match format {
        Format::Project => project::save(&lesson, &Out { out: out.clone(), no_samples })?,
    }
    let bytes = std::fs::metadata(&out).map_err(|e| Failure::unreadable(&out, e))?.len();
    let text = format!("{}: {:.1} MB", out.display(), bytes as f64 / 1e6);
    Ok(Done::new(json!({ "out": out, "bytes": bytes }), text, Vec::new()))
}

fn by_ending(out: &std::path::Path) -> Option<Format> {
    match out.extension()?.to_str()?.to_lowercase().as_str() {
        "headstart" => Some(Format::Project),
        _ => None,
    }
}
