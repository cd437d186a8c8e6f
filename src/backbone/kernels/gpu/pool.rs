//! The mean of rows.

use burn::cubecl;
use cubecl::prelude::*;

use super::{Buffer, units};

/// Of which rows of each `longest`.
pub enum Mean<'a> {
    All {
        longest: usize,
    },
    /// The first ones: so many of each.
    First {
        lengths: &'a Buffer,
    },
}

/// `n × longest × width` → `n × width`.
pub fn mean(x: &Buffer, of: Mean, width: usize) -> Buffer {
    let rows = x.len() / width;
    let (n, longest, lengths) = match of {
        Mean::All { longest } => (rows / longest, longest, None),
        Mean::First { lengths } => (lengths.len(), rows / lengths.len(), Some(lengths.0.clone().into_buffer_arg())),
    };
    let out = x.room(n * width);
    let (count, dim) = units(n * width / 4);
    // Safety: a unit stays inside of `n`, and the buffers are of these sizes.
    unsafe {
        pool::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            lengths.into(),
            out.0.clone().into_buffer_arg(),
            n,
            longest,
            width / 4,
        );
    }
    out
}

#[cube(launch_unchecked)]
fn pool(
    x: &[Vector<f32, Const<4>>],
    lengths: ComptimeOption<&[i32]>,
    out: &mut [Vector<f32, Const<4>>],
    n: usize,
    longest: usize,
    width: usize,
) {
    let which = ABSOLUTE_POS / width;
    if which >= n {
        terminate!();
    }
    let given: ComptimeOption<usize> = lengths.as_ref().map(|lengths| lengths[which] as usize);
    let rows = given.unwrap_or(longest);
    let mut sum = Vector::<f32, Const<4>>::new(0.0f32);
    for row in 0..rows {
        sum += x[(which * longest + row) * width + ABSOLUTE_POS % width];
    }
    out[ABSOLUTE_POS] = sum / Vector::new(f32::cast_from(rows));
}
