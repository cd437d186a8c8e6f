//! What samples are where the trained stages begin, computed once: an epoch then costs only what is trained. Kept as f16, whose
//! rounding is a tenth of what the pack's own weights lose, in half of the memory.

use half::f16;
use half::slice::HalfFloatSliceExt;

/// By sample, then by view of it: the first is the sample as it is.
#[derive(Debug, Default)]
pub struct Inputs(Vec<Vec<Input>>);

#[derive(Debug)]
struct Input {
    values: Vec<f16>,
    /// Tokens of a text; 1 for a picture.
    length: usize,
}

impl Inputs {
    /// The next view of a sample. `length`: tokens of a text, 1 for a picture.
    pub fn push(&mut self, sample: usize, values: Vec<f16>, length: usize) {
        if self.0.len() <= sample {
            self.0.resize_with(sample + 1, Vec::new);
        }
        self.0[sample].push(Input { values, length });
    }

    pub fn samples(&self) -> usize {
        self.0.len()
    }

    pub fn views(&self, sample: usize) -> usize {
        self.0[sample].len()
    }

    pub fn length(&self, sample: usize) -> usize {
        self.0[sample][0].length
    }

    pub fn bytes(&self) -> usize {
        self.0.iter().flatten().map(|input| 2 * input.values.len()).sum()
    }

    /// `(sample, view)` one after another, and their lengths.
    pub fn read(&self, which: &[(usize, usize)], x: &mut Vec<f32>, lengths: &mut Vec<usize>) {
        x.clear();
        lengths.clear();
        for &(sample, view) in which {
            let input = &self.0[sample][view];
            let from = x.len();
            x.resize(from + input.values.len(), 0.0);
            input.values.convert_to_f32_slice(&mut x[from..]);
            lengths.push(input.length);
        }
    }
}
