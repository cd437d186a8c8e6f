//! The stages that are trained, where they are trained: on the CPU, or on a GPU.

use std::sync::Arc;

use super::LOWER;
use super::lora::Lora;
use super::optimiser::{AdamW, Group};
use crate::backbone::kernels::{Moments, Move};
#[cfg(feature = "webgpu")]
use crate::backbone::tail::gpu::GpuTail;
use crate::backbone::tail::{Room, Span, Tail, tuned_file};
use crate::device::Computer;
use crate::error::Result;

pub struct Stages {
    tail: Arc<Tail>,
    rule: Rule,
    place: Place,
}

/// What the gradient moves.
enum Rule {
    /// All parameters.
    Each(AdamW),
    /// Updates of a low rank.
    LowRank(Box<Lora>),
}

enum Place {
    Cpu(Box<CpuTail>),
    #[cfg(feature = "webgpu")]
    Gpu(Box<GpuTail>),
}

struct CpuTail {
    tail: Arc<Tail>,
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    /// Where all parameters are moved.
    moments: Option<Moments>,
    room: Room,
}

impl Stages {
    /// `parameters`: as the checkpoint has them. `lora`: the rank of what is added to them, and the seed that it begins with.
    pub fn new(tail: Arc<Tail>, parameters: &[f32], computer: &Computer, lora: Option<(usize, u64)>) -> Self {
        let (rule, sizes) = match lora {
            Some((rank, seed)) => (Rule::LowRank(Lora::new(tail.spans(), parameters, rank, seed).into()), None),
            None => {
                let (optimiser, sizes) = AdamW::new(groups(tail.spans(), parameters), parameters);
                (Rule::Each(optimiser), Some(sizes))
            }
        };
        let place = match computer.gpu() {
            #[cfg(feature = "webgpu")]
            Some(_) => Place::Gpu(GpuTail::new(tail.clone(), parameters, sizes, computer).into()),
            _ => Place::Cpu(Box::new(CpuTail {
                tail: tail.clone(),
                parameters: parameters.to_vec(),
                gradient: vec![0.0; parameters.len()],
                moments: sizes.map(|sizes| Moments::new(parameters.to_vec(), sizes)),
                room: Room::default(),
            })),
        };
        Self { tail, rule, place }
    }

    pub fn on_gpu(&self) -> bool {
        !matches!(self.place, Place::Cpu(_))
    }

    /// As [`Tail::forward`]. Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn forward(&mut self, x: &[f32], lengths: &[usize]) -> Result<Vec<f32>> {
        match &mut self.place {
            Place::Cpu(cpu) => Ok(cpu.tail.forward(&cpu.parameters, x, lengths, &mut cpu.room).to_vec()),
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => gpu.forward(x, lengths).await,
        }
    }

    /// As [`Tail::backward`], after [`forward`](Self::forward) with the same arguments.
    pub fn backward(&mut self, x: &[f32], lengths: &[usize], slopes: &[f32], depth: usize) {
        match &mut self.place {
            Place::Cpu(cpu) => {
                let CpuTail { tail, parameters, gradient, room, .. } = &mut **cpu;
                tail.backward(parameters, x, lengths, slopes, depth, room, gradient);
            }
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => gpu.backward(slopes, depth),
        }
    }

    /// A step by the gradient of all since the last: see [`AdamW::step`]. Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn update(&mut self, rate: f64, depth: usize) -> Result<()> {
        match &mut self.rule {
            Rule::Each(optimiser) => {
                let steps = optimiser.step(rate, depth);
                self.place.apply(&steps);
                Ok(())
            }
            Rule::LowRank(lora) => self.place.alter(|gradient, all| lora.step(rate, depth, gradient, all)).await,
        }
    }

    /// Brings the parameters back by a part of their way from the start. After [`update`](Self::update), which leaves no gradient.
    /// Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn back(&mut self, part: f32) -> Result<()> {
        match &mut self.rule {
            Rule::Each(optimiser) => {
                let steps = optimiser.back(part);
                self.place.apply(&steps);
                Ok(())
            }
            Rule::LowRank(lora) => self.place.alter(|_, all| lora.back(part, all)).await,
        }
    }

    /// What was trained, as a safetensors file under the checkpoint's names: the tensors, or what is added to them. Errors:
    /// `gpu-lost`, `gpu-wrong`.
    pub async fn file(&self) -> Result<Vec<u8>> {
        match &self.rule {
            Rule::Each(_) => Ok(tuned_file(self.tail.spans(), &self.place.parameters().await?)),
            Rule::LowRank(lora) => Ok(lora.file()),
        }
    }

    /// Of all passes since the last step. Errors: `gpu-lost`, `gpu-wrong`.
    #[cfg(feature = "webgpu")]
    pub async fn gradient(&self) -> Result<Vec<f32>> {
        match &self.place {
            Place::Cpu(cpu) => Ok(cpu.gradient.clone()),
            Place::Gpu(gpu) => gpu.gradient().await,
        }
    }
}

impl Place {
    /// Moves all parameters, and leaves no gradient.
    fn apply(&mut self, steps: &[Move]) {
        match self {
            Place::Cpu(cpu) => {
                let moments = cpu.moments.as_mut().expect("all parameters are moved");
                for step in steps {
                    moments.apply(step, &mut cpu.parameters, &cpu.gradient);
                }
                cpu.gradient.fill(0.0);
            }
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => steps.iter().for_each(|step| gpu.apply(step)),
        }
    }

    /// Has the parameters altered by their gradient on the CPU, and leaves none. Of a GPU both come down for that.
    async fn alter(&mut self, how: impl FnOnce(&[f32], &mut [f32])) -> Result<()> {
        match self {
            Place::Cpu(cpu) => {
                how(&cpu.gradient, &mut cpu.parameters);
                cpu.gradient.fill(0.0);
            }
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => {
                let (gradient, mut parameters) = (gpu.gradient().await?, gpu.parameters().await?);
                how(&gradient, &mut parameters);
                gpu.put(parameters);
            }
        }
        Ok(())
    }

    /// Errors: `gpu-lost`, `gpu-wrong`.
    async fn parameters(&self) -> Result<Vec<f32>> {
        match self {
            Place::Cpu(cpu) => Ok(cpu.parameters.clone()),
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => gpu.parameters().await,
        }
    }
}

fn groups(spans: &[Span], parameters: &[f32]) -> Vec<Group> {
    let group = |span: &Span| {
        let outputs = if span.shape.len() > 1 { span.shape[0] } else { 1 };
        Group {
            range: span.range.clone(),
            row: span.range.len() / outputs,
            factor: LOWER.powi(span.stage as i32),
            // A channel that was dead at the start can come to life.
            floor: (0.1 * super::size(&parameters[span.range.clone()])).max(1e-4),
            stage: span.stage,
        }
    };
    spans.iter().map(group).collect()
}
