//! A learner as one file, whole: `docs/project-format.md` says what is in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::contents::{Entry, Kept, KeptContents, write_contents};
use super::file::{File, SOURCE, Values, Writer};
use super::state::{MODEL, SavedModel, State, Wire as WireModel, read_model, wrap, write_model};
use crate::error::{Error, Result};
use crate::source::{Label, Meta, Sample};

const FORMAT: &str = "headstart-project";
/// Of this format and that of a state.
const VERSION: u32 = 1;
/// Where names of the tuned backbone's tensors begin.
const TUNED: &str = "tuned/";
/// Of the backbone whose batch norms were estimated anew for a target domain.
const TARGET: &str = "target/";

/// Tensors that take the place of the pack's, each a safetensors file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Moved<'a> {
    /// Of the tuned backbone, where there is one.
    pub tuned: Option<&'a [u8]>,
    /// Of one whose batch norms were estimated anew, where the model predicts by it.
    pub target: Option<&'a [u8]>,
}

/// What a project is made of.
pub struct NewProject<'a> {
    /// What the face wants to know again, as it is.
    pub settings: Value,
    pub samples: Vec<SavedSample>,
    /// Of each sample.
    pub contents: Vec<Kept<'a>>,
    /// Width of a row.
    pub dim: usize,
    pub model: Option<SavedModel<'a>>,
    pub moved: Moved<'a>,
    /// Raw samples that will follow, in this order.
    pub sources: Vec<Source>,
}

/// A sample as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedSample {
    pub id: String,
    /// Content id.
    pub content: String,
    pub label: Option<Label>,
    pub name: Option<String>,
    pub group: Option<String>,
    pub slice: BTreeMap<String, String>,
}

impl From<&Sample> for SavedSample {
    fn from(sample: &Sample) -> Self {
        let Sample { id, content, name, label, group, slice } = sample.clone();
        Self { id, content, label, name, group, slice }
    }
}

impl SavedSample {
    pub fn meta(&self) -> Meta {
        let Self { id, label, name, group, slice, .. } = self.clone();
        Meta { id: Some(id), name, label, group, slice }
    }
}

/// A raw sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Content id.
    pub content: String,
    pub bytes: usize,
    /// MIME type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// All of it that is no tensor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    settings: Value,
    samples: Vec<SavedSample>,
    contents: Vec<Entry>,
    model: Option<WireModel>,
    sources: Vec<Source>,
}

/// The file up to where the raw samples begin: the caller puts them behind it.
///
/// Errors: `bad-option` where it would be too large for a file, or has a model without the tensors that it predicts by.
pub fn write_project(project: NewProject) -> Result<Vec<u8>> {
    let NewProject { settings, samples, contents, dim, model, moved, sources } = project;
    let mut to = Writer::default();
    let contents = write_contents(&mut to, "", &contents, dim);
    let needed = model.as_ref().map_or([false; 2], |saved| [saved.guard.is_some(), saved.model.renormed]);
    let model = model.as_ref().map(|model| write_model(&mut to, model));
    let given = [("tuned", TUNED, moved.tuned), ("target", TARGET, moved.target)];
    for ((option, place, tensors), _) in given.into_iter().zip(needed).filter(|&(_, needed)| needed) {
        let why = || format!("the tensors of the {option} backbone are needed, too");
        let tensors = tensors.ok_or_else(|| Error::BadOption { option, why: why() })?;
        let file = File::parse(tensors, bad_project)?;
        for name in file.names("") {
            // As long as the file that is borrowed from, not as `file`.
            let (at, bytes) = file.place(&name)?;
            let (dtype, shape, _) = file.raw(&name)?;
            to.tensor(format!("{place}{name}"), shape, Values::Raw(dtype, &tensors[at..][..bytes]));
        }
    }
    let mut seen = HashSet::new();
    if let Some(twice) = sources.iter().find(|source| !seen.insert(&source.content)) {
        let why = format!("`{}` is given twice", twice.content);
        return Err(Error::BadOption { option: "sources", why });
    }
    let raw: Vec<(String, usize)> = sources.iter().map(|s| (s.content.clone(), s.bytes)).collect();
    let wire = Wire { settings, samples, contents, model, sources };
    let json = serde_json::to_string(&wire).expect("names and numbers are JSON");
    let metadata = [("format", FORMAT.to_owned()), ("version", VERSION.to_string()), ("project", json)];
    to.write(&metadata, &raw)
}

/// A project as it was read. What the model is made of is looked at by [`state`](Self::state) only.
pub struct Project<'a> {
    file: File<'a>,
    settings: Value,
    samples: Vec<SavedSample>,
    contents: KeptContents,
    model: Option<WireModel>,
    sources: Vec<Source>,
    dim: usize,
}

impl<'a> Project<'a> {
    /// The whole file. Errors: `bad-project`, naming a part of it; `project-too-new`.
    pub fn read(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self> {
        let bytes = bytes.into();
        let is = bytes.len();
        let project = Self::read_head(bytes)?;
        match project.length() {
            whole if whole == is => Ok(project),
            whole => Err(project.file.error("length", format!("it is cut off after {is} of {whole} bytes"))),
        }
    }

    /// The same of a file of which at least everything before its raw samples is there.
    pub fn read_head(bytes: impl Into<Cow<'a, [u8]>>) -> Result<Self> {
        let file = File::parse(bytes, bad_project)?;
        check_version(&file, FORMAT)?;
        file.check_hash()?;
        let json = file.metadata("project").ok_or_else(|| file.error("project", "it is missing".into()))?;
        let wire: Wire = serde_json::from_str(json).map_err(|e| file.error("project", e.to_string()))?;
        let Wire { settings, samples, contents, model, sources } = wire;
        let dim = match *file.shape("rows")? {
            [_, dim] if dim > 0 => dim,
            _ => return Err(file.error("rows", "it is no table".into())),
        };
        let contents = KeptContents::new(&file, "", contents, dim)?;
        let project = Self { file, settings, samples, contents, model, sources, dim };
        project.check()?;
        Ok(project)
    }

    fn check(&self) -> Result<()> {
        let wrong = |what: &str, why: String| Err(self.file.error(what, why));
        if self.samples.len() != self.contents.len() {
            return wrong("samples", "there is not one for each of `contents`".into());
        }
        let mut ids = HashSet::new();
        for (i, sample) in self.samples.iter().enumerate() {
            if sample.content != self.contents.id(i) {
                return wrong("samples", format!("`{}` does not have its place in `contents`", sample.id));
            }
            if !ids.insert(&sample.id) {
                return wrong("samples", format!("`{}` is listed twice", sample.id));
            }
        }
        for source in &self.sources {
            let name = format!("{SOURCE}{}", source.content);
            if self.file.place(&name)?.1 != source.bytes {
                return wrong(&name, "it does not have the size that is listed".into());
            }
        }
        let is_tuned = self.model.as_ref().is_some_and(|model| model.guard.is_some());
        if is_tuned && self.file.names(TUNED).is_empty() {
            return wrong(TUNED, "the model is tuned, and there are no tensors of the tuned backbone".into());
        }
        if self.model.as_ref().is_some_and(|model| model.renormed) && self.file.names(TARGET).is_empty() {
            return wrong(
                TARGET,
                "the model is adapted, and there are no tensors of the backbone it predicts by".into(),
            );
        }
        Ok(())
    }

    pub fn settings(&self) -> &Value {
        &self.settings
    }

    /// Width of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// In the order they came.
    pub fn samples(&self) -> &[SavedSample] {
        &self.samples
    }

    /// Of each sample, and the file that they are in.
    pub fn contents(&self) -> (&KeptContents, &File<'a>) {
        (&self.contents, &self.file)
    }

    /// Errors: `bad-project`.
    pub fn state(&self) -> Result<Option<State>> {
        self.model.as_ref().map(|wire| read_model(&self.file, wire.clone(), self.dim)).transpose()
    }

    /// The same as a file of its own; empty where nothing was trained.
    pub fn state_file(&self) -> Result<Vec<u8>> {
        let Some(wire) = &self.model else { return Ok(Vec::new()) };
        let mut to = Writer::default();
        for name in self.file.names(MODEL) {
            let name = format!("{MODEL}{name}");
            let (dtype, shape, bytes) = self.file.raw(&name)?;
            to.tensor(name, shape, Values::Raw(dtype, bytes));
        }
        wrap(to, wire)
    }

    /// The tuned backbone's tensors, a safetensors file.
    pub fn tuned(&self) -> Result<Option<Vec<u8>>> {
        self.moved(TUNED)
    }

    /// The same of the backbone whose batch norms were estimated anew for a target domain.
    pub fn target(&self) -> Result<Option<Vec<u8>>> {
        self.moved(TARGET)
    }

    fn moved(&self, place: &str) -> Result<Option<Vec<u8>>> {
        let names = self.file.names(place);
        if names.is_empty() {
            return Ok(None);
        }
        let mut views = Vec::new();
        for name in names {
            let (dtype, shape, bytes) = self.file.raw(&format!("{place}{name}"))?;
            views.push((name, TensorView::new(dtype, shape.to_vec(), bytes).expect("it was checked as it was read")));
        }
        Ok(Some(safetensors::serialize(views, None).expect("it came out of such a file")))
    }

    /// Raw samples, and where each begins in the file.
    pub fn sources<'b>(&'b self) -> Result<Vec<(&'b Source, usize)>> {
        let place = |source: &'b Source| Ok((source, self.file.place(&format!("{SOURCE}{}", source.content))?.0));
        self.sources.iter().map(place).collect()
    }

    /// Errors: `bad-project` where the file was read without its raw samples, or has none of this content.
    pub fn source(&self, content: &str) -> Result<&[u8]> {
        Ok(self.file.raw(&format!("{SOURCE}{content}"))?.2)
    }

    /// Bytes that the whole file must have.
    pub fn length(&self) -> usize {
        self.file.length()
    }
}

/// How a file that is broken is named.
pub fn bad_project(what: String, why: String) -> Error {
    Error::BadProject { what, why }
}

/// Errors: `bad-project`, `project-too-new`.
pub(super) fn check_version(file: &File, format: &str) -> Result<()> {
    if file.metadata("format") != Some(format) {
        return Err(file.error("format", format!("it is not `{format}`")));
    }
    let version = file.metadata("version").unwrap_or("");
    match version.parse::<u32>() {
        Ok(1..=VERSION) => Ok(()),
        Ok(VERSION..) => Err(Error::ProjectTooNew { version: version.to_owned() }),
        _ => Err(file.error("version", format!("`{version}` is none"))),
    }
}
