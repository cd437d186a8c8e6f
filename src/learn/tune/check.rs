//! Does this GPU train? The features, the gradient of every tensor, and steps of the optimiser, beside those of the CPU, before
//! it trains anything: what a kernel gets wrong would otherwise be a training that is a little worse.

use std::sync::Arc;

use super::optimiser::{AdamW, Group};
use super::stages::Stages;
use crate::backbone::kernels::gpu::Buffer;
use crate::backbone::kernels::{self, gpu};
use crate::backbone::lite0;
use crate::backbone::tail::Tail;
use crate::device::Computer;
use crate::error::{Error, Result};

/// Of the largest value of a tensor.
const TOLERANCE: f32 = 1e-3;
/// Of the largest gradient of all, what a tensor's own counts as at least: a key's bias cancels out of the softmax, and what is
/// left of its gradient is rounding.
const LEAST: f32 = 1e-2;

/// `tail`, `parameters`: what is to be trained. Errors: `gpu-wrong`, naming what came out wrong; `gpu-lost`.
pub async fn check(computer: &Computer, tail: &Arc<Tail>, parameters: &[f32]) -> Result<()> {
    steps(computer).await?;
    match &**tail {
        Tail::Lite0(_) => {
            // Its own gradients jump where a value is at a corner of ReLU6, as some always are; its features do not.
            gradients(computer, tail, parameters, &[1], 0).await?;
            let (small, parameters) = lite0::tail::Tail::small();
            gradients(computer, &Arc::new(Tail::Lite0(small)), &parameters, &[1, 1], 3).await
        }
        // Texts of 5 and 3 tokens.
        Tail::MiniLm(_) => gradients(computer, tail, parameters, &[5, 3], 3).await,
    }
}

/// The features, and the gradient by the stages below `depth`.
async fn gradients(
    computer: &Computer,
    tail: &Arc<Tail>,
    parameters: &[f32],
    lengths: &[usize],
    depth: usize,
) -> Result<()> {
    let x = inputs(tail, lengths);
    let (mut features, mut gradients) = (Vec::new(), Vec::new());
    for on in [&Computer::cpu(), computer] {
        let mut stages = Stages::new(tail.clone(), parameters, on, None);
        let made = stages.forward(&x, lengths).await?;
        let slopes: Vec<f32> = (0..made.len()).map(|i| (i as f32 * 0.77).cos()).collect();
        features.push(made);
        if depth > 0 {
            stages.backward(&x, lengths, &slopes, depth);
            gradients.push(stages.gradient().await?);
        }
    }
    agree("features", &features[1], &features[0], 0.0)?;
    let least = gradients.first().map_or(0.0, |gradient| LEAST * largest(gradient));
    for span in tail.spans().iter().filter(|span| span.stage < depth) {
        let what = format!("the gradient of {}", span.name);
        agree(&what, &gradients[1][span.range.clone()], &gradients[0][span.range.clone()], least)?;
    }
    Ok(())
}

/// Three steps by gradients that change: the third depends on what the two before have left.
async fn steps(computer: &Computer) -> Result<()> {
    let device = computer.gpu().expect("a computer with a GPU");
    let ramp = |step: f32| -> Vec<f32> { (0..40).map(|i| (i as f32 * step).sin()).collect() };
    let group = |range, row, stage| Group { range, row, factor: 1.0, floor: 0.1, stage };
    // The last is not trained.
    let groups = vec![group(0..16, 8, 0), group(16..30, 14, 1), group(30..40, 5, 2)];
    let mut values = ramp(0.7);
    let (mut optimiser, sizes) = AdamW::new(groups, &values);
    let parameters = Buffer::new(values.clone(), device);
    let mut on_cpu = kernels::Moments::new(values.clone(), sizes.clone());
    let on_gpu = gpu::train::Moments::new(values.clone(), sizes, device);
    for turn in 1..4 {
        let slopes = ramp(turn as f32);
        let gradient = Buffer::new(slopes.clone(), device);
        for step in optimiser.step(0.5, 2) {
            on_cpu.apply(&step, &mut values, &slopes);
            on_gpu.apply(&step, &parameters, &gradient);
        }
        let left = gradient.read(computer).await?;
        agree("what a step leaves of a gradient", &left, &[&[0.0; 30], &slopes[30..]].concat(), 0.0)?;
    }
    agree("steps", &parameters.read(computer).await?, &values, 0.0)
}

/// Numbers that no zero or constant output could imitate.
fn inputs(tail: &Tail, lengths: &[usize]) -> Vec<f32> {
    (0..lengths.iter().sum::<usize>() * tail.per_token()).map(|i| 2.0 * (i as f32 * 0.37).sin()).collect()
}

fn agree(what: &str, got: &[f32], want: &[f32], least: f32) -> Result<()> {
    let scale = largest(want).max(least);
    let close = |(got, want): (&f32, &f32)| (got - want).abs() <= TOLERANCE * scale;
    let right = got.len() == want.len() && got.iter().zip(want).all(close);
    if right { Ok(()) } else { Err(Error::GpuWrong { check: what.to_owned() }) }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0f32, |m, v| m.max(v.abs()))
}
