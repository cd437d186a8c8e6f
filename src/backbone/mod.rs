//! Weights → features. One file a model; field names are the checkpoint's keys.

pub mod lite0;
pub mod pack;
mod weights;

use burn::tensor::{Device, Tensor, TensorData};

pub use lite0::Lite0;
pub use pack::Manifest;
pub use weights::Weights;

use crate::error::{Error, Result};

/// The architectures a pack can name.
#[derive(Debug, Clone)]
enum Net {
    Lite0(Lite0),
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
                manifest.expect("image", lite0::DIM, lite0::SIZE)?;
                Net::Lite0(Lite0::load(&mut weights, device)?)
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
    /// The tensor stays on the device; [`crate::features::extract`] reads it back.
    pub fn forward_pixels(&self, pixels: &[u8], rows: usize) -> Tensor<2> {
        let input = self.normalise(pixels, rows);
        match &self.net {
            Net::Lite0(net) => net.forward(input),
        }
    }

    /// Interleaved bytes → the network's planes `[rows, 3, size, size]`, as `(value - mean) / std`.
    fn normalise(&self, pixels: &[u8], rows: usize) -> Tensor<4> {
        let prep = &self.manifest.preprocess;
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
