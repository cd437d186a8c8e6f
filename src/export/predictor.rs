//! Predictions from an export alone.

use super::card::Card;
use super::parity::{Agreement, Inputs, Vectors};
use super::tensors::{OWN, TOKENIZER, parse, read_model};
use crate::backbone::{Backbone, Rows, Weights};
use crate::device::Computer;
use crate::encode::{image, text};
use crate::error::{Error, Result};
use crate::features::{Matrix, join_windows};
use crate::judge::{Model, Prediction};

/// A safetensors export, opened, on the CPU.
pub struct Predictor {
    card: Card,
    backbone: Backbone,
    /// Of a text backbone.
    encoder: Option<text::Encoder>,
    model: Model,
    vectors: Vectors,
}

impl Predictor {
    /// Errors: `bad-export`, `export-too-new`.
    pub fn open(file: &[u8]) -> Result<Self> {
        let (tensors, card) = parse(file)?;
        let model = read_model(&tensors, &card)?;
        let vectors = Vectors::read(&tensors, &card)?;
        let encoder = match card.backbone.text() {
            Ok(prep) => Some(text::Encoder::new(tensors.u8(TOKENIZER, &[None])?, prep).map_err(within)?),
            Err(_) => None,
        };
        let mut weights = Weights::parse("weights", file).map_err(within)?;
        weights.leave(|name| OWN.iter().any(|own| name.starts_with(own)));
        let backbone = Backbone::build(card.backbone.clone(), weights, &Computer::cpu()).map_err(within)?;
        Ok(Self { card, backbone, encoder, model, vectors })
    }

    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Of a picture file. `reject` as in [`Model::predict`].
    ///
    /// Errors: `bad-option`, and those of [`image::encode`].
    pub fn image(&self, file: &[u8], reject: Option<f64>) -> Result<Prediction> {
        self.pixels(&image::encode(file, self.preprocess()?)?.pixels, reject)
    }

    /// Of decoded pixels. Errors: as [`image`](Self::image).
    pub fn rgba(&self, rgba: &[u8], width: u32, height: u32, reject: Option<f64>) -> Result<Prediction> {
        self.pixels(&image::encode_rgba(rgba, width, height, self.preprocess()?)?.pixels, reject)
    }

    /// Of a text. Errors: `bad-option`, `bad-text`.
    pub fn text(&self, text: &str, reject: Option<f64>) -> Result<Prediction> {
        self.said(&self.embedded(text)?, reject)
    }

    /// Parity vectors.
    pub fn vectors(&self) -> usize {
        self.vectors.len()
    }

    /// Computes one of the parity vectors here, a text from its letters on.
    ///
    /// Errors: `bad-option`, when there are not so many; `bad-text`.
    pub fn verify_one(&self, at: usize) -> Result<Agreement> {
        if at >= self.vectors() {
            return Err(Error::BadOption { option: "at", why: format!("there are {} vectors", self.vectors()) });
        }
        let features = match &self.vectors.inputs {
            Inputs::Pixels(pixels, _) => {
                let size = pixels.len() / self.vectors();
                self.features(&pixels[at * size..][..size])?
            }
            Inputs::Ids(_) => self.embedded(&self.vectors.names[at])?,
        };
        Ok(self.vectors.compare(at, &features, &self.model))
    }

    /// The farthest off of all of them. Errors: `bad-text`.
    pub fn verify(&self) -> Result<Agreement> {
        (0..self.vectors()).try_fold(Agreement::default(), |far, at| Ok(far.and(self.verify_one(at)?)))
    }

    fn preprocess(&self) -> Result<&image::Preprocess> {
        self.backbone.manifest().image().map_err(|_| unfit("this model is of texts"))
    }

    fn pixels(&self, pixels: &[u8], reject: Option<f64>) -> Result<Prediction> {
        self.said(&self.features(pixels)?, reject)
    }

    fn features(&self, pixels: &[u8]) -> Result<Matrix> {
        self.host(self.backbone.forward_pixels(pixels, 1, &mut |_, _| {})?)
    }

    fn embedded(&self, text: &str) -> Result<Matrix> {
        let encoder = self.encoder.as_ref().ok_or_else(|| unfit("this model is of pictures"))?;
        let encoded = encoder.encode(text)?;
        let windows = match self.card.long_text.as_deref() {
            Some("windows") if encoded.ids.len() < encoded.tokens => encoder.windows(text)?,
            _ => vec![encoded.ids],
        };
        let rows = self.host(self.backbone.forward_ids(&windows, &mut |_, _| {})?)?;
        let lengths: Vec<usize> = windows.iter().map(Vec::len).collect();
        Ok(if windows.len() > 1 { join_windows(&rows, &lengths) } else { rows })
    }

    fn host(&self, rows: Rows) -> Result<Matrix> {
        match rows {
            Rows::Host(values) => Ok(Matrix::new(self.card.dim, values)),
            #[cfg(feature = "webgpu")]
            Rows::Gpu(_) => unreachable!("it was loaded for the CPU"),
        }
    }

    fn said(&self, features: &Matrix, reject: Option<f64>) -> Result<Prediction> {
        Ok(self.model.predict(features, &[], reject)?.remove(0))
    }
}

fn unfit(why: &str) -> Error {
    Error::BadOption { option: "data", why: why.into() }
}

/// What is wrong with a pack is, inside of an export, wrong with that.
fn within(error: Error) -> Error {
    match error {
        Error::BadPack { file, why } => Error::BadExport { what: file, why },
        other => other,
    }
}
