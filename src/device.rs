//! Which computer is this: WebGPU (Vulkan, Metal, DX12 natively), or the CPU.
//!
//! Two hazards make this room. A shader that does not compile is silent in a browser: cubecl cannot wait for its
//! validation there, and the kernel then leaves its output as it was. And cubecl answers an uncaptured GPU error with
//! a panic inside a browser callback, which would kill the module. So the errors are caught here and kept, and
//! `backbone` uses no GPU before it has reproduced results of the CPU.

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

    /// Opens the GPU.
    ///
    /// Errors: `no-webgpu`: no adapter, or one that lacks what burn needs.
    #[cfg(feature = "webgpu")]
    pub async fn webgpu() -> Result<Self> {
        gpu::open().await
    }
}

#[cfg(feature = "webgpu")]
mod gpu {
    use std::sync::{Arc, Mutex};

    use burn::tensor::Device;
    use burn::tensor::wgpu::{WgpuBackend, wgpu};

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
        Ok(Computer { kind: "webgpu", adapter, gpu: Some(device) })
    }
}
