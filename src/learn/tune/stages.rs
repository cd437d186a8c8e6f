//! The stages that are trained, where they are trained: on the CPU, or on a GPU.

use std::sync::Arc;

use super::LOWER;
use super::optimiser::{AdamW, Group};
use crate::backbone::kernels::{Moments, Move};
#[cfg(feature = "webgpu")]
use crate::backbone::tail::gpu::GpuTail;
use crate::backbone::tail::{Room, Span, Tail};
use crate::device::Computer;
use crate::error::Result;

pub struct Stages {
    optimiser: AdamW,
    place: Place,
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
    moments: Moments,
    room: Room,
}

impl Stages {
    /// `parameters`: as the checkpoint has them.
    pub fn new(tail: Arc<Tail>, parameters: &[f32], computer: &Computer) -> Self {
        let (optimiser, sizes) = AdamW::new(groups(tail.spans(), parameters), parameters);
        let place = match computer.gpu() {
            #[cfg(feature = "webgpu")]
            Some(_) => Place::Gpu(GpuTail::new(tail, parameters, sizes, computer).into()),
            _ => Place::Cpu(Box::new(CpuTail {
                tail,
                parameters: parameters.to_vec(),
                gradient: vec![0.0; parameters.len()],
                moments: Moments::new(parameters.to_vec(), sizes),
                room: Room::default(),
            })),
        };
        Self { optimiser, place }
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

    /// A step by the gradient of all since the last: see [`AdamW::step`].
    pub fn update(&mut self, rate: f64, depth: usize) {
        let steps = self.optimiser.step(rate, depth);
        self.apply(&steps);
    }

    /// Brings the parameters back by a part of their way from the start. After [`update`](Self::update), which leaves no gradient.
    pub fn back(&mut self, part: f32) {
        let steps = self.optimiser.back(part);
        self.apply(&steps);
    }

    fn apply(&mut self, steps: &[Move]) {
        match &mut self.place {
            Place::Cpu(cpu) => {
                for step in steps {
                    cpu.moments.apply(step, &mut cpu.parameters, &cpu.gradient);
                }
                cpu.gradient.fill(0.0);
            }
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => steps.iter().for_each(|step| gpu.apply(step)),
        }
    }

    /// Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn parameters(&self) -> Result<Vec<f32>> {
        match &self.place {
            Place::Cpu(cpu) => Ok(cpu.parameters.clone()),
            #[cfg(feature = "webgpu")]
            Place::Gpu(gpu) => gpu.parameters().await,
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
