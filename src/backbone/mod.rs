//! Weights → features. One file a model; field names are the checkpoint's keys.

pub mod lite0;
pub mod minilm;
pub mod pack;
mod weights;

use burn::tensor::{Device, Tensor, TensorData};

pub use lite0::Lite0;
pub use minilm::MiniLm;
pub use pack::Manifest;
pub use weights::Weights;

use crate::encode::image;
use crate::error::{Error, Result};

/// The architectures a pack can name.
#[derive(Debug, Clone)]
enum Net {
    Lite0(Lite0),
    MiniLm(MiniLm),
}

/// A pack on a device, ready to turn encoded inputs into features.
#[derive(Debug, Clone)]
pub struct Backbone {
    manifest: Manifest,
    net: Net,
    device: Device,
}

impl Backbone {
    /// Builds the network from a manifest and the bytes of its weights file, after checking their hash.
    ///
    /// Errors: `hash-mismatch`, `bad-pack`; each names the file.
    pub fn load(manifest: Manifest, weights: &[u8], device: &Device) -> Result<Self> {
        manifest.check_file(&manifest.weights()?.name, weights)?;
        let mut weights = Weights::parse(&manifest.weights()?.name, weights)?;
        let net = match manifest.architecture.as_str() {
            "efficientnet-lite0" => {
                let fits = manifest.task == "image" && manifest.image()?.size as usize == lite0::SIZE;
                manifest.expect(lite0::DIM, fits, "pictures")?;
                Net::Lite0(Lite0::load(&mut weights, device)?)
            }
            "minilm-l6" => {
                let fits = manifest.task == "text" && manifest.text()?.max_tokens <= minilm::POSITIONS;
                manifest.expect(minilm::DIM, fits, "texts")?;
                Net::MiniLm(MiniLm::load(&mut weights, device)?)
            }
            other => {
                return Err(Error::BadPack {
                    file: "manifest.json".into(),
                    why: format!("architecture `{other}` is unknown here"),
                });
            }
        };
        weights.finish()?;
        Ok(Self { manifest, net, device: device.clone() })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Pooled features `[rows, dim]` of encoded pictures: `rows × size × size × 3` bytes, RGB.
    ///
    /// The tensor stays on the device; [`crate::features`] reads it back. Errors: `bad-pack` for a text backbone.
    pub fn forward_pixels(&self, pixels: &[u8], rows: usize) -> Result<Tensor<2>> {
        let input = self.normalise(self.manifest.image()?, pixels, rows);
        match &self.net {
            Net::Lite0(net) => Ok(net.forward(input)),
            Net::MiniLm(_) => unreachable!("its manifest has no image preprocessing"),
        }
    }

    /// Embeddings `[rows, dim]` of texts, each an unit vector. `ids`: `rows × longest`, each row padded with anything after
    /// its length.
    ///
    /// Errors: `bad-pack` for an image backbone.
    pub fn forward_ids(&self, ids: &[u32], lengths: &[usize]) -> Result<Tensor<2>> {
        self.manifest.text()?;
        match &self.net {
            Net::MiniLm(net) => Ok(net.forward(ids, lengths, &self.device)),
            Net::Lite0(_) => unreachable!("its manifest has no text preprocessing"),
        }
    }

    /// Interleaved bytes → the network's planes `[rows, 3, size, size]`, as `(value - mean) / std`.
    fn normalise(&self, prep: &image::Preprocess, pixels: &[u8], rows: usize) -> Tensor<4> {
        let size = prep.size as usize;
        let area = size * size;
        assert_eq!(pixels.len(), rows * area * 3, "pixels are rows × size × size × 3 bytes");
        let mut planes = vec![0f32; pixels.len()];
        for (picture, out) in pixels.chunks_exact(area * 3).zip(planes.chunks_exact_mut(area * 3)) {
            for (i, rgb) in picture.chunks_exact(3).enumerate() {
                for (c, &value) in rgb.iter().enumerate() {
                    out[c * area + i] = (f32::from(value) - prep.mean) / prep.std;
                }
            }
        }
        Tensor::from_data(TensorData::new(planes, [rows, 3, size, size]), &self.device)
    }
}
