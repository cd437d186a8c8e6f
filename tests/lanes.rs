//! The kernels with eight lanes against those with four, which a machine without AVX2 has and which `tests/kernels.rs` would never
//! come to on one with it. In a file of its own, because `narrow` holds for the whole program. Tolerance: 1e-5 of the largest
//! value, as one rounds once where the other rounds twice.

mod fixtures;

use fixtures::*;
use headstart::backbone::kernels::{Depthwise, Packed, Then, narrow};
use headstart::backbone::{Backbone, Rows};

fn ramp(n: usize, step: f32) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * step).sin() * 3.0).collect()
}

/// With all lanes that the machine has, and with four.
fn both(work: impl Fn() -> Vec<f32>, what: &str) {
    narrow(false);
    let wide = work();
    narrow(true);
    let four = work();
    let scale = four.iter().fold(1f32, |m, v| m.max(v.abs()));
    let off = largest_difference(&wide, &four) / scale;
    assert!(off < 1e-5, "{what}: {off} of the largest value");
}

/// One test: what it switches is the program's.
#[test]
fn four_lanes_and_eight_say_the_same() {
    for (rows, inputs, outputs) in
        [(1, 1, 1), (3, 5, 7), (4, 8, 8), (6, 9, 16), (13, 27, 33), (49, 320, 1281), (11, 153, 24)]
    {
        let (x, weight, bias) = (ramp(rows * inputs, 0.37), ramp(inputs * outputs, 0.11), ramp(outputs, 0.7));
        let (other, packed) = (ramp(rows * outputs, 0.23), Packed::from_rows(&weight, &bias));
        for then in [Then::Nothing, Then::Relu6, Then::Gelu, Then::Add(&other), Then::Sum] {
            let work = || {
                let mut out = other.clone();
                packed.apply(&x, rows, &mut out, then);
                out
            };
            both(work, &format!("{rows} × {inputs} × {outputs}, {then:?}"));
        }
    }
    for (side, stride, channels, rows, columns) in
        [(3, 1, 1, 1, 1), (3, 1, 7, 3, 14), (3, 2, 12, 4, 31), (5, 1, 9, 2, 29), (5, 2, 6, 5, 17), (5, 2, 32, 1, 7)]
    {
        let kernel = Depthwise::new(&ramp(channels * side * side, 0.21), &ramp(channels, 0.5), side, stride);
        let x = ramp(kernel.reach(rows) * kernel.line(kernel.reach(columns)), 0.13);
        let work = || {
            let mut out = vec![f32::NAN; rows * columns * channels];
            kernel.apply(&x, rows, columns, &mut out);
            out
        };
        both(work, &format!("{side} × {side}, stride {stride}, {channels} channels, {rows} × {columns}"));
    }
    let values = |rows| match rows {
        Rows::Host(values) => values,
        #[cfg(feature = "webgpu")]
        Rows::Gpu(_) => unreachable!("it was loaded for the CPU"),
    };
    let pictures: Backbone = backbone("efficientnet-lite0").0;
    both(|| values(pictures.forward_pixels(&synthetic_pictures(), 2, &mut |_, _| {}).unwrap()), "pictures");
    let texts: Backbone = backbone("all-minilm-l6-v2").0;
    let ids: Vec<Vec<u32>> = [2, 9, 64].map(|n| (0..n).map(|i| (i * 7919 + n * 31) % 30522).collect()).into();
    both(|| values(texts.forward_ids(&ids, &mut |_, _| {}).unwrap()), "texts");
}
