//! Which computer is this: WebGPU (Vulkan, Metal, DX12 natively) after a self-check against the CPU, or the CPU.
//!
//! Two hazards make this room. A shader that does not compile is silent in a browser: cubecl cannot wait for its
//! validation there, and the kernel then leaves its output as it was. And cubecl answers an uncaptured GPU error with
//! a panic inside a browser callback, which would kill the module. So the errors are caught here and kept, and no
//! GPU is used before it has reproduced a few small results of the CPU.

#[cfg(feature = "webgpu")]
use burn::tensor::Device;

use crate::error::Result;

/// The computer that was chosen and why.
#[derive(Debug, Clone)]
pub struct Computer {
    /// `webgpu` or `cpu`.
    pub kind: &'static str,
    /// The GPU's own name, or the CPU backend's.
    pub adapter: String,
    #[cfg(feature = "webgpu")]
    gpu: Option<Device>,
}

/// Where there is no GPU to be had.
#[cfg(not(feature = "webgpu"))]
#[derive(Debug)]
pub enum Device {}

impl Computer {
    /// Our own kernels: pure Rust with SIMD, in a browser and natively.
    pub fn cpu() -> Self {
        Self {
            kind: "cpu",
            adapter: "the CPU".into(),
            #[cfg(feature = "webgpu")]
            gpu: None,
        }
    }

    /// The GPU, if that is what this is.
    pub fn gpu(&self) -> Option<&Device> {
        #[cfg(feature = "webgpu")]
        return self.gpu.as_ref();
        #[cfg(not(feature = "webgpu"))]
        None
    }

    /// Errors: `gpu-wrong` or `gpu-lost` when the GPU has reported a problem since it was opened.
    pub fn check(&self) -> Result<()> {
        #[cfg(feature = "webgpu")]
        if self.kind == "webgpu" {
            return gpu::check();
        }
        Ok(())
    }

    /// Opens the GPU and checks it.
    ///
    /// Errors: `no-webgpu` (no adapter, or one that lacks what burn needs), `gpu-wrong` (the self-check failed).
    #[cfg(feature = "webgpu")]
    pub async fn webgpu() -> Result<Self> {
        gpu::open().await
    }
}

#[cfg(feature = "webgpu")]
mod gpu {
    use std::sync::{Arc, Mutex};

    use burn::tensor::module::conv2d;
    use burn::tensor::ops::ConvOptions;
    use burn::tensor::wgpu::{WgpuBackend, wgpu};
    use burn::tensor::{Device, Int, Tensor, TensorData, activation};

    use super::Computer;
    use crate::error::{Error, Result};

    /// More than either backbone has.
    const BATCH_KERNELS: usize = 1024;

    /// The first uncaptured error. A page has one GPU device, so it has one of these.
    static FAULT: Mutex<Option<Error>> = Mutex::new(None);

    pub(super) fn check() -> Result<()> {
        FAULT.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    pub(super) async fn open() -> Result<Computer> {
        // In a browser only WebGPU exists; natively it means the platform's own API.
        let api = if cfg!(target_arch = "wasm32") { WgpuBackend::WebGpu } else { WgpuBackend::Auto };
        let (device, setup) = Device::wgpu_options()
            .graphics_api(api)
            // Kernels to a submission, at most: a batch is one, sent when its rows are asked for.
            .tasks_max(BATCH_KERNELS)
            .init_with_setup_async()
            .await
            .map_err(|e| Error::NoWebGpu { reason: e.to_string() })?;
        // cubecl's first stream panics in a browser without it.
        if cfg!(target_arch = "wasm32") && !setup.adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err(Error::NoWebGpu { reason: "the adapter has no timestamp-query".into() });
        }
        // Has to come after cubecl has installed its own, which panics.
        setup.device.on_uncaptured_error(Arc::new(|error| {
            let fault = match error {
                wgpu::Error::OutOfMemory { .. } => Error::GpuLost { reason: "it is out of memory".into() },
                error => Error::GpuWrong { check: format!("a kernel ({error})") },
            };
            FAULT.lock().unwrap().get_or_insert(fault);
        }));
        let info = setup.adapter.get_info();
        // Browsers often keep the name to themselves.
        let adapter = if info.name.is_empty() { format!("{:?}", info.device_type) } else { info.name };
        self_check(&device).await?;
        Ok(Computer { kind: "webgpu", adapter, gpu: Some(device) })
    }

    /// The shapes that the backbones and heads lean on, on numbers that no zero or constant output could imitate.
    async fn self_check(gpu: &Device) -> Result<()> {
        let cpu = &Device::flex();
        agree("a convolution", gpu, cpu, |d| {
            conv2d(
                ramp([1, 8, 9, 9], 0.3, d),
                ramp([8, 1, 3, 3], 0.7, d),
                Some(ramp([8], 0.1, d)),
                ConvOptions::new_with_padding([2, 2], [(0, 1), (0, 1)], [1, 1], 8),
            )
            .flatten::<1>(0, 3)
        })
        .await?;
        agree("a product with K = 1280", gpu, cpu, |d| {
            ramp([4, 1280], 0.01, d).matmul(ramp([1280, 10], 0.02, d)).flatten::<1>(0, 1)
        })
        .await?;
        agree("a product with K = 384", gpu, cpu, |d| {
            ramp([5, 384], 0.01, d).matmul(ramp([384, 7], 0.02, d)).flatten::<1>(0, 1)
        })
        .await?;
        agree("softmax", gpu, cpu, |d| activation::softmax(ramp([3, 17], 2.0, d), 1).flatten::<1>(0, 1)).await?;
        agree("a sum", gpu, cpu, |d| ramp::<2>([3, 1000], 1.0, d).sum_dim(1).flatten::<1>(0, 1)).await?;
        agree("a lookup, a mask, GELU or a norm", gpu, cpu, |d| {
            let rows = Tensor::<1, Int>::from_data(TensorData::new(vec![5i32, 0, 3, 3], [4]), d);
            let mask = TensorData::new((0..160).map(|i| i % 7 == 0).collect::<Vec<bool>>(), [4, 40]);
            let x = ramp::<2>([6, 40], 0.3, d).select(0, rows).mask_fill(Tensor::from_data(mask, d), -1.5);
            let x = activation::gelu(x);
            let (variance, mean) = x.clone().var_mean_bias(1);
            ((x - mean) / (variance + 1e-12).sqrt()).flatten::<1>(0, 1)
        })
        .await
    }

    /// Both devices do `work`; every value within 1e-3 of the largest.
    async fn agree(name: &str, gpu: &Device, cpu: &Device, work: impl Fn(&Device) -> Tensor<1>) -> Result<()> {
        let wrong = || Error::GpuWrong { check: name.to_owned() };
        let got = read(work(gpu)).await?;
        let want = read(work(cpu)).await?;
        check()?;
        let scale = want.iter().fold(0f32, |m, v| m.max(v.abs()));
        let close = got.len() == want.len() && got.iter().zip(&want).all(|(g, w)| (g - w).abs() <= 1e-3 * scale);
        if close { Ok(()) } else { Err(wrong()) }
    }

    async fn read(tensor: Tensor<1>) -> Result<Vec<f32>> {
        let data = tensor.into_data_async().await.map_err(|e| Error::GpuLost { reason: e.to_string() })?;
        data.try_into_vec().map_err(|e| Error::GpuLost { reason: format!("{e:?}") })
    }

    fn ramp<const D: usize>(shape: [usize; D], step: f32, device: &Device) -> Tensor<D> {
        let values: Vec<f32> = (0..shape.iter().product()).map(|i: usize| (i as f32 * step).sin()).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }
}
