//! A tail on a GPU: parameters, gradients and the optimiser's means stay there. What goes up is inputs and the gradient by the
//! features, what comes down is features.

use std::sync::Arc;

use burn::tensor::Device;

use super::Tail;
use crate::backbone::kernels::Move;
use crate::backbone::kernels::gpu::Buffer;
use crate::backbone::kernels::gpu::train::Moments;
use crate::backbone::{lite0, minilm};
use crate::device::Computer;
use crate::error::Result;

#[derive(Debug)]
pub struct GpuTail {
    tail: Arc<Tail>,
    computer: Computer,
    device: Device,
    parameters: Buffer,
    gradient: Buffer,
    /// Where all parameters are moved here.
    moments: Option<Moments>,
    pass: Option<Pass>,
}

/// What a pass leaves behind for the way back.
#[derive(Debug)]
enum Pass {
    Lite0(lite0::tail::gpu::Pass),
    /// And the embeddings, with what the means were multiplied by.
    MiniLm(minilm::tail::gpu::Pass, Vec<f32>, Vec<f32>),
}

impl GpuTail {
    /// `sizes`: of the optimiser's rows, where it moves all parameters. `computer`: one with a GPU.
    pub fn new(tail: Arc<Tail>, parameters: &[f32], sizes: Option<Vec<f32>>, computer: &Computer) -> Self {
        let device = computer.gpu().expect("a computer with a GPU").clone();
        Self {
            tail,
            parameters: Buffer::new(parameters.to_vec(), &device),
            gradient: Buffer::new(vec![0.0; parameters.len()], &device),
            moments: sizes.map(|sizes| Moments::new(parameters.to_vec(), sizes, &device)),
            pass: None,
            computer: computer.clone(),
            device,
        }
    }

    /// As [`Tail::forward`]. Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn forward(&mut self, x: &[f32], lengths: &[usize]) -> Result<Vec<f32>> {
        let x = Buffer::new(x.to_vec(), &self.device);
        // What the last pass has left is room for this one.
        self.pass = None;
        match &*self.tail {
            Tail::Lite0(tail) => {
                let (features, pass) = tail.forward_gpu(&self.parameters, x, &self.device);
                self.pass = Some(Pass::Lite0(pass));
                features.read(&self.computer).await
            }
            Tail::MiniLm(tail) => {
                let (means, pass) = tail.forward_gpu(&self.parameters, x, lengths, &self.device);
                let mut embeddings = means.read(&self.computer).await?;
                let scales = minilm::tail::to_unit(&mut embeddings);
                self.pass = Some(Pass::MiniLm(pass, embeddings.clone(), scales));
                Ok(embeddings)
            }
        }
    }

    /// As [`Tail::backward`], of the last pass. What it takes is not waited for.
    pub fn backward(&mut self, slopes: &[f32], depth: usize) {
        let Self { parameters, gradient, device, .. } = self;
        match (&*self.tail, &self.pass) {
            (Tail::Lite0(tail), Some(Pass::Lite0(pass))) => {
                tail.backward_gpu(parameters, pass, &Buffer::new(slopes.to_vec(), device), depth, gradient);
            }
            (Tail::MiniLm(tail), Some(Pass::MiniLm(pass, embeddings, scales))) => {
                let slopes = minilm::tail::through_unit(embeddings, scales, slopes);
                tail.backward_gpu(parameters, pass, &Buffer::new(slopes, device), depth, gradient);
            }
            _ => unreachable!("a forward pass came before"),
        }
    }

    /// Moves the parameters, and sets what is used of the gradient to zero.
    pub fn apply(&mut self, step: &Move) {
        let moments = self.moments.as_ref().expect("all parameters are moved");
        moments.apply(step, &self.parameters, &self.gradient);
    }

    /// Other parameters in the place of these, and no gradient.
    pub fn put(&mut self, parameters: Vec<f32>) {
        self.gradient = Buffer::new(vec![0.0; parameters.len()], &self.device);
        self.parameters = Buffer::new(parameters, &self.device);
    }

    /// Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn parameters(&self) -> Result<Vec<f32>> {
        self.parameters.read(&self.computer).await
    }

    /// Errors: `gpu-lost`, `gpu-wrong`.
    pub async fn gradient(&self) -> Result<Vec<f32>> {
        self.gradient.read(&self.computer).await
    }
}
