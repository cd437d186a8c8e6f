//! `headstart export`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use headstart::export::{Form, Input as Shown, LEAST, Parts, Predictor, Vector, onnx, safetensors};
use serde_json::json;

use crate::encoder::{Embedded, Input, Ready};
use crate::failure::{Failure, write_whole};
use crate::lesson::Lesson;
use crate::made;
use crate::options::{Everywhere, LongText, Out, Task};
use crate::output::{Done, Output};
use crate::project;

#[derive(Args)]
pub struct Options {
    /// The project that was trained
    project: PathBuf,
    /// The file that is written: .safetensors, .onnx or .headstart
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// [default: by the ending of FILE]
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Parity vectors of the project's own samples, where otherwise they are of made-up ones: whoever has the file sees them
    #[arg(long)]
    samples: bool,
    /// Of a project of pictures: leaves them out, so that it predicts and cannot be tuned
    #[arg(long)]
    no_samples: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Backbone and head, with weights as PyTorch's load_state_dict takes them
    Safetensors,
    /// The same with the pack's 8-bit weights where it has them
    Compact,
    /// From pixels or token ids to scores, in one graph
    Onnx,
    /// The project again
    Project,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let Options { project, out, format, samples, no_samples } = options;
    let format = format.or_else(|| by_ending(&out)).ok_or_else(|| {
        let page = "; a page in one file is made in the browser: learner.export(\"html\")";
        Failure::option("format", format!("{} ends with none of .safetensors, .onnx, .headstart{page}", out.display()))
    })?;
    if samples && format == Format::Project {
        return Err(Failure::option("samples", "a project has its samples, unless --no-samples leaves them out"));
    }
    if no_samples && format != Format::Project {
        return Err(Failure::option("no-samples", "only a project would have them; here --samples asks for some"));
    }
    let lesson = project::open(&project, everywhere)?;
    let mut said = json!({ "out": out });
    let mut text = String::new();
    if format == Format::Project {
        let to = Out { out: out.clone(), no_samples };
        to.fits(lesson.task)?;
        project::save(&lesson, &to)?;
    } else {
        let file = exported(&lesson, format, samples, output)?;
        if format != Format::Onnx {
            // Read back before it is given away.
            let predictor = Predictor::open(&file)?;
            let (vectors, agreement) = (predictor.vectors(), predictor.verify()?);
            text = format!(", {vectors} parity vectors, scores off by {:.1e} at most", agreement.scores);
            said["verified"] =
                json!({ "vectors": vectors, "features": agreement.features, "scores": agreement.scores });
        }
        write_whole(&out, &file)?;
    }
    let bytes = std::fs::metadata(&out).map_err(|e| Failure::unreadable(&out, e))?.len();
    said["bytes"] = json!(bytes);
    Ok(Done::new(said, format!("{}: {:.1} MB{text}", out.display(), bytes as f64 / 1e6)))
}

fn by_ending(out: &Path) -> Option<Format> {
    match out.extension()?.to_str()?.to_lowercase().as_str() {
        "safetensors" => Some(Format::Safetensors),
        "onnx" => Some(Format::Onnx),
        "headstart" => Some(Format::Project),
        _ => None,
    }
}

fn exported(lesson: &Lesson, format: Format, samples: bool, output: &Output) -> Result<Vec<u8>, Failure> {
    let pack = &lesson.encoder.pack;
    let tokenizer = match lesson.task {
        Task::Text => Some(pack.tokenizer()?),
        Task::Image => None,
    };
    let parts = Parts {
        model: lesson.learner.model()?,
        manifest: &pack.manifest,
        weights: &pack.weights,
        tokenizer: tokenizer.as_deref(),
        tuned: lesson.target.as_deref().or(lesson.tuned.as_deref()),
        windows: lesson.long_text == LongText::Windows,
    };
    let vectors = vectors(lesson, samples, output)?;
    Ok(match format {
        Format::Safetensors => safetensors(&parts, vectors, Form::Plain)?,
        Format::Compact => safetensors(&parts, vectors, Form::Compact)?,
        Format::Onnx => onnx(&parts, vectors)?,
        Format::Project => unreachable!("it has no vectors"),
    })
}

/// Of made-up inputs; with `own`, of the project's samples first, one of each label after the other.
fn vectors(lesson: &Lesson, own: bool, output: &Output) -> Result<Vec<Vector>, Failure> {
    let mut ready: Vec<(String, Ready)> = Vec::new();
    if own {
        for name in spread(lesson).into_iter().take(LEAST) {
            let item = &lesson.sources[name];
            ready.push((item.name.clone(), lesson.encoder.ready_one(item)?));
        }
    }
    for n in 0..LEAST.saturating_sub(ready.len()) {
        let made = match lesson.task {
            Task::Image => {
                let side = lesson.encoder.pack.manifest.image()?.size as usize;
                lesson.encoder.ready_pixels(made::picture(n, side))
            }
            Task::Text => lesson.encoder.ready_text(&made::text(n))?,
        };
        ready.push((format!("made up {}", n + 1), made));
    }
    output.progress.stage("export", ready.len());
    let (names, ready): (Vec<String>, Vec<Ready>) = ready.into_iter().unzip();
    let ready: Vec<Ready> = ready.into_iter().map(Ready::cut_to_one_window).collect();
    let shown: Vec<Shown> = ready
        .iter()
        .map(|ready| match (&ready.input, &ready.kept) {
            (Input::Ids(windows), headstart::source::Content::Text(text)) => {
                Shown::Text { text: text.clone(), ids: windows[0].clone() }
            }
            (Input::Pixels(pixels), _) => Shown::Pixels(pixels.clone()),
            (Input::Ids(_), _) => unreachable!("ids are of a text"),
        })
        .collect();
    let rows = lesson.encoder.embed_ready(ready)?;
    let vector = |((name, input), Embedded { row, .. })| Vector { name, input, features: row };
    Ok(names.into_iter().zip(shown).zip(rows).map(vector).collect())
}

/// Contents that can be had again: one of each label, then the next of each.
fn spread(lesson: &Lesson) -> Vec<&str> {
    let mut by_label = std::collections::BTreeMap::<String, Vec<&str>>::new();
    for sample in lesson.learner.samples().filter(|sample| lesson.sources.contains_key(&sample.content)) {
        let label = sample.label.as_ref().map(ToString::to_string).unwrap_or_default();
        by_label.entry(label).or_default().push(&sample.content);
    }
    let most = by_label.values().map(Vec::len).max().unwrap_or(0);
    (0..most).flat_map(|n| by_label.values().filter_map(move |of| of.get(n).copied()).collect::<Vec<_>>()).collect()
}
