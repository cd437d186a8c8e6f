//! The same passes on a GPU: three kernels to a block there, and nine on the way back.

use burn::tensor::Device;

use super::{Block, Layer, Tail};
use crate::backbone::kernels::gpu::Buffer;
use crate::backbone::kernels::gpu::train::{self, After, Filter, Groups};

/// What a pass leaves behind for the way back.
#[derive(Debug)]
pub struct Pass {
    x: Buffer,
    blocks: Vec<BlockPass>,
    cells: Buffer,
    /// Cells of each picture.
    pictures: Groups,
}

#[derive(Debug)]
struct BlockPass {
    wide: Buffer,
    filtered: Buffer,
    out: Buffer,
}

impl Tail {
    /// As [`forward`](Tail::forward).
    pub fn forward_gpu(&self, parameters: &Buffer, x: Buffer, device: &Device) -> (Buffer, Pass) {
        let mut blocks: Vec<BlockPass> = Vec::new();
        for block in &self.blocks {
            let x = blocks.last().map_or(&x, |pass| &pass.out);
            let wide = block.expand.on_gpu().forward(parameters, x, After::Relu6);
            let filtered = block.filter_gpu().forward(&block.depthwise.on_gpu(), parameters, &wide);
            let after = if block.shape.skips() { After::Add(x) } else { After::Nothing };
            let out = block.project.on_gpu().forward(parameters, &filtered, after);
            blocks.push(BlockPass { wide, filtered, out });
        }
        let last = &blocks.last().expect("at least one block is trained").out;
        let cells = self.head.on_gpu().forward(parameters, last, After::Relu6);
        let count = cells.len() / (self.area() * self.dim());
        let pictures = Groups::new(std::iter::repeat_n(self.area(), count), device);
        (pictures.means(&cells), Pass { x, blocks, cells, pictures })
    }

    /// As [`backward`](Tail::backward).
    pub fn backward_gpu(&self, parameters: &Buffer, pass: &Pass, slopes: &Buffer, depth: usize, gradient: &Buffer) {
        let mut by_out = pass.pictures.means_back(slopes, Some(&pass.cells));
        let last = &pass.blocks.last().expect("at least one block is trained").out;
        let head = self.head.on_gpu();
        head.gradient(gradient, last, &by_out);
        by_out = head.back(parameters, &by_out, After::Nothing);
        for (i, (block, made)) in self.blocks.iter().zip(&pass.blocks).enumerate().rev() {
            if block.stage >= depth {
                return;
            }
            let x = if i == 0 { &pass.x } else { &pass.blocks[i - 1].out };
            let (project, depthwise, expand) =
                (block.project.on_gpu(), block.depthwise.on_gpu(), block.expand.on_gpu());
            project.gradient(gradient, &made.filtered, &by_out);
            let filtered = project.back(parameters, &by_out, After::Relu6Back(&made.filtered));
            block.filter_gpu().gradient(&depthwise, gradient, &made.wide, &filtered);
            let wide = block.filter_gpu().back(&depthwise, parameters, &made.wide, &filtered);
            expand.gradient(gradient, x, &wide);
            if i == 0 || self.blocks[i - 1].stage >= depth {
                return;
            }
            let skip = if block.shape.skips() { After::Add(&by_out) } else { After::Nothing };
            by_out = expand.back(parameters, &wide, skip);
        }
    }
}

impl Layer {
    fn on_gpu(&self) -> train::Layer {
        train::Layer { weight: self.weight.clone(), bias: self.bias.clone() }
    }
}

impl Block {
    fn filter_gpu(&self) -> Filter {
        let (kernel, stride, side) = (self.shape.kernel, self.shape.stride, self.shape.side);
        Filter { kernel, stride, side, before: super::border(side, kernel, stride).0 }
    }
}
