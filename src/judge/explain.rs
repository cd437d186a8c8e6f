//! Why this answer? Each part of the sample is left out in turn: how much less probable does the answer become?

use std::sync::Arc;

use serde::Serialize;

use crate::features::Matrix;
use crate::learn::{Head, Kind};
use crate::source::{Content, Picture, SMALL};

/// Cells on a side, for a head that sees the small picture itself.
const CELLS: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weights {
    /// Index of the class (or label) that is explained: the most probable one. 0 for a number.
    pub class: usize,
    /// With all parts, its probability; or the number.
    pub value: f32,
    /// By part: ln p of that class with all parts, minus that without this one; of a number, how much less it is without.
    pub weights: Vec<f32>,
}

/// `x`, `contents`: the whole sample first, then without each part.
pub fn weights(head: &Head, kind: Kind, x: &Matrix, contents: &[Arc<Content>]) -> Weights {
    let p = head.probabilities(x, contents);
    let class = p.top(0);
    let said = |row: usize| match kind {
        Kind::Numbers => p.row(row)[class],
        _ => p.row(row)[class].max(f32::MIN_POSITIVE).ln(),
    };
    Weights { class, value: p.row(0)[class], weights: (1..x.rows()).map(|row| said(0) - said(row)).collect() }
}

/// A feature map, `cells × dim` → its mean, and the mean without each cell. A class activation map (Zhou et al. 2016) for
/// any head on pooled features: for a linear one the two agree but for the norm of the row.
pub fn without_each_cell(map: &Matrix) -> Matrix {
    let (cells, dim) = (map.rows() as f32, map.cols());
    let mut sum = vec![0f32; dim];
    map.iter().for_each(|cell| sum.iter_mut().zip(cell).for_each(|(s, v)| *s += v));
    let mut out = Matrix::with_capacity(dim, map.rows() + 1);
    out.push(&sum.iter().map(|s| s / cells).collect::<Vec<_>>());
    for cell in map.iter() {
        out.push(&sum.iter().zip(cell).map(|(s, v)| (s - v) / (cells - 1.0)).collect::<Vec<_>>());
    }
    out
}

/// A small picture, and it with each cell of 8 × 8 painted over with the picture's mean colour.
pub fn with_each_cell_grey(picture: &Picture) -> Vec<Arc<Content>> {
    let pixels = SMALL * SMALL;
    let mean: [u8; 3] = std::array::from_fn(|c| {
        (picture.small.chunks_exact(3).map(|pixel| usize::from(pixel[c])).sum::<usize>() / pixels) as u8
    });
    let side = SMALL / CELLS;
    let painted = (0..CELLS * CELLS).map(|cell| {
        let mut small = picture.small.clone();
        for y in 0..side {
            for x in 0..side {
                let at = (cell / CELLS * side + y) * SMALL + cell % CELLS * side + x;
                small[3 * at..3 * at + 3].copy_from_slice(&mean);
            }
        }
        Arc::new(Content::Picture(Picture { small, look: picture.look }))
    });
    std::iter::once(Arc::new(Content::Picture(picture.clone()))).chain(painted).collect()
}
