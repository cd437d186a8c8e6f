//! A whole model as one safetensors file, and back.
//!
//! The backbone's tensors have the checkpoint's names; all others begin as [`OWN`] says.

use safetensors::Dtype;

use super::Parts;
use super::card::{Card, FORMAT, KEY, VERSION};
use super::file::{File, Values, Writer};
use super::head::{read_head, write_head};
use super::parity::{Inputs, Vectors};
use super::weights::Stored;
use crate::error::{Error, Result};
use crate::judge::{Model, Novelty};
use crate::learn::{Fitted, Kind, Recipe};

/// The file of a text backbone's tokenizer.
pub const TOKENIZER: &str = "tokenizer";
/// How names of tensors begin that are not the backbone's.
pub const OWN: [&str; 5] = ["head.", "novelty.", "parity.", "residuals", TOKENIZER];

pub fn write(card: &Card, stored: &Stored, parts: &Parts, vectors: &Vectors) -> Result<Vec<u8>> {
    let mut to = Writer::default();
    stored.write(&mut to);
    let Model { fitted, novelty, .. } = parts.model;
    write_head(&mut to, "", &fitted.head);
    if fitted.kind == Kind::Numbers {
        to.tensor("residuals", &[fitted.residuals.len()], Values::F64(vec![&fitted.residuals]));
    }
    to.matrix("novelty.means", &novelty.means);
    to.f32("novelty.heldOut", &[novelty.held_out.len()], &novelty.held_out);
    if let Some(tokenizer) = parts.tokenizer {
        to.tensor(TOKENIZER, &[tokenizer.len()], Values::U8(vec![tokenizer]));
    }
    let (count, outputs) = (vectors.names.len(), card.outputs());
    let (longest, ids, mask) = vectors.padded();
    match &vectors.inputs {
        Inputs::Pixels(pixels, side) => {
            to.tensor("parity.pixels", &[count, *side, *side, 3], Values::U8(vec![pixels]));
        }
        Inputs::Ids(_) => {
            to.tensor("parity.input_ids", &[count, longest], Values::Raw(Dtype::I64, &ids));
            to.tensor("parity.attention_mask", &[count, longest], Values::Raw(Dtype::I64, &mask));
        }
    }
    let (dtype, scores) = vectors.score_bytes();
    to.tensor("parity.scores", &[count, outputs], Values::Raw(dtype, &scores));
    to.matrix("parity.features", &vectors.features);
    to.f32("parity.novelty", &[count], &vectors.novelty);
    to.write(&[("format", FORMAT.to_owned()), ("version", VERSION.to_string()), (KEY, card.json())], &[])
}

/// A file, after a look at what it is and whether it is whole. Errors: `bad-export`, `export-too-new`.
pub fn parse(bytes: &[u8]) -> Result<(File<'_>, Card)> {
    let file = File::parse(bytes, |what, why| Error::BadExport { what, why })?;
    if file.metadata("format") != Some(FORMAT) {
        let is = file.metadata("format").unwrap_or("another kind of safetensors file");
        return Err(file.error("format", format!("it is {is}, not {FORMAT}")));
    }
    match file.metadata("version").map(|version| (version, version.parse::<u32>())) {
        Some((_, Ok(VERSION))) => {}
        Some((version, Ok(later))) if later > VERSION => {
            return Err(Error::ExportTooNew { version: version.to_owned() });
        }
        other => return Err(file.error("version", format!("{:?} is none", other.map(|(version, _)| version)))),
    }
    file.check_hash()?;
    let json = file.metadata(KEY).ok_or_else(|| file.error(KEY, "it is missing".into()))?;
    let card: Card = serde_json::from_str(json).map_err(|e| file.error(KEY, e.to_string()))?;
    card.check(&file)?;
    Ok((file, card))
}

/// Errors: `bad-export`, naming the tensor.
pub fn read_model(file: &File, card: &Card) -> Result<Model> {
    let k = card.k.unwrap_or(Recipe::default().k);
    let recipe = Recipe { head: card.head, k, negative: card.negative.clone(), ..Recipe::default() };
    let head = read_head(file, "", &recipe, card.kind, card.outputs(), card.dim)?;
    let residuals = match card.kind {
        Kind::Numbers => file.f64("residuals", &[None])?,
        Kind::Classes | Kind::Labels => Vec::new(),
    };
    let novelty = Novelty {
        means: file.matrix("novelty.means", None, card.dim)?,
        held_out: file.f32("novelty.heldOut", &[None])?,
    };
    let fitted = Fitted {
        head,
        kind: card.kind,
        classes: card.classes.clone(),
        chosen: card.chosen.clone(),
        held_out: None,
        residuals,
        reason: String::new(),
    };
    Ok(Model { fitted, recipe, novelty, origin: card.origin, trained_on: Vec::new(), renormed: false })
}
