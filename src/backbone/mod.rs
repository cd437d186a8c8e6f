//! Weights → features. One file a model; field names are the checkpoint's keys.
//!
//! On the CPU a model runs on our own [`kernels`], on a GPU it is burn's.

pub mod kernels;
pub mod lite0;
pub mod minilm;
pub mod pack;
pub mod tail;
mod weights;

use std::sync::{Arc, Mutex};

#[cfg(feature = "webgpu")]
use burn::tensor::Tensor;

pub use lite0::Lite0;
pub use minilm::MiniLm;
pub use pack::Manifest;
pub use tail::Span;
pub use weights::Weights;

use crate::device::Computer;
use crate::error::{Error, Result};

/// The architectures a pack can name, on the CPU and on a GPU.
#[derive(Debug)]
enum Net {
    Lite0(Arc<lite0::cpu::Lite0>, Mutex<lite0::cpu::Scratch>),
    MiniLm(Arc<minilm::cpu::MiniLm>, Mutex<minilm::cpu::Scratch>),
    #[cfg(feature = "webgpu")]
    GpuLite0(Box<lite0::gpu::Lite0>),
    #[cfg(feature = "webgpu")]
    GpuMiniLm(Box<minilm::gpu::MiniLm>),
}

/// A pack on a device, ready to turn encoded inputs into features.
#[derive(Debug)]
pub struct Backbone {
    manifest: Manifest,
    net: Net,
}

/// Feature rows where the device left them.
#[derive(Debug)]
pub enum Rows {
    Host(Vec<f32>),
    #[cfg(feature = "webgpu")]
    Gpu(Tensor<2>),
}

impl Backbone {
    /// Builds the network from a manifest and the bytes of its weights file, after checking their hash.
    ///
    /// Errors: `hash-mismatch`, `bad-pack`; each names the file.
    pub fn load(manifest: Manifest, weights: &[u8], computer: &Computer) -> Result<Self> {
        manifest.check_file(&manifest.weights()?.name, weights)?;
        Self::load_checked(manifest, weights, computer)
    }

    /// The same from bytes whose hash was checked already, by [`Manifest::check_hash`].
    ///
    /// Errors: `bad-pack`.
    pub fn load_checked(manifest: Manifest, weights: &[u8], computer: &Computer) -> Result<Self> {
        Self::load_tuned(manifest, weights, None, computer)
    }

    /// The same with the tensors of another file, [`tail::tuned_file`], in the place of the pack's.
    ///
    /// Errors: `bad-pack`.
    pub fn load_tuned(manifest: Manifest, weights: &[u8], tuned: Option<&[u8]>, computer: &Computer) -> Result<Self> {
        let mut weights = Weights::parse(&manifest.weights()?.name, weights)?;
        if let Some(tuned) = tuned {
            weights.replace(tuned)?;
        }
        Self::build(manifest, weights, computer)
    }

    /// The same from tensors wherever they are from.
    ///
    /// Errors: `bad-pack`.
    pub fn build(manifest: Manifest, mut weights: Weights, computer: &Computer) -> Result<Self> {
        let net = match manifest.architecture.as_str() {
            "efficientnet-lite0" => {
                let fits = manifest.task == "image" && manifest.image()?.size as usize == lite0::SIZE;
                manifest.expect(lite0::DIM, fits, "pictures")?;
                match computer.gpu() {
                    #[cfg(feature = "webgpu")]
                    Some(device) => {
                        Net::GpuLite0(lite0::gpu::Lite0::load(&mut weights, manifest.image()?, device)?.into())
                    }
                    _ => {
                        let net = lite0::cpu::Lite0::load(&mut weights, manifest.image()?)?;
                        Net::Lite0(net.into(), Mutex::default())
                    }
                }
            }
            "minilm-l6" => {
                let fits = manifest.task == "text" && manifest.text()?.max_tokens <= minilm::POSITIONS;
                manifest.expect(minilm::DIM, fits, "texts")?;
                match computer.gpu() {
                    #[cfg(feature = "webgpu")]
                    Some(device) => Net::GpuMiniLm(minilm::gpu::MiniLm::load(&mut weights, device)?.into()),
                    _ => Net::MiniLm(minilm::cpu::MiniLm::load(&mut weights)?.into(), Mutex::default()),
                }
            }
            other => return Err(unknown(other)),
        };
        weights.finish()?;
        Ok(Self { manifest, net })
    }

    /// The same weights with room of their own, for another core. `None` on a GPU, which is one.
    pub fn beside(&self) -> Option<Self> {
        let net = match &self.net {
            Net::Lite0(net, _) => Net::Lite0(net.clone(), Mutex::default()),
            Net::MiniLm(net, _) => Net::MiniLm(net.clone(), Mutex::default()),
            #[cfg(feature = "webgpu")]
            Net::GpuLite0(_) | Net::GpuMiniLm(_) => return None,
        };
        Some(Self { manifest: self.manifest.clone(), net })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Pooled features, `rows × dim`, of encoded pictures: `rows × size × size × 3` bytes, RGB. On the CPU `done` hears of
    /// each part of the network when it is: its name, and its multiplications.
    ///
    /// Errors: `bad-pack` for a text backbone.
    pub fn forward_pixels(&self, pixels: &[u8], rows: usize, done: &mut dyn FnMut(&str, usize)) -> Result<Rows> {
        let prep = self.manifest.image()?;
        assert_eq!(pixels.len(), rows * prep.bytes(), "pixels are rows × size × size × 3 bytes");
        match &self.net {
            Net::Lite0(net, scratch) => {
                let scratch = &mut scratch.lock().expect("a pass that panicked ends the module");
                let mut out = vec![0.0; rows * lite0::DIM];
                for (picture, out) in pixels.chunks_exact(prep.bytes()).zip(out.chunks_exact_mut(lite0::DIM)) {
                    net.forward(picture, scratch, out, done);
                }
                Ok(Rows::Host(out))
            }
            #[cfg(feature = "webgpu")]
            Net::GpuLite0(net) => Ok(Rows::Gpu(net.forward(pixels))),
            _ => unreachable!("its manifest has no image preprocessing"),
        }
    }

    /// One encoded picture where the last `stages` begin: see [`tail`]. On the CPU only.
    ///
    /// Errors: `bad-pack` for a text backbone.
    pub fn boundary_pixels(&self, pixels: &[u8], stages: usize) -> Result<Vec<f32>> {
        assert_eq!(pixels.len(), self.manifest.image()?.bytes(), "pixels are size × size × 3 bytes");
        match &self.net {
            Net::Lite0(net, scratch) => {
                let scratch = &mut scratch.lock().expect("a pass that panicked ends the module");
                Ok(net.boundary(pixels, stages, scratch).to_vec())
            }
            _ => unreachable!("what is trained on the CPU is loaded there"),
        }
    }

    /// Hidden states of a text where the last `layers` begin, `tokens × 384`: see [`tail`]. On the CPU only.
    ///
    /// Errors: `bad-pack` for an image backbone.
    pub fn boundary_ids(&self, text: &[u32], layers: usize) -> Result<Vec<f32>> {
        self.manifest.text()?;
        match &self.net {
            Net::MiniLm(net, scratch) => {
                let scratch = &mut scratch.lock().expect("a pass that panicked ends the module");
                Ok(net.boundary(&[text.to_vec()], layers, scratch).to_vec())
            }
            _ => unreachable!("what is trained on the CPU is loaded there"),
        }
    }

    /// Encoded pictures where the last `stages` begin, on a GPU, if that is where this is.
    #[cfg(feature = "webgpu")]
    pub fn gpu_boundary_pixels(&self, pixels: &[u8], stages: usize) -> Option<Tensor<1>> {
        match &self.net {
            Net::GpuLite0(net) => Some(net.boundary(pixels, stages)),
            _ => None,
        }
    }

    /// A text where the last `layers` begin, on a GPU, if that is where this is.
    #[cfg(feature = "webgpu")]
    pub fn gpu_boundary_ids(&self, text: &[u32], layers: usize) -> Option<Tensor<1>> {
        match &self.net {
            Net::GpuMiniLm(net) => Some(net.boundary(text, layers)),
            _ => None,
        }
    }

    /// The feature map of one encoded picture, `cells × dim`: row by row from the top left, and its mean over the cells is
    /// the pooled feature.
    ///
    /// Errors: `bad-option` for a text backbone.
    pub fn feature_map(&self, pixels: &[u8]) -> Result<Rows> {
        let no_map = |_| Error::BadOption { option: "data", why: "a text has no feature map".into() };
        let prep = self.manifest.image().map_err(no_map)?;
        assert_eq!(pixels.len(), prep.bytes(), "pixels are size × size × 3 bytes");
        match &self.net {
            Net::Lite0(net, scratch) => {
                let scratch = &mut scratch.lock().expect("a pass that panicked ends the module");
                Ok(Rows::Host(net.feature_map(pixels, scratch).to_vec()))
            }
            #[cfg(feature = "webgpu")]
            Net::GpuLite0(net) => Ok(Rows::Gpu(net.feature_map(pixels))),
            _ => unreachable!("its manifest has no image preprocessing"),
        }
    }

    /// Embeddings, `texts × dim`, of texts as token ids, each an unit vector. `done` as in [`Backbone::forward_pixels`].
    ///
    /// Errors: `bad-pack` for an image backbone.
    pub fn forward_ids(&self, texts: &[Vec<u32>], done: &mut dyn FnMut(&str, usize)) -> Result<Rows> {
        self.manifest.text()?;
        match &self.net {
            Net::MiniLm(net, scratch) => {
                let mut out = vec![0.0; texts.len() * minilm::DIM];
                let scratch = &mut scratch.lock().expect("a pass that panicked ends the module");
                net.forward(texts, scratch, &mut out, done);
                Ok(Rows::Host(out))
            }
            #[cfg(feature = "webgpu")]
            Net::GpuMiniLm(net) => Ok(Rows::Gpu(net.forward(texts))),
            _ => unreachable!("its manifest has no text preprocessing"),
        }
    }

    /// On a GPU a blank input goes through the network part by part, and each is waited for: then every kernel is compiled before
    /// somebody needs it. `done` hears how many parts are, of how many. On the CPU there is nothing to do.
    ///
    /// Errors: `gpu-lost`.
    #[cfg(feature = "webgpu")]
    pub async fn warm_up(&self, rows: usize, done: &mut dyn FnMut(usize, usize)) -> Result<()> {
        let mut parts = 0;
        match &self.net {
            Net::GpuLite0(net) => {
                let blank = vec![0; rows * self.manifest.image()?.bytes()];
                net.warm_up(&blank, async |x| {
                    settle(x).await?;
                    parts += 1;
                    done(parts, net.parts());
                    Ok(())
                })
                .await
            }
            Net::GpuMiniLm(net) => {
                // All six layers have the same kernels, and texts of all lengths.
                settle(net.forward(&vec![vec![100; 16]; rows])).await?;
                done(1, 1);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Opens the GPU and has it reproduce results of the CPU with every kernel. None is used before.
///
/// Errors: `no-webgpu`, `gpu-wrong`, `gpu-lost`.
#[cfg(feature = "webgpu")]
pub async fn open_gpu() -> Result<Computer> {
    let computer = Computer::webgpu().await?;
    if let Some(device) = computer.gpu() {
        kernels::gpu::check(&computer, device).await?;
    }
    Ok(computer)
}

/// Waits until a tensor has been computed.
#[cfg(feature = "webgpu")]
async fn settle<const D: usize>(x: Tensor<D>) -> Result<()> {
    let first = x.slice(std::array::from_fn::<_, D, _>(|_| 0..1)).into_data_async().await;
    first.map(|_| ()).map_err(|e| Error::GpuLost { reason: e.to_string() })
}

fn unknown(architecture: &str) -> Error {
    Error::BadPack { file: "manifest.json".into(), why: format!("architecture `{architecture}` is unknown here") }
}
