//! The same network with the kernels, a strip of rows at a time: a block's widened rows are made, filtered and narrowed
//! again while they are in the cache. Whole, those at 112 × 112 are 5 MB, and the memory would be what a picture costs.

use std::ops::Range;

use super::{BlockShape, DIM, LAST, SIZE, STEM, blocks, border, tail};
use crate::backbone::Weights;
use crate::backbone::kernels::{BLOCK, Depthwise, Packed, Place, Then, To};
use crate::encode::image::Preprocess;
use crate::error::Result;

/// Values that the widened rows of a strip may have: half a megabyte of a second-level cache.
const STRIP: usize = 128 * 1024;
/// Values that the stem's filter reads: 3 × 3 pixels.
const PATCH: usize = 27;

#[derive(Debug, Clone)]
pub struct Lite0 {
    stem: Packed,
    blocks: Vec<Block>,
    head: Packed,
    /// The network's input for each value of a byte.
    normalised: Vec<f32>,
}

#[derive(Debug, Clone)]
struct Block {
    /// Of its layers, as a profile has them: widening, filter, narrowing.
    names: [String; 3],
    /// Of the first, the stem does it.
    expand: Option<Packed>,
    depthwise: Depthwise,
    project: Packed,
    side: usize,
    /// Border above and left of its input.
    before: usize,
    skip: bool,
}

/// Room that every picture uses again.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    /// A block's input and its output.
    x: Vec<f32>,
    y: Vec<f32>,
    /// Widened rows, with their border.
    wide: Vec<f32>,
    /// What the depthwise filter makes of them.
    filtered: Vec<f32>,
    /// Patches under the stem's filter.
    patches: Vec<f32>,
    /// Where the pixels of the rows that are made go.
    places: Vec<usize>,
}

impl Lite0 {
    /// Takes its tensors out of `weights`; a missing or misshapen one is `bad-pack`, by name.
    pub fn load(weights: &mut Weights, prep: &Preprocess) -> Result<Self> {
        let stem = stem(weights)?;
        let blocks = blocks().into_iter().map(|shape| Block::load(weights, shape)).collect::<Result<_>>()?;
        let head = pointwise(weights, "_conv_head", LAST, DIM)?;
        let normalised = (0..=255).map(|v| (v as f32 - prep.mean) / prep.std).collect();
        Ok(Self { stem, blocks, head, normalised })
    }

    /// One picture, `224 × 224 × 3` bytes → 1280 features. `done` hears of each layer when a strip of it is: its
    /// name, and its multiplications.
    pub fn forward(&self, picture: &[u8], scratch: &mut Scratch, out: &mut [f32], done: &mut dyn FnMut(&str, usize)) {
        self.run_blocks(picture, &self.blocks, scratch, done);
        let cells = self.cells(scratch);
        out.fill(0.0);
        for cell in cells.chunks_exact(DIM) {
            out.iter_mut().zip(cell).for_each(|(sum, v)| *sum += v);
        }
        let area = cells.len() / DIM;
        out.iter_mut().for_each(|v| *v /= area as f32);
        done("_conv_head", area * LAST * DIM);
    }

    /// One picture → the 49 × 1280 values that its features are the means of: cell after cell, row by row from the top
    /// left.
    pub fn feature_map<'a>(&self, picture: &[u8], scratch: &'a mut Scratch) -> &'a [f32] {
        self.run_blocks(picture, &self.blocks, scratch, &mut |_, _| {});
        self.cells(scratch)
    }

    /// One picture → what the last `stages` (1 to 3) begin with: pixel after pixel, channels side by side.
    pub fn boundary<'a>(&self, picture: &[u8], stages: usize, scratch: &'a mut Scratch) -> &'a [f32] {
        self.run_blocks(picture, &self.blocks[..tail::begins(stages)], scratch, &mut |_, _| {});
        &scratch.x
    }

    /// A picture through `blocks`, the network's first → `scratch.x`.
    fn run_blocks(&self, picture: &[u8], blocks: &[Block], scratch: &mut Scratch, done: &mut dyn FnMut(&str, usize)) {
        assert_eq!(picture.len(), SIZE * SIZE * 3, "a picture is 224 × 224 × 3 bytes");
        for block in blocks {
            match &block.expand {
                None => block.forward(&self.stem, scratch, done, |_, patches, rows, places, wide| {
                    self.patches(picture, rows, patches);
                    let to = To { values: wide, rows: Place::Listed(places), apart: block.apart() };
                    self.stem.apply_strided(patches, PATCH, places.len(), to, Then::Relu6);
                }),
                Some(expand) => block.forward(expand, scratch, done, |x, _, rows, places, wide| {
                    let line = block.side * expand.inputs();
                    let to = To { values: wide, rows: Place::Listed(places), apart: block.apart() };
                    expand.apply_strided(&x[rows.start * line..], expand.inputs(), places.len(), to, Then::Relu6);
                }),
            }
            std::mem::swap(&mut scratch.x, &mut scratch.y);
        }
    }

    /// What the stem's filter sees at each pixel of `rows` of its output.
    fn patches(&self, picture: &[u8], rows: Range<usize>, patches: &mut Vec<f32>) {
        let line = SIZE * 3;
        patches.clear();
        patches.resize(rows.len() * (SIZE / 2) * PATCH, 0.0);
        let mut at = patches.chunks_exact_mut(PATCH);
        for row in rows {
            for column in 0..SIZE / 2 {
                let patch = at.next().expect("one a pixel");
                // The border is one row below and one column to the right.
                let (high, wide) = (3.min(SIZE - 2 * row), 3.min(SIZE - 2 * column));
                for (y, patch) in patch.chunks_exact_mut(9).enumerate().take(high) {
                    let bytes = &picture[(2 * row + y) * line + 6 * column..][..3 * wide];
                    patch.iter_mut().zip(bytes).for_each(|(to, b)| *to = self.normalised[usize::from(*b)]);
                }
            }
        }
    }

    /// What the head makes of the last block's output.
    fn cells<'a>(&self, scratch: &'a mut Scratch) -> &'a [f32] {
        let Scratch { x, wide, .. } = scratch;
        let area = x.len() / LAST;
        wide.resize(area * DIM, 0.0);
        self.head.apply(x, area, wide, Then::Relu6);
        wide
    }
}

impl Block {
    fn load(weights: &mut Weights, shape: BlockShape) -> Result<Self> {
        let BlockShape { ref name, input, inner, output, kernel, stride, side } = shape;
        let expand = shape.expands().then(|| pointwise(weights, &format!("{name}._expand_conv"), input, inner));
        let filter = format!("{name}._depthwise_conv");
        let taps = weights.take(&format!("{filter}.weight"), [inner, 1, kernel, kernel])?;
        let bias = weights.take(&format!("{filter}.bias"), [inner])?;
        Ok(Self {
            names: [if shape.expands() { "widening" } else { "stem" }, "filter", "narrowing"]
                .map(|layer| format!("{name} {layer}")),
            expand: expand.transpose()?,
            depthwise: Depthwise::new(&taps, &bias, kernel, stride),
            project: pointwise(weights, &format!("{name}._project_conv"), inner, output)?,
            side,
            before: border(side, kernel, stride).0,
            skip: shape.skips(),
        })
    }

    /// From one block of channels to the next in a widened row.
    fn apart(&self) -> usize {
        self.depthwise.reach(self.side / self.depthwise.stride()) * BLOCK
    }

    /// `scratch.x` → `scratch.y`. `widen(x, patches, rows, places, wide)` makes rows of the input wide, with `widening`:
    /// pixel `i` of them goes to `wide[places[i]..]`. `done` hears of each layer once a strip.
    fn forward(
        &self,
        widening: &Packed,
        scratch: &mut Scratch,
        done: &mut dyn FnMut(&str, usize),
        widen: impl Fn(&[f32], &mut Vec<f32>, Range<usize>, &[usize], &mut [f32]),
    ) {
        let Scratch { x, y, wide, filtered, patches, places } = scratch;
        let (kernel, stride, channels) = (self.depthwise.side(), self.depthwise.stride(), self.depthwise.channels());
        let (side, out_side, narrow) = (self.side, self.side / stride, self.project.outputs());
        let line = self.depthwise.line(self.depthwise.reach(out_side));
        let strip = (STRIP / (line * stride)).clamp(1, out_side);
        let out_line = out_side * narrow;
        y.resize(out_side * out_line, 0.0);
        wide.resize(self.depthwise.reach(strip) * line, 0.0);
        filtered.resize(strip * out_side * channels, 0.0);
        // Rows, the border among them, that are made so far: the windows of two strips overlap.
        let mut made = 0;
        for first in (0..out_side).step_by(strip) {
            let rows = strip.min(out_side - first);
            let (from, to) = (first * stride, first * stride + self.depthwise.reach(rows));
            if made > from {
                let old = first - strip;
                wide.copy_within((from - old * stride) * line..(made - old * stride) * line, 0);
            }
            let new = made.max(from)..to;
            let inside = new.start.max(self.before)..to.min(self.before + side);
            places.clear();
            for row in new {
                let wide = &mut wide[(row - from) * line..][..line];
                if inside.contains(&row) {
                    for block in wide.chunks_exact_mut(self.apart()) {
                        block[..self.before * BLOCK].fill(0.0);
                        block[(self.before + side) * BLOCK..].fill(0.0);
                    }
                    places.extend((self.before..self.before + side).map(|c| (row - from) * line + c * BLOCK));
                } else {
                    wide.fill(0.0);
                }
            }
            widen(x, patches, inside.start - self.before..inside.end - self.before, places, wide);
            made = to;
            done(&self.names[0], places.len() * widening.inputs() * widening.outputs());
            self.depthwise.apply(wide, rows, out_side, filtered);
            done(&self.names[1], rows * out_side * channels * kernel * kernel);
            let out = &mut y[first * out_line..][..rows * out_line];
            let then = if self.skip { Then::Add(&x[first * out_line..]) } else { Then::Nothing };
            self.project.apply(filtered, rows * out_side, out, then);
            done(&self.names[2], rows * out_side * channels * narrow);
        }
        debug_assert_eq!(made, (out_side - 1) * stride + kernel);
    }
}

/// The stem's filter over patches: row by row, pixel by pixel, channel by channel.
fn stem(weights: &mut Weights) -> Result<Packed> {
    let weight = weights.take("_conv_stem.weight", [STEM, 3, 3, 3])?;
    let bias = weights.take("_conv_stem.bias", [STEM])?;
    let taps = weight.chunks_exact(PATCH).flat_map(|filter| (0..PATCH).map(|i| filter[i % 3 * 9 + i / 3]));
    Ok(Packed::from_rows(&taps.collect::<Vec<_>>(), &bias))
}

fn pointwise(weights: &mut Weights, name: &str, input: usize, output: usize) -> Result<Packed> {
    let weight = weights.take(&format!("{name}.weight"), [output, input, 1, 1])?;
    let bias = weights.take(&format!("{name}.bias"), [output])?;
    Ok(Packed::from_rows(&weight, &bias))
}
