//! Does this GPU compute? Every kernel beside burn on the CPU, on odd shapes and on numbers that no zero or constant output could
//! imitate: before the GPU is used, because a shader that does not compile leaves its output as it was and says nothing.

use burn::tensor::activation::{gelu, softmax};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};

use super::{Buffer, Depthwise, Embeddings, Linear, Mean, Norm, Stem, Then, attention, mean};
use crate::device::Computer;
use crate::error::{Error, Result};

/// Of the largest value.
const TOLERANCE: f32 = 1e-3;

/// Errors: `gpu-wrong`, naming what came out wrong; `gpu-lost`.
pub async fn check(computer: &Computer, gpu: &Device) -> Result<()> {
    let cpu = &Device::flex();
    let agree = async |name: &str, got: Buffer, want: Tensor<1>| {
        let len = got.len();
        let (got, want) = (read(got.tensor([len])).await?, read(want).await?);
        computer.check()?;
        let scale = want.iter().fold(0f32, |m, v| m.max(v.abs()));
        let close = |(got, want): (&f32, &f32)| (got - want).abs() <= TOLERANCE * scale;
        let right = got.len() == want.len() && got.iter().zip(&want).all(close);
        if right { Ok(()) } else { Err(Error::GpuWrong { check: name.to_owned() }) }
    };
    let on = |shape: &[usize], step: f32| Buffer::new(ramp(shape, step), gpu);
    let host = |v: Vec<f32>| {
        let len = v.len();
        Tensor::<1>::from_data(TensorData::new(v, [len]), cpu)
    };

    // 5 rows: the last unit has one.
    let linear = Linear::new(&ramp(&[8, 1152], 0.02), ramp(&[8], 0.1), gpu);
    let product = host(ramp(&[5, 1152], 0.01))
        .reshape([5, 1152])
        .matmul(host(ramp(&[8, 1152], 0.02)).reshape([8, 1152]).transpose())
        + host(ramp(&[8], 0.1)).reshape([1, 8]);
    let x = on(&[5, 1152], 0.01);
    let added = on(&[5, 8], 0.3);
    let sum = product.clone() + host(ramp(&[5, 8], 0.3)).reshape([5, 8]);
    agree("a product", linear.apply(&x, Then::Nothing), product.clone().flatten(0, 1)).await?;
    agree("ReLU6", linear.apply(&x, Then::Relu6), product.clone().clamp(0.0, 6.0).flatten(0, 1)).await?;
    agree("GELU", linear.apply(&x, Then::Gelu), gelu(product).flatten(0, 1)).await?;
    agree("a sum", linear.apply(&x, Then::Add(&added)), sum.flatten(0, 1)).await?;

    for (kernel, stride, side, [before, after]) in [(3, 2, 10, [0, 1]), (5, 1, 7, [2, 2])] {
        let weight = ramp(&[8, kernel, kernel], 0.7);
        let depthwise = Depthwise::new(&weight, ramp(&[8], 0.1), stride, side, before, gpu);
        let planes = host(ramp(&[2, side, side, 8], 0.3)).reshape([2, side, side, 8]).permute([0, 3, 1, 2]);
        let pairs = [(before, after); 2];
        let options = ConvOptions::new_with_padding([stride; 2], pairs, [1, 1], 8);
        let weight = host(weight).reshape([8, 1, kernel, kernel]);
        let want = conv2d(planes, weight, Some(host(ramp(&[8], 0.1))), options);
        let want = want.clamp(0.0, 6.0).permute([0, 2, 3, 1]).flatten(0, 3);
        agree("a depthwise convolution", depthwise.apply(&on(&[2, side, side, 8], 0.3)), want).await?;
    }

    let bytes: Vec<u8> = (0..2 * 12 * 12 * 3).map(|i| (i * 37 % 256) as u8).collect();
    let weight = ramp(&[8, 3, 3, 3], 0.4);
    let stem = Stem::new(&weight, ramp(&[8], 0.2), 12, 127.0, 128.0, gpu);
    let values = bytes.iter().map(|&b| (f32::from(b) - 127.0) / 128.0).collect();
    let planes = host(values).reshape([2, 12, 12, 3]).permute([0, 3, 1, 2]);
    let options = ConvOptions::new_with_padding([2, 2], [(0, 1), (0, 1)], [1, 1], 1);
    let want = conv2d(planes, host(weight).reshape([8, 3, 3, 3]), Some(host(ramp(&[8], 0.2))), options);
    let want = want.clamp(0.0, 6.0).permute([0, 2, 3, 1]).flatten(0, 3);
    agree("a convolution", stem.apply(&bytes, gpu), want).await?;

    // Two texts of 5 tokens, of which the second has only 3; two heads of 8.
    let lengths = Buffer::integers(vec![5, 3], gpu);
    let got = attention(&on(&[2, 5, 48], 0.13), &lengths, 2, 8);
    let all = host(ramp(&[2, 5, 48], 0.13)).reshape([2, 5, 3, 2, 8]).permute([2, 0, 3, 1, 4]);
    let part = |i: usize, text: usize, n: usize| {
        all.clone().slice([i..i + 1, text..text + 1, 0..2, 0..n, 0..8]).reshape([2, n as i32, 8])
    };
    for (text, n) in [(0, 5), (1, 3)] {
        let scores = part(0, text, n).matmul(part(1, text, n).swap_dims(1, 2)) / 8f32.sqrt();
        let want = softmax(scores, 2).matmul(part(2, text, n)).swap_dims(0, 1).flatten(0, 2);
        let len = got.len();
        let own = got.clone().tensor([len]).slice([text * 80..text * 80 + n * 16]);
        agree("attention", Buffer::of(own * 1.0), want).await?;
    }

    let norm = Norm::new(ramp(&[40], 0.5), ramp(&[40], 0.9), 1e-12, gpu);
    let rows = host(ramp(&[3, 40], 0.3)).reshape([3, 40]);
    let (variance, middle) = rows.clone().var_mean_bias(1);
    let want = (rows - middle) / (variance + 1e-12).sqrt() * host(ramp(&[40], 0.5)).reshape([1, 40])
        + host(ramp(&[40], 0.9)).reshape([1, 40]);
    agree("a norm", norm.apply(&on(&[3, 40], 0.3)), want.flatten(0, 1)).await?;

    let embeddings = Embeddings::new(ramp(&[6, 8], 0.3), ramp(&[4, 8], 0.7), 8, gpu);
    let ids = [5, 0, 3, 3];
    let (words, positions) = (ramp(&[6, 8], 0.3), ramp(&[4, 8], 0.7));
    let want = (0..4 * 8).map(|i| words[ids[i / 8] * 8 + i % 8] + positions[i / 8 % 2 * 8 + i % 8]).collect();
    let ids = Buffer::integers(ids.map(|id| id as i32).to_vec(), gpu);
    agree("a lookup", embeddings.of(&ids, 2), host(want)).await?;

    let rows = host(ramp(&[2, 5, 8], 0.3)).reshape([2, 5, 8]);
    let want = rows.clone().mean_dim(1).flatten(0, 2);
    agree("a mean", mean(&on(&[2, 5, 8], 0.3), Mean::All { longest: 5 }, 8), want).await?;
    let of = |text: usize, n: usize| rows.clone().slice([text..text + 1, 0..n]).mean_dim(1);
    let want = Tensor::cat(vec![of(0, 5), of(1, 3)], 0).flatten(0, 2);
    agree("a mean of some", mean(&on(&[2, 5, 8], 0.3), Mean::First { lengths: &lengths }, 8), want).await
}

async fn read(tensor: Tensor<1>) -> Result<Vec<f32>> {
    let data = tensor.into_data_async().await.map_err(|e| Error::GpuLost { reason: e.to_string() })?;
    data.try_into_vec().map_err(|e| Error::GpuLost { reason: format!("{e:?}") })
}

fn ramp(shape: &[usize], step: f32) -> Vec<f32> {
    (0..shape.iter().product()).map(|i: usize| (i as f32 * step).sin()).collect()
}
