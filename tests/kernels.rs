//! Our kernels against burn-flex, on shapes that no network has: odd widths, one row, one channel. Tolerance: 1e-5 of
//! the largest value, as only the order of the sums differs.

mod fixtures;

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData, activation};
use fixtures::*;
use headstart::backbone::kernels::{BLOCK, Depthwise, Filter, Packed, Place, Then, To};
use headstart::backbone::{Backbone, Lite0, MiniLm, Weights};
use headstart::device::Computer;
use headstart::features::{Matrix, extract, extract_texts, feature_map};

fn ramp(n: usize, step: f32) -> Vec<f32> {
    (0..n).map(|i| (i as f32 * step).sin() * 3.0).collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &Device::flex())
}

fn read<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_into_vec().unwrap()
}

fn same(got: &[f32], want: &[f32], what: &str) {
    let scale = want.iter().fold(1f32, |m, v| m.max(v.abs()));
    let off = largest_difference(got, want) / scale;
    assert!(off < 1e-5, "{what}: {off} of the largest value");
}

#[test]
fn a_product_of_any_shape() {
    for (rows, inputs, outputs) in
        [(1, 1, 1), (3, 5, 7), (4, 8, 8), (13, 27, 33), (49, 320, 1281), (700, 16, 96), (2, 1153, 9)]
    {
        let (x, weight, bias) = (ramp(rows * inputs, 0.37), ramp(inputs * outputs, 0.11), ramp(outputs, 0.7));
        let want = tensor(&x, [rows, inputs]).matmul(tensor(&weight, [outputs, inputs]).transpose())
            + tensor(&bias, [1, outputs]);
        let other = ramp(rows * outputs, 0.23);
        let packed = Packed::from_rows(&weight, &bias);
        for (then, want) in [
            (Then::Nothing, want.clone()),
            (Then::Relu6, want.clone().clamp(0.0, 6.0)),
            (Then::Gelu, activation::gelu(want.clone())),
            (Then::Add(&other), want + tensor(&other, [rows, outputs])),
        ] {
            let mut got = vec![f32::NAN; rows * outputs];
            packed.apply(&x, rows, &mut got, then);
            same(&got, &read(want), &format!("{rows} × {inputs} × {outputs}, {then:?}"));
        }
        let mut got = other.clone();
        packed.apply(&x, rows, &mut got, Then::Sum);
        let mut want = vec![f32::NAN; rows * outputs];
        packed.apply(&x, rows, &mut want, Then::Add(&other));
        assert_eq!(got, want, "{rows} × {inputs} × {outputs}, added to what is there");
        let columns = Packed::from_columns(&read(tensor(&weight, [outputs, inputs]).transpose()), inputs, outputs);
        let mut got = vec![f32::NAN; rows * outputs];
        columns.apply(&x, rows, &mut got, Then::Nothing);
        same(&got, &read(tensor(&x, [rows, inputs]).matmul(tensor(&weight, [outputs, inputs]).transpose())), "columns");
    }
}

#[test]
fn rows_wider_than_the_cache() {
    // A linear head on 31,000 samples multiplies by their transpose. Whole numbers, so that every order of the sum is exact.
    let (rows, inputs, outputs) = (13, 40_000, 3);
    let whole = |n: usize, by: usize| (0..n).map(|i| (i % by) as f32 - 2.0).collect::<Vec<f32>>();
    let (x, weight) = (whole(rows * inputs, 7), whole(outputs * inputs, 5));
    let mut got = vec![f32::NAN; rows * outputs];
    Packed::from_rows(&weight, &[0.0; 3]).apply(&x, rows, &mut got, Then::Nothing);
    let sum = |(x, w): (&[f32], &[f32])| x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>();
    let want: Vec<f32> = x.chunks(inputs).flat_map(|x| weight.chunks(inputs).map(move |w| sum((x, w)))).collect();
    assert_eq!(got, want);
}

#[test]
fn rows_that_lie_apart_are_read_and_written_where_they_belong() {
    let (x, weight) = (ramp(5 * 20, 0.3), ramp(11 * 6, 0.9));
    let apart: Vec<f32> = x.chunks(20).flat_map(|row| row[4..10].to_vec()).collect();
    let want = read(tensor(&apart, [5, 6]).matmul(tensor(&weight, [11, 6]).transpose()));
    // Fours of outputs 30 apart, rows from the last to the first.
    let mut out = vec![-1.0; 100];
    let places = [21, 16, 11, 6, 1];
    let to = To { values: &mut out, rows: Place::Listed(&places), apart: 30 };
    Packed::from_rows(&weight, &[0.0; 11]).apply_strided(&x[4..], 20, 5, to, Then::Nothing);
    for row in 0..5 {
        for (j, want) in want[row * 11..][..11].iter().enumerate() {
            let got = std::mem::replace(&mut out[places[row] + j / 4 * 30 + j % 4], -1.0);
            assert!((got - want).abs() < 1e-4, "row {row}, output {j}: {got}, not {want}");
        }
    }
    assert!(out.iter().all(|v| *v == -1.0), "nothing else is written");
}

#[test]
#[should_panic(expected = "rows end after their slice")]
fn too_short_an_input_is_refused() {
    Packed::from_rows(&ramp(12, 1.0), &[0.0; 3]).apply(&ramp(7, 1.0), 2, &mut [0.0; 6], Then::Nothing);
}

#[test]
fn depthwise_filters_of_any_width() {
    for (side, stride, channels, rows, columns) in [
        (3, 1, 1, 1, 1),
        (3, 1, 7, 3, 5),
        (3, 2, 12, 4, 3),
        (5, 1, 9, 2, 9),
        (5, 2, 6, 5, 4),
        (5, 2, 32, 1, 7),
        (3, 1, 5, 2, 17),
    ] {
        let (weight, bias) = (ramp(channels * side * side, 0.21), ramp(channels, 0.5));
        let kernel = Depthwise::new(&weight, &bias, side, stride);
        let (high, wide) = (kernel.reach(rows), kernel.reach(columns));
        let x = ramp(high * wide * channels, 0.13);
        let mut blocks = vec![0.0; high * kernel.line(wide)];
        for (i, value) in x.iter().enumerate() {
            let (row, column, c) = (i / channels / wide, i / channels % wide, i % channels);
            blocks[row * kernel.line(wide) + (c / BLOCK * wide + column) * BLOCK + c % BLOCK] = *value;
        }
        let mut got = vec![f32::NAN; rows * columns * channels];
        kernel.apply(&blocks, rows, columns, &mut got);
        let planes = tensor(&x, [1, high, wide, channels]).permute([0, 3, 1, 2]);
        let options = ConvOptions::new([stride, stride], [0, 0], [1, 1], channels);
        let want = conv2d(planes, tensor(&weight, [channels, 1, side, side]), Some(tensor(&bias, [channels])), options);
        let want = read(want.clamp(0.0, 6.0).permute([0, 2, 3, 1]));
        same(&got, &want, &format!("{side} × {side}, stride {stride}, {channels} channels, {rows} × {columns}"));
    }
}

/// The kernel that trains: forwards, and both gradients, of two pictures.
#[test]
fn depthwise_filters_that_are_trained() {
    for (side, stride, channels, size) in
        [(3, 1, 4, 1usize), (3, 1, 20, 5), (3, 2, 12, 6), (5, 1, 36, 3), (5, 2, 16, 14), (5, 2, 24, 7)]
    {
        let what = format!("{side} × {side}, stride {stride}, {channels} channels, {size} × {size}");
        let out = size.div_ceil(stride);
        let before = (((out - 1) * stride + side).saturating_sub(size)) / 2;
        let after = ((out - 1) * stride + side).saturating_sub(size + before);
        let (taps, bias) = (ramp(side * side * channels, 0.21), ramp(channels, 0.5));
        let x = ramp(2 * size * size * channels, 0.13);
        let slopes = ramp(2 * out * out * channels, 0.31);
        let filter = Filter::new(side, stride, size, before);

        let device = Device::flex().autodiff();
        let of = |values: &[f32], shape: [usize; 4]| {
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), &device).require_grad()
        };
        let (input, weight) = (of(&x, [2, size, size, channels]), of(&taps, [1, side, side, channels]));
        let shift = Tensor::<1>::from_data(TensorData::new(bias.clone(), [channels]), &device).require_grad();
        let planes = input.clone().permute([0, 3, 1, 2]).pad((before, after, before, after), 0.0);
        let options = ConvOptions::new([stride, stride], [0, 0], [1, 1], channels);
        let want = conv2d(planes, weight.clone().permute([3, 0, 1, 2]), Some(shift.clone()), options);
        let want = want.permute([0, 2, 3, 1]);
        let sum = want.clone() * Tensor::from_data(TensorData::new(slopes.clone(), [2, out, out, channels]), &device);
        let gradients = sum.sum().backward();

        let mut got = Vec::new();
        filter.forward(&taps, &bias, &x, &mut got);
        same(&got, &read(want), &what);
        filter.back(&taps, &slopes, &mut got);
        same(&got, &read(input.grad(&gradients).unwrap()), &what);
        let (mut by_tap, mut by_bias) = (vec![0.0; taps.len()], vec![0.0; channels]);
        filter.gradient(&x, &slopes, &mut by_tap, &mut by_bias);
        same(&by_tap, &read(weight.grad(&gradients).unwrap()), &what);
        same(&by_bias, &read(shift.grad(&gradients).unwrap()), &what);
    }
}

/// The whole network as burn has it.
#[test]
fn pictures_have_the_features_and_maps_of_the_network_in_burn() {
    let (manifest, weights) = pack_files("efficientnet-lite0");
    let net = Lite0::load(&mut Weights::parse("model", &weights).unwrap(), &Device::flex()).unwrap();
    let pixels = synthetic_pictures();
    let prep = manifest.image().unwrap();
    let normalised: Vec<f32> = pixels.iter().map(|v| (f32::from(*v) - prep.mean) / prep.std).collect();
    let planes = tensor(&normalised, [2, 224, 224, 3]).permute([0, 3, 1, 2]);
    let want = Matrix::new(1280, read(net.forward(planes.clone())));
    let maps = read(net.feature_map(planes));
    let computer = Computer::cpu();
    let backbone = Backbone::load(manifest, &weights, &computer).unwrap();
    let got = pollster::block_on(extract(&backbone, &computer, &pixels, 2)).unwrap();
    let off = largest_difference(got.values(), want.values());
    assert!(off < 1e-4, "{off}");
    for (row, picture) in pixels.chunks_exact(pixels.len() / 2).enumerate() {
        let map = &maps[row * 49 * 1280..][..49 * 1280];
        let got = pollster::block_on(feature_map(&backbone, &computer, picture)).unwrap();
        // A cell lies farther off than the mean of all.
        let off = largest_difference(got.values(), map);
        assert!(off < 1e-3, "the map of picture {row}: {off}");
        let cells = Matrix::new(1280, map.to_vec()).transposed();
        let means: Vec<f32> = cells.iter().map(|cells| cells.iter().sum::<f32>() / 49.0).collect();
        let off = largest_difference(&means, want.row(row));
        assert!(off < 1e-4, "the mean of the map of picture {row}: {off}");
    }
}

#[test]
fn texts_have_the_embeddings_of_the_network_in_burn() {
    let (manifest, weights) = pack_files("all-minilm-l6-v2");
    let net = MiniLm::load(&mut Weights::parse("model", &weights).unwrap(), &Device::flex()).unwrap();
    // Of 2, 3, 9, 64 and 256 tokens: padded to the longest there, and not at all here.
    let texts: Vec<Vec<u32>> = [2, 3, 9, 64, 256].map(|n| (0..n).map(|i| (i * 7919 + n * 31) % 30522).collect()).into();
    let want = read(net.forward(&texts, &Device::flex()));
    let computer = Computer::cpu();
    let backbone = Backbone::load(manifest, &weights, &computer).unwrap();
    let got: Matrix = pollster::block_on(extract_texts(&backbone, &computer, &texts)).unwrap();
    let off = largest_difference(got.values(), &want);
    assert!(off < 1e-5, "{off}");
}

#[test]
#[should_panic(expected = "one of the numbers is none")]
fn what_is_no_number_is_far_from_every_number() {
    largest_difference(&[1.0, f32::NAN], &[1.0, 2.0]);
}
