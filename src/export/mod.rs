//! Model → file, and back: a learner with all it knows (a project), or a model that works without its learner, and proves elsewhere
//! that it is the same. What is opened here again is a safetensors file, which any program can read; ONNX is for other runtimes.

mod card;
mod contents;
mod file;
mod head;
mod onnx;
mod parity;
mod predictor;
mod project;
mod state;
mod tensors;
mod weights;

pub use card::Card;
pub use contents::{Kept, KeptContents};
pub use file::{Broken, File, SOURCE, Values, Writer, head_of};
pub use head::{read_head, write_head};
pub use parity::{Agreement, Input, LEAST, Vector};
pub use predictor::Predictor;
pub use project::{Moved, NewProject, Project, SavedSample, Source, bad_project, write_project};
pub use state::{Gone, SavedModel, State, read_state, write_state};
pub use weights::Form;

use crate::backbone::Manifest;
use crate::error::Result;
use crate::judge::Model;
use parity::Vectors;
use weights::Stored;

/// What an exported model is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub model: &'a Model,
    pub manifest: &'a Manifest,
    /// Of the pack: files whose hash was checked.
    pub weights: &'a [u8],
    /// Of a text backbone.
    pub tokenizer: Option<&'a [u8]>,
    /// Tensors that take the place of the pack's: a tuned backbone's ([`tuned_file`](crate::backbone::tail::tuned_file)), or a target domain's.
    pub tuned: Option<&'a [u8]>,
    /// Long texts are taken in windows, not cut.
    pub windows: bool,
}

/// One file with all of it, which [`Predictor`] opens. `vectors`: at least [`LEAST`], with the features that the model predicts by.
///
/// Errors: `bad-option` for the scratch head, or vectors that are too few or do not fit; `bad-pack`.
pub fn safetensors(parts: &Parts, vectors: Vec<Vector>, form: Form) -> Result<Vec<u8>> {
    let (card, vectors) = about(parts, vectors)?;
    let stored = Stored::read(parts.weights, parts.tuned)?;
    let stored = if form == Form::Plain { stored.plain()? } else { stored };
    tensors::write(&card, &stored, parts, &vectors)
}

/// The same as an ONNX model: what is between pixels or token ids and scores is in its graph, what comes before them in its
/// metadata.
///
/// Errors: as [`safetensors`].
pub fn onnx(parts: &Parts, vectors: Vec<Vector>) -> Result<Vec<u8>> {
    let (card, vectors) = about(parts, vectors)?;
    let stored = Stored::read(parts.weights, parts.tuned)?;
    onnx::write(&card, &stored, parts, &vectors)
}

fn about(parts: &Parts, vectors: Vec<Vector>) -> Result<(Card, Vectors)> {
    let names = parity::names(&vectors);
    let card = Card::new(parts, names)?;
    Ok((card, Vectors::new(parts, vectors)?))
}
