//! The same network on a GPU with the kernels: three of them to a block.

use burn::tensor::{Device, Tensor};

use super::tail::begins;
use super::{BlockShape, DIM, LAST, SIZE, STEM, blocks, border};
use crate::backbone::Weights;
use crate::backbone::kernels::gpu::{Buffer, Depthwise, Linear, Mean, Stem, Then, mean};
use crate::encode::image::Preprocess;
use crate::error::Result;

#[derive(Debug)]
pub struct Lite0 {
    stem: Stem,
    blocks: Vec<Block>,
    head: Linear,
    device: Device,
}

#[derive(Debug)]
struct Block {
    expand: Option<Linear>,
    depthwise: Depthwise,
    project: Linear,
    skip: bool,
}

impl Lite0 {
    /// Takes its tensors out of `weights`; a missing or misshapen one is `bad-pack`, by name.
    pub fn load(weights: &mut Weights, prep: &Preprocess, device: &Device) -> Result<Self> {
        let stem = weights.take("_conv_stem.weight", [STEM, 3, 3, 3])?;
        let bias = weights.take("_conv_stem.bias", [STEM])?;
        let stem = Stem::new(&stem, bias, SIZE, prep.mean, prep.std, device);
        let blocks = blocks().into_iter().map(|shape| Block::load(weights, shape, device)).collect::<Result<_>>()?;
        let head = pointwise(weights, "_conv_head", LAST, DIM, device)?;
        Ok(Self { stem, blocks, head, device: device.clone() })
    }

    /// Pictures, `224 × 224 × 3` bytes each → `[n, 1280]`.
    pub fn forward(&self, pixels: &[u8]) -> Tensor<2> {
        self.pooled(&self.run_blocks(pixels, self.blocks.len()))
    }

    /// Pictures → what the last `stages` (1 to 3) begin with: pixel after pixel, channels side by side.
    pub fn boundary(&self, pixels: &[u8], stages: usize) -> Tensor<1> {
        let x = self.run_blocks(pixels, begins(stages));
        let len = x.len();
        x.tensor([len])
    }

    /// Pictures → `[n × 49, 1280]`: the values that a feature is the mean of, row by row from the top left.
    pub fn feature_map(&self, pixels: &[u8]) -> Tensor<2> {
        let x = self.run_blocks(pixels, self.blocks.len());
        let cells = x.len() / LAST;
        self.head.apply(&x, Then::Relu6).tensor([cells, DIM])
    }

    /// Parts that [`warm_up`](Self::warm_up) goes through.
    pub fn parts(&self) -> usize {
        self.blocks.len() + 2
    }

    /// Part after part; each is `settled` before the next begins.
    pub async fn warm_up(&self, pixels: &[u8], mut settled: impl AsyncFnMut(Tensor<1>) -> Result<()>) -> Result<()> {
        let first = |x: &Buffer| x.clone().tensor([x.len()]);
        let mut x = self.stem.apply(pixels, &self.device);
        settled(first(&x)).await?;
        for block in &self.blocks {
            x = block.apply(&x);
            settled(first(&x)).await?;
        }
        settled(self.pooled(&x).flatten(0, 1)).await
    }

    fn run_blocks(&self, pixels: &[u8], blocks: usize) -> Buffer {
        let x = self.stem.apply(pixels, &self.device);
        self.blocks[..blocks].iter().fold(x, |x, block| block.apply(&x))
    }

    fn pooled(&self, x: &Buffer) -> Tensor<2> {
        let cells = self.head.apply(x, Then::Relu6);
        let longest = (SIZE / 32) * (SIZE / 32);
        let n = cells.len() / (longest * DIM);
        mean(&cells, Mean::All { longest }, DIM).tensor([n, DIM])
    }
}

impl Block {
    fn load(weights: &mut Weights, shape: BlockShape, device: &Device) -> Result<Self> {
        let BlockShape { ref name, input, inner, output, kernel, stride, side } = shape;
        let expand = shape.expands().then(|| pointwise(weights, &format!("{name}._expand_conv"), input, inner, device));
        let filter = weights.take(&format!("{name}._depthwise_conv.weight"), [inner, 1, kernel, kernel])?;
        let bias = weights.take(&format!("{name}._depthwise_conv.bias"), [inner])?;
        let (before, _) = border(side, kernel, stride);
        Ok(Self {
            expand: expand.transpose()?,
            depthwise: Depthwise::new(&filter, bias, stride, side, before, device),
            project: pointwise(weights, &format!("{name}._project_conv"), inner, output, device)?,
            skip: shape.skips(),
        })
    }

    fn apply(&self, x: &Buffer) -> Buffer {
        let wide = self.expand.as_ref().map(|expand| expand.apply(x, Then::Relu6));
        let filtered = self.depthwise.apply(wide.as_ref().unwrap_or(x));
        self.project.apply(&filtered, if self.skip { Then::Add(x) } else { Then::Nothing })
    }
}

fn pointwise(weights: &mut Weights, name: &str, input: usize, output: usize, device: &Device) -> Result<Linear> {
    let weight = weights.take(&format!("{name}.weight"), [output, input, 1, 1])?;
    let bias = weights.take(&format!("{name}.bias"), [output])?;
    Ok(Linear::new(&weight, bias, device))
}
