//! The last stages of a network as they are trained: all their parameters in one vector, so that an optimiser need not know
//! the network, and a list of what lies where.

use std::ops::Range;

/// A tensor of a tail, in the vector of its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// The checkpoint's key.
    pub name: String,
    /// As in the checkpoint: `[outputs, inputs]` for a weight, `[outputs]` for a bias or for what a norm multiplies and adds.
    pub shape: Vec<usize>,
    /// Where it lies in the vector.
    pub range: Range<usize>,
    /// 0 for the last stage, 1 for the one before it, and so on.
    pub stage: usize,
}
