//! Sums and means of rows.

use std::ops::Range;

use burn::cubecl;
use burn::tensor::Device;
use cubecl::prelude::*;

use super::super::{Buffer, units};
use super::product::behind_relu6;

/// Adds the sums of columns of `x`, `rows × width`, to `to.len() = width` values; with `with`, of its products with `x`.
pub fn add_sums(sums: &Buffer, to: Range<usize>, x: &Buffer, with: Option<&Buffer>) {
    let width = to.len() / 4;
    let (count, dim) = units(width);
    // Safety: a unit stays inside of `width`, and the buffers are of these sizes.
    unsafe {
        columns::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            with.map(|with| with.0.clone().into_buffer_arg()).into(),
            sums.0.clone().into_buffer_arg(),
            x.len() / to.len(),
            width,
            to.start / 4,
        );
    }
}

#[cube(launch_unchecked)]
fn columns(
    x: &[Vector<f32, Const<4>>],
    with: ComptimeOption<&[Vector<f32, Const<4>>]>,
    sums: &mut [Vector<f32, Const<4>>],
    rows: usize,
    width: usize,
    to: usize,
) {
    if ABSOLUTE_POS >= width {
        terminate!();
    }
    let mut sum = Vector::<f32, Const<4>>::new(0.0f32);
    for row in 0..rows {
        let at = row * width + ABSOLUTE_POS;
        let other: ComptimeOption<Vector<f32, Const<4>>> = with.as_ref().map(|with| with[at]);
        sum += x[at] * other.unwrap_or(Vector::new(1.0f32));
    }
    sums[to + ABSOLUTE_POS] += sum;
}

/// Which rows belong together: pixels of a picture, tokens of a text.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Where each begins, and the end of the last.
    begins: Buffer,
    /// Of each row its group, and where that begins and ends.
    places: Buffer,
}

impl Groups {
    /// Of so many rows each, one after another.
    pub fn new(lengths: impl Iterator<Item = usize> + Clone, device: &Device) -> Self {
        let begins = std::iter::once(0).chain(lengths.clone().scan(0, |end, length| {
            *end += length as i32;
            Some(*end)
        }));
        let begins: Vec<i32> = begins.collect();
        let places = lengths
            .enumerate()
            .flat_map(|(i, length)| std::iter::repeat_n([i as i32, begins[i], begins[i + 1]], length).flatten());
        let places = Buffer::integers(places.collect(), device);
        Self { begins: Buffer::integers(begins, device), places }
    }

    pub fn rows(&self) -> usize {
        self.places.len() / 3
    }

    pub fn len(&self) -> usize {
        self.begins.len() - 1
    }

    pub(super) fn places(&self) -> &Buffer {
        &self.places
    }

    /// `rows × width` → the mean of each group, `groups × width`.
    pub fn means(&self, x: &Buffer) -> Buffer {
        let width = x.len() / self.rows();
        let out = x.room(self.len() * width);
        let (count, dim) = units(self.len() * width / 4);
        // Safety: a unit stays inside of the groups, and the buffers are of these sizes.
        unsafe {
            means::launch_unchecked(
                &x.0.client,
                count,
                dim,
                x.0.clone().into_buffer_arg(),
                self.begins.0.clone().into_buffer_arg(),
                out.0.clone().into_buffer_arg(),
                self.len(),
                width / 4,
            );
        }
        out
    }

    /// The gradient by the means → by the rows; with `relu6`, what a ReLU6 gave for these, by what went into it.
    pub fn means_back(&self, slopes: &Buffer, relu6: Option<&Buffer>) -> Buffer {
        let width = slopes.len() / self.len();
        let out = slopes.room(self.rows() * width);
        let (count, dim) = units(self.rows() * width / 4);
        // Safety: a unit stays inside of the rows, and the buffers are of these sizes.
        unsafe {
            means_back::launch_unchecked(
                &slopes.0.client,
                count,
                dim,
                slopes.0.clone().into_buffer_arg(),
                self.places.0.clone().into_buffer_arg(),
                relu6.map(|values| values.0.clone().into_buffer_arg()).into(),
                out.0.clone().into_buffer_arg(),
                self.rows(),
                width / 4,
            );
        }
        out
    }
}

#[cube(launch_unchecked)]
fn means(x: &[Vector<f32, Const<4>>], begins: &[i32], out: &mut [Vector<f32, Const<4>>], groups: usize, width: usize) {
    let group = ABSOLUTE_POS / width;
    if group >= groups {
        terminate!();
    }
    let begin = begins[group] as usize;
    let end = begins[group + 1] as usize;
    let mut sum = Vector::<f32, Const<4>>::new(0.0f32);
    for row in begin..end {
        sum += x[row * width + ABSOLUTE_POS % width];
    }
    out[ABSOLUTE_POS] = sum / Vector::new(f32::cast_from(end - begin));
}

#[cube(launch_unchecked)]
fn means_back(
    slopes: &[Vector<f32, Const<4>>],
    places: &[i32],
    relu6: ComptimeOption<&[Vector<f32, Const<4>>]>,
    out: &mut [Vector<f32, Const<4>>],
    rows: usize,
    width: usize,
) {
    let row = ABSOLUTE_POS / width;
    if row >= rows {
        terminate!();
    }
    let group = places[row * 3] as usize;
    let count = f32::cast_from(places[row * 3 + 2] - places[row * 3 + 1]);
    let slope = slopes[group * width + ABSOLUTE_POS % width] / Vector::new(count);
    let given: ComptimeOption<Vector<f32, Const<4>>> = relu6.as_ref().map(|values| values[ABSOLUTE_POS]);
    // Inside of a ReLU6's range where there is none.
    out[ABSOLUTE_POS] = behind_relu6(given.unwrap_or(Vector::new(1.0f32)), slope);
}
