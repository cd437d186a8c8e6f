//! The cores, and the GPU where there is one.

use std::sync::atomic::{AtomicUsize, Ordering};

use headstart::backbone::Backbone;
use headstart::device::Computer;
use serde::Serialize;

use crate::failure::Failure;
use crate::options::{Device, Everywhere};
use crate::pack::Pack;

/// What runs the backbone.
pub struct Machine {
    pub computer: Computer,
    pub backbone: Backbone,
    pub threads: usize,
    /// Why it is this one.
    pub reason: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct DeviceReport {
    pub kind: &'static str,
    pub adapter: String,
    pub reason: String,
    pub threads: usize,
}

impl Machine {
    /// `tuned`: the file of stages that were trained. Errors: `no-webgpu`, `gpu-wrong`, `gpu-lost`, `bad-pack`.
    pub fn open(pack: &Pack, tuned: Option<&[u8]>, everywhere: &Everywhere) -> Result<Self, Failure> {
        let threads = everywhere.threads();
        let (computer, reason) = choose(everywhere.device)?;
        let load = |computer: &Computer| Backbone::load_tuned(pack.manifest.clone(), &pack.weights, tuned, computer);
        let machine = Self { backbone: load(&computer)?, computer, threads, reason };
        #[cfg(feature = "webgpu")]
        if everywhere.device == Device::Auto && machine.computer.gpu().is_some() {
            return gpu::or_cpu(machine, load(&Computer::cpu())?);
        }
        Ok(machine)
    }

    pub fn report(&self) -> DeviceReport {
        let Computer { kind, adapter, .. } = &self.computer;
        DeviceReport { kind, adapter: adapter.clone(), reason: self.reason.clone(), threads: self.threads }
    }
}

/// `one` for each item, on so many threads, each with what `own` makes for it. → in the order of the items.
pub fn each<T: Sync, W, R: Send>(
    threads: usize,
    items: &[T],
    own: impl Fn() -> W + Sync,
    one: impl Fn(&mut W, usize, &T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut own, mut done) = (own(), Vec::new());
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(i) else { return done };
            done.push((i, one(&mut own, i, item)));
        }
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads.min(items.len())).map(|_| scope.spawn(work)).collect();
        // A thread that panics has said so on stderr, and ends the program as it should.
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread's work is done")).collect()
    });
    done.sort_unstable_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(not(feature = "webgpu"))]
fn choose(device: Device) -> Result<(Computer, String), Failure> {
    const WITHOUT: &str = "this program was built without the feature `webgpu`";
    match device {
        Device::Webgpu => Err(headstart::Error::NoWebGpu { reason: WITHOUT.into() }.into()),
        Device::Cpu => Ok((Computer::cpu(), "it was asked for".into())),
        Device::Auto => Ok((Computer::cpu(), WITHOUT.into())),
    }
}

#[cfg(feature = "webgpu")]
use gpu::choose;

#[cfg(feature = "webgpu")]
mod gpu {
    use std::time::Instant;

    use headstart::backbone::{Backbone, open_gpu};
    use headstart::device::Computer;
    use headstart::encode::Preprocess;
    use headstart::features::{extract, extract_texts};

    use super::Machine;
    use crate::encoder::GPU_ROWS;
    use crate::failure::Failure;
    use crate::options::Device;

    pub fn choose(device: Device) -> Result<(Computer, String), Failure> {
        if device == Device::Cpu {
            return Ok((Computer::cpu(), "it was asked for".into()));
        }
        match pollster::block_on(open_gpu()) {
            Ok(computer) if device == Device::Webgpu => Ok((computer, "it was asked for".into())),
            Ok(computer) => Ok((computer, "it is faster than the CPU".into())),
            Err(error) if device == Device::Webgpu => Err(error.into()),
            Err(error) => Ok((Computer::cpu(), error.to_string())),
        }
    }

    /// The GPU, or the CPU with all its threads, whichever is faster at a blank batch.
    pub fn or_cpu(gpu: Machine, backbone: Backbone) -> Result<Machine, Failure> {
        let ours = seconds(&gpu.backbone, &gpu.computer, GPU_ROWS)? / GPU_ROWS as f64;
        let (computer, threads) = (Computer::cpu(), gpu.threads);
        let theirs = seconds(&backbone, &computer, 1)? / threads as f64;
        if ours < theirs {
            return Ok(gpu);
        }
        let adapter = &gpu.computer.adapter;
        let reason =
            format!("the CPU is faster than {adapter}: {:.1} ms a sample against {:.1}", theirs * 1e3, ours * 1e3);
        Ok(Machine { computer, backbone, threads, reason })
    }

    /// Of a second pass, after what is compiled in the first.
    fn seconds(backbone: &Backbone, computer: &Computer, rows: usize) -> Result<f64, Failure> {
        let pass = || match &backbone.manifest().preprocess {
            Preprocess::Image(prep) => {
                pollster::block_on(extract(backbone, computer, &vec![0; rows * prep.bytes()], rows))
            }
            Preprocess::Text(_) => pollster::block_on(extract_texts(backbone, computer, &vec![vec![100; 32]; rows])),
        };
        pass()?;
        let start = Instant::now();
        pass()?;
        Ok(start.elapsed().as_secs_f64())
    }
}
