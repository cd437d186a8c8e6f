//! Encoded inputs → rows of numbers on the host. The only read-back of the hot path, and always the asynchronous one:
//! a browser cannot wait for a GPU.

mod matrix;
mod store;

pub use matrix::{Matrix, cosine, dot};
pub use store::RowStore;

use crate::backbone::Backbone;
use crate::device::Computer;
use crate::error::{Error, Result};

/// Features of one batch of encoded pictures (`rows × size × size × 3` bytes, RGB), `rows × dim`.
///
/// The caller bounds the batch: it is what one pass over the network holds in memory.
/// Errors: `gpu-lost`, `gpu-wrong`.
pub async fn extract(backbone: &Backbone, computer: &Computer, pixels: &[u8], rows: usize) -> Result<Matrix> {
    let features = backbone.forward_pixels(pixels, rows);
    let lost = |reason: String| Error::GpuLost { reason };
    let data = features.into_data_async().await.map_err(|e| lost(e.to_string()))?;
    computer.check()?;
    let values: Vec<f32> = data.try_into_vec().map_err(|e| lost(format!("{e:?}")))?;
    Ok(Matrix::new(backbone.manifest().dim, values))
}
