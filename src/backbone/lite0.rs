//! EfficientNet-Lite0 without its classifier: 224 × 224 RGB → 1280 features.
//!
//! Tan & Le 2019 (arXiv:1905.11946) in the "Lite" variant of TensorFlow's TPU models: ReLU6 for swish, no
//! squeeze-and-excite, stem and head not scaled. The batch norms are folded into the convolutions when the pack is
//! built (`bin/pack.rs`, with epsilon 1e-3), so every convolution has a bias and there is no other layer.
//!
//! The trap is padding: the weights come from TensorFlow, whose SAME padding at stride 2 puts the odd row and column
//! at the bottom and the right. Symmetric padding moves the logits by up to 3.5.
//!
//! Here as burn has it, for training; [`cpu`] and `gpu` are the same with our own kernels.

pub mod cpu;
#[cfg(feature = "webgpu")]
pub mod gpu;
pub mod tail;

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::Weights;
use crate::error::Result;

/// Width of the feature.
pub const DIM: usize = 1280;
/// Height and width of the input.
pub const SIZE: usize = 224;
pub const STEM: usize = 32;
/// Channels of the last block.
const LAST: usize = 320;

/// kernel, stride of the first block, expansion, output channels, number of blocks.
const STAGES: [(usize, usize, usize, usize, usize); 7] = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
];

/// What an inverted residual is made of.
#[derive(Debug)]
pub struct BlockShape {
    /// Of its tensors.
    pub name: String,
    pub input: usize,
    /// Channels that the depthwise filter sees.
    pub inner: usize,
    pub output: usize,
    pub kernel: usize,
    pub stride: usize,
    /// Height and width of its input.
    pub side: usize,
}

pub fn blocks() -> Vec<BlockShape> {
    let mut blocks = Vec::new();
    let (mut input, mut side) = (STEM, SIZE / 2);
    for (kernel, first_stride, expand, output, repeats) in STAGES {
        for repeat in 0..repeats {
            let stride = if repeat == 0 { first_stride } else { 1 };
            let name = format!("_blocks.{}", blocks.len());
            blocks.push(BlockShape { name, input, inner: input * expand, output, kernel, stride, side });
            input = output;
            side /= stride;
        }
    }
    blocks
}

impl BlockShape {
    /// The first block does not.
    pub fn expands(&self) -> bool {
        self.inner > self.input
    }

    pub fn skips(&self) -> bool {
        self.stride == 1 && self.input == self.output
    }
}

/// Rows (or columns) of zeros before and after `side` of them. TensorFlow's SAME: the total is what the last window
/// needs, and an odd one goes to the bottom and the right.
pub fn border(side: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let total = ((side.div_ceil(stride) - 1) * stride + kernel).saturating_sub(side);
    (total / 2, total - total / 2)
}

#[derive(Module, Debug)]
pub struct Lite0 {
    _conv_stem: Conv2d,
    _blocks: Vec<Block>,
    _conv_head: Conv2d,
}

/// Inverted residual: expand 1×1, depthwise, project 1×1.
#[derive(Module, Debug)]
pub struct Block {
    _expand_conv: Option<Conv2d>,
    _depthwise_conv: Conv2d,
    _project_conv: Conv2d,
    skip: bool,
}

impl Lite0 {
    /// Takes its tensors out of `weights`; a missing or misshapen one is `bad-pack`, by name.
    pub fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        let mut load = |name: &str, shape: Shape| conv(weights, name, shape, device);
        let _conv_stem = load("_conv_stem", Shape::dense(3, STEM, 3, 2, SIZE))?;
        let mut _blocks = Vec::new();
        for block in blocks() {
            let BlockShape { ref name, input, inner, output, kernel, stride, side } = block;
            _blocks.push(Block {
                _expand_conv: block
                    .expands()
                    .then(|| load(&format!("{name}._expand_conv"), Shape::pointwise(input, inner)))
                    .transpose()?,
                _depthwise_conv: load(
                    &format!("{name}._depthwise_conv"),
                    Shape::depthwise(inner, kernel, stride, side),
                )?,
                _project_conv: load(&format!("{name}._project_conv"), Shape::pointwise(inner, output))?,
                skip: block.skips(),
            });
        }
        let _conv_head = load("_conv_head", Shape::pointwise(LAST, DIM))?;
        Ok(Self { _conv_stem, _blocks, _conv_head })
    }

    /// `[n, 3, 224, 224]` → `[n, 1280]`: the global average of the last ReLU6, values in 0..=6.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<2> {
        self.head(self.run_blocks(input))
    }

    /// `[n, 3, 224, 224]` → `[n × 49, 1280]`: the values that a feature is the mean of, row by row from the top left.
    pub fn feature_map(&self, input: Tensor<4>) -> Tensor<2> {
        let x = self.widen(self.run_blocks(input));
        x.permute([0, 2, 3, 1]).reshape([-1, DIM as i32])
    }

    /// `[n, 3, 224, 224]` → `[n, 320, 7, 7]`.
    fn run_blocks(&self, input: Tensor<4>) -> Tensor<4> {
        self._blocks.iter().fold(self.stem(input), |x, block| block.forward(x))
    }

    /// `[n, 3, 224, 224]` → `[n, 32, 112, 112]`.
    pub fn stem(&self, input: Tensor<4>) -> Tensor<4> {
        relu6(self._conv_stem.forward(input))
    }

    pub fn blocks(&self) -> &[Block] {
        &self._blocks
    }

    /// `[n, 320, 7, 7]` → `[n, 1280]`.
    pub fn head(&self, x: Tensor<4>) -> Tensor<2> {
        let [n, ..] = x.dims();
        self.widen(x).reshape([n as i32, DIM as i32, -1]).mean_dim(2).reshape([n, DIM])
    }

    /// `[n, 320, 7, 7]` → `[n, 1280, 7, 7]`.
    fn widen(&self, x: Tensor<4>) -> Tensor<4> {
        relu6(self._conv_head.forward(x))
    }
}

impl Block {
    /// `[n, in, side, side]` → `[n, out, side / stride, side / stride]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let mut x = input.clone();
        if let Some(expand) = &self._expand_conv {
            x = relu6(expand.forward(x));
        }
        x = relu6(self._depthwise_conv.forward(x));
        x = self._project_conv.forward(x);
        if self.skip { x + input } else { x }
    }
}

fn relu6(x: Tensor<4>) -> Tensor<4> {
    x.clamp(0.0, 6.0)
}

struct Shape {
    input: usize,
    output: usize,
    kernel: usize,
    stride: usize,
    groups: usize,
    side: usize,
}

impl Shape {
    fn dense(input: usize, output: usize, kernel: usize, stride: usize, side: usize) -> Self {
        Self { input, output, kernel, stride, groups: 1, side }
    }

    fn pointwise(input: usize, output: usize) -> Self {
        Self::dense(input, output, 1, 1, 1)
    }

    fn depthwise(channels: usize, kernel: usize, stride: usize, side: usize) -> Self {
        Self { groups: channels, ..Self::dense(channels, channels, kernel, stride, side) }
    }

    fn padding(&self) -> PaddingConfig2d {
        let (before, after) = border(self.side, self.kernel, self.stride);
        PaddingConfig2d::Explicit(before, before, after, after)
    }
}

fn conv(weights: &mut Weights, name: &str, shape: Shape, device: &Device) -> Result<Conv2d> {
    let k = shape.kernel;
    let weight = weights.take(&format!("{name}.weight"), [shape.output, shape.input / shape.groups, k, k])?;
    let bias = weights.take(&format!("{name}.bias"), [shape.output])?;
    let mut conv = Conv2dConfig::new([shape.input, shape.output], [k, k])
        .with_stride([shape.stride, shape.stride])
        .with_groups(shape.groups)
        .with_padding(shape.padding())
        .init(device);
    let weight = TensorData::new(weight, [shape.output, shape.input / shape.groups, k, k]);
    conv.weight = Param::from_tensor(Tensor::from_data(weight, device));
    conv.bias = Some(Param::from_tensor(Tensor::from_data(TensorData::new(bias, [shape.output]), device)));
    Ok(conv)
}
