//! The arithmetic of a forward pass on a GPU: what a layer does to its sums is done before they are written, and nothing is
//! laid out anew in between. burn's own convolution reads every weight of a depthwise layer anew into another order for each
//! call, and its activations and sums are passes of their own.
//!
//! A unit is a thread of the GPU. All values come four side by side, so widths are multiples of four.

mod attention;
mod check;
mod convolution;
mod linear;
mod norm;
mod pool;
pub mod train;

use burn::backend::Wgpu;
use burn::backend::wgpu::CubeTensor;
use burn::cubecl::prelude::{CubeCount, CubeDim};
use burn::tensor::{DType, Device, Int, Shape, Tensor, TensorData};

use crate::device::Computer;
use crate::error::{Error, Result};

pub use attention::attention;
pub use check::check;
pub use convolution::{Depthwise, Stem};
pub use linear::{Linear, Then};
pub use norm::{Embeddings, Norm};
pub use pool::{Mean, mean};

/// Units in a group.
const GROUP: u32 = 64;
/// Groups in one dimension, at most: WebGPU allows 65535.
const GROUPS: usize = 32768;

/// Numbers on the GPU, one after another.
#[derive(Debug, Clone)]
pub struct Buffer(CubeTensor);

impl Buffer {
    pub fn new(values: Vec<f32>, device: &Device) -> Self {
        let shape = [values.len()];
        Self::of(Tensor::<1>::from_data(TensorData::new(values, shape), device))
    }

    pub fn of<const D: usize>(values: Tensor<D>) -> Self {
        let values = values.try_into_primitive::<Wgpu>().expect("a tensor on a GPU, outside of autodiff");
        assert!(values.is_contiguous(), "one after another");
        Self(values)
    }

    pub fn integers(values: Vec<i32>, device: &Device) -> Self {
        let shape = [values.len()];
        let values = Tensor::<1, Int>::from_data(TensorData::new(values, shape), (device, DType::I32));
        Self(values.try_into_primitive::<Wgpu>().expect("a tensor on a GPU"))
    }

    pub fn len(&self) -> usize {
        self.0.meta.shape().num_elements()
    }

    /// The same numbers as burn has them.
    pub fn tensor<const D: usize>(self, shape: [usize; D]) -> Tensor<D> {
        let len = self.len();
        Tensor::<1>::from_primitive::<Wgpu>(self.flat(len)).reshape(shape)
    }

    /// What they are, once they are computed. Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn read(&self, computer: &Computer) -> Result<Vec<f32>> {
        let lost = |reason: String| Error::GpuLost { reason };
        let data = self.clone().tensor([self.len()]).into_data_async().await.map_err(|e| lost(e.to_string()))?;
        let values = data.try_into_vec().map_err(|e| lost(format!("{e:?}")))?;
        computer.check()?;
        Ok(values)
    }

    fn flat(self, len: usize) -> CubeTensor {
        let CubeTensor { client, handle, device, dtype, .. } = self.0;
        CubeTensor::new_contiguous(client, device, Shape::new([len]), handle, dtype)
    }

    /// Room for `len` numbers on the same GPU.
    fn room(&self, len: usize) -> Self {
        let CubeTensor { client, device, .. } = &self.0;
        let handle = client.empty(len * size_of::<f32>());
        Self(CubeTensor::new_contiguous(client.clone(), device.clone(), Shape::new([len]), handle, DType::F32))
    }
}

/// Groups that make up so many units, or a few more.
fn units(count: usize) -> (CubeCount, CubeDim) {
    let groups = count.div_ceil(GROUP as usize).max(1);
    let across = groups.min(GROUPS);
    (CubeCount::Static(across as u32, groups.div_ceil(across) as u32, 1), CubeDim::new_1d(GROUP))
}
