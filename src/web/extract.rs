//! Encoded inputs → features, on a device.

use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
#[cfg(feature = "webgpu")]
use crate::backbone::open_gpu;
use crate::backbone::{Backbone, Manifest, kernels};
use crate::device::Computer;
#[cfg(not(feature = "webgpu"))]
use crate::error::Error;
use crate::features;

/// A backbone on a device.
#[wasm_bindgen]
pub struct Extractor {
    backbone: Backbone,
    computer: Computer,
}

#[wasm_bindgen]
impl Extractor {
    /// `weights`: a file that [`super::encode`]'s `checkFile` has let pass. Every worker would hash the same 23 MB again.
    pub async fn load(manifest: String, weights: Vec<u8>, webgpu: bool) -> JsResult<Extractor> {
        let computer = open(webgpu).await?;
        let backbone = Backbone::load_checked(Manifest::parse(&manifest)?, &weights, &computer)?;
        Ok(Self { backbone, computer })
    }

    /// The same device with the tensors of `tuned`, a safetensors file, in the place of the pack's.
    pub fn tuned(&self, weights: &[u8], tuned: &[u8]) -> JsResult<Extractor> {
        let manifest = self.backbone.manifest().clone();
        let backbone = Backbone::load_tuned(manifest, weights, Some(tuned), &self.computer)?;
        Ok(Self { backbone, computer: self.computer.clone() })
    }

    /// On a GPU: compiles all kernels that batches of `rows` need. `done(parts, of)` is called as it goes.
    #[wasm_bindgen(js_name = warmUp)]
    pub async fn warm_up(&self, rows: usize, done: js_sys::Function) -> JsResult<()> {
        #[cfg(feature = "webgpu")]
        self.backbone
            .warm_up(rows, &mut |parts, of| {
                // A callback that throws has its own way to say so.
                let _ = done.call2(&JsValue::NULL, &(parts as f64).into(), &(of as f64).into());
            })
            .await?;
        #[cfg(not(feature = "webgpu"))]
        let _ = (rows, done);
        Ok(self.computer.check()?)
    }

    /// `rows` encoded pictures → `rows × dim` features.
    pub async fn extract(&self, pixels: Vec<u8>, rows: usize) -> JsResult<Float32Array> {
        let matrix = features::extract(&self.backbone, &self.computer, &pixels, rows).await?;
        Ok(matrix.values().into())
    }

    /// One encoded picture → the `cells × dim` values that its features are the means of, row by row from the top left.
    #[wasm_bindgen(js_name = featureMap)]
    pub async fn feature_map(&self, pixels: Vec<u8>) -> JsResult<Float32Array> {
        Ok(features::feature_map(&self.backbone, &self.computer, &pixels).await?.values().into())
    }

    /// One pass over a blank picture, or a text of `tokens` unknown words. `done(part, multiplications)` is called after each
    /// part of the network, and last after nothing but multiplications (`"peak"`): what `npm run bench` makes its profile of.
    /// Nothing is called on a GPU.
    pub fn profile(&self, tokens: usize, done: &js_sys::Function) -> JsResult<()> {
        let mut done = |part: &str, products: usize| {
            // A callback that throws has its own way to say so.
            let _ = done.call2(&JsValue::NULL, &part.into(), &(products as f64).into());
        };
        match self.backbone.manifest().image() {
            Ok(prep) => self.backbone.forward_pixels(&vec![0; prep.bytes()], 1, &mut done)?,
            Err(_) => self.backbone.forward_ids(&[vec![100; tokens]], &mut done)?,
        };
        if self.computer.gpu().is_none() {
            std::hint::black_box(kernels::peak());
            done("peak", kernels::PEAK_PRODUCTS);
        }
        Ok(())
    }

    /// Texts as token ids → `texts × dim` embeddings. `ids`: of all, one after another; `lengths`: of each.
    #[wasm_bindgen(js_name = extractTexts)]
    pub async fn extract_texts(&self, ids: Vec<u32>, lengths: Vec<u32>) -> JsResult<Float32Array> {
        let mut rest = ids.as_slice();
        let mut texts = Vec::with_capacity(lengths.len());
        for length in lengths {
            let (text, others) = rest.split_at(length as usize);
            texts.push(text.to_vec());
            rest = others;
        }
        Ok(features::extract_texts(&self.backbone, &self.computer, &texts).await?.values().into())
    }
}

/// The GPU, or the CPU. Errors: `no-webgpu`, `gpu-wrong`, `gpu-lost`.
pub async fn open(webgpu: bool) -> crate::Result<Computer> {
    if webgpu { open_gpu().await } else { Ok(Computer::cpu()) }
}

#[cfg(not(feature = "webgpu"))]
async fn open_gpu() -> crate::Result<Computer> {
    Err(Error::NoWebGpu { reason: "this is the CPU module".into() })
}
