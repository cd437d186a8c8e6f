//! Principal components, for looking at.

use crate::features::{Matrix, dot};

/// Rounds of orthogonal iteration: enough for a picture of the data, whatever the gap between eigenvalues.
const ROUNDS: usize = 40;

/// Rows → their coordinates along the two directions in which they differ most. Signs are arbitrary but repeatable.
pub fn principal_plane(mut x: Matrix) -> Vec<[f32; 2]> {
    let (rows, dim) = (x.rows(), x.cols());
    let mut mean = vec![0f32; dim];
    x.iter().for_each(|row| mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / rows as f32));
    x.values_mut().chunks_exact_mut(dim).for_each(|row| row.iter_mut().zip(&mean).for_each(|(v, m)| *v -= m));
    // A start that no data is likely to be orthogonal to.
    let mut axes: [Vec<f32>; 2] = [0.7f32, 1.3].map(|step| (0..dim).map(|d| (d as f32 * step + step).sin()).collect());
    for _ in 0..ROUNDS {
        for axis in &mut axes {
            let mut next = vec![0f32; dim];
            for row in x.iter() {
                let along = dot(row, axis);
                next.iter_mut().zip(row).for_each(|(n, v)| *n += along * v);
            }
            *axis = next;
        }
        let [first, second] = &mut axes;
        scale_to_one(first);
        let along = dot(first, second);
        second.iter_mut().zip(first.iter()).for_each(|(s, f)| *s -= along * f);
        scale_to_one(second);
    }
    x.iter().map(|row| [dot(row, &axes[0]), dot(row, &axes[1])]).collect()
}

fn scale_to_one(axis: &mut [f32]) {
    let norm = dot(axis, axis).sqrt();
    if norm > 0.0 {
        axis.iter_mut().for_each(|v| *v /= norm);
    }
}
