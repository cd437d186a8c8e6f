//! Encoded inputs → rows of numbers on the host. The only read-back of the hot path, and always the asynchronous one:
//! a browser cannot wait for a GPU.

mod bucket;
mod matrix;
mod near;
mod nearest;
mod store;
mod windows;

pub use matrix::{Matrix, cosine, dot};
pub use near::Near;
pub use nearest::nearest;
pub use store::RowStore;
pub use windows::join_windows;

#[cfg(feature = "webgpu")]
use burn::tensor::Tensor;

use crate::backbone::{Backbone, Rows};
use crate::device::Computer;
#[cfg(feature = "webgpu")]
use crate::error::Error;
use crate::error::Result;

/// Tokens in one pass over a text backbone, a GPU's padding included: what it holds in memory.
const TOKENS: usize = 1024;

/// Features of one batch of encoded pictures (`rows × size × size × 3` bytes, RGB), `rows × dim`.
///
/// The caller bounds the batch: it is what one pass over the network holds in memory.
/// Errors: `gpu-lost`, `gpu-wrong`, `bad-pack`.
pub async fn extract(backbone: &Backbone, computer: &Computer, pixels: &[u8], rows: usize) -> Result<Matrix> {
    read_back(backbone, computer, backbone.forward_pixels(pixels, rows, &mut |_, _| {})?).await
}

/// The feature map of one encoded picture, `cells × dim`, as [`Backbone::feature_map`] has it.
///
/// Errors: `gpu-lost`, `gpu-wrong`, `bad-option` for a text backbone.
pub async fn feature_map(backbone: &Backbone, computer: &Computer, pixels: &[u8]) -> Result<Matrix> {
    read_back(backbone, computer, backbone.feature_map(pixels)?).await
}

/// Embeddings of texts, given as token ids, `texts × dim`, in the order given. On a GPU texts of like length share a pass,
/// so that short ones do not pay for long ones; a text's embedding does not depend on which.
///
/// Errors: `gpu-lost`, `gpu-wrong`, `bad-pack`.
pub async fn extract_texts(backbone: &Backbone, computer: &Computer, texts: &[Vec<u32>]) -> Result<Matrix> {
    let dim = backbone.manifest().dim;
    let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
    let mut values = vec![0.0; texts.len() * dim];
    let passes =
        if computer.gpu().is_some() { bucket::alike(&lengths, TOKENS) } else { bucket::in_turn(&lengths, TOKENS) };
    for bucket in passes {
        let pass: Vec<Vec<u32>> = bucket.iter().map(|&i| texts[i].clone()).collect();
        let rows = read_back(backbone, computer, backbone.forward_ids(&pass, &mut |_, _| {})?).await?;
        for (row, &i) in bucket.iter().enumerate() {
            values[i * dim..(i + 1) * dim].copy_from_slice(rows.row(row));
        }
    }
    Ok(Matrix::new(dim, values))
}

/// Encoded pictures where the last `stages` begin, one after another: see [`crate::backbone::tail`].
///
/// Errors: `gpu-lost`, `gpu-wrong`, `bad-pack` for a text backbone.
pub async fn boundary_pixels(
    backbone: &Backbone,
    computer: &Computer,
    pixels: &[u8],
    stages: usize,
) -> Result<Vec<f32>> {
    let bytes = backbone.manifest().image()?.bytes();
    #[cfg(feature = "webgpu")]
    if let Some(values) = backbone.gpu_boundary_pixels(pixels, stages) {
        return read(computer, values).await;
    }
    let _ = computer;
    let pictures = pixels.chunks_exact(bytes).map(|picture| backbone.boundary_pixels(picture, stages));
    Ok(pictures.collect::<Result<Vec<_>>>()?.concat())
}

/// A text where the last `layers` begin. Errors: `gpu-lost`, `gpu-wrong`, `bad-pack` for an image backbone.
pub async fn boundary_ids(backbone: &Backbone, computer: &Computer, text: &[u32], layers: usize) -> Result<Vec<f32>> {
    #[cfg(feature = "webgpu")]
    if let Some(values) = backbone.gpu_boundary_ids(text, layers) {
        return read(computer, values).await;
    }
    let _ = computer;
    backbone.boundary_ids(text, layers)
}

async fn read_back(backbone: &Backbone, computer: &Computer, rows: Rows) -> Result<Matrix> {
    let values = match rows {
        Rows::Host(values) => values,
        #[cfg(feature = "webgpu")]
        Rows::Gpu(tensor) => read(computer, tensor).await?,
    };
    computer.check()?;
    Ok(Matrix::new(backbone.manifest().dim, values))
}

#[cfg(feature = "webgpu")]
async fn read<const D: usize>(computer: &Computer, tensor: Tensor<D>) -> Result<Vec<f32>> {
    let lost = |reason: String| Error::GpuLost { reason };
    let data = tensor.into_data_async().await.map_err(|e| lost(e.to_string()))?;
    let values = data.try_into_vec().map_err(|e| lost(format!("{e:?}")))?;
    computer.check()?;
    Ok(values)
}
