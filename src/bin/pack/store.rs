//! Tensors → the files of a pack.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;
use headstart::backbone::Manifest;
use headstart::backbone::pack::PackFile;
use headstart::source::sha256_hex;
use safetensors::tensor::{Dtype, TensorView};

use crate::Failure;

pub struct Tensor {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

struct Stored {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// `stored`: `f32`, `f16` or `i8` for each name. An `i8` tensor of `[rows, …]` has a `<name>.scale` of `[rows]` beside it:
/// a value is `scale × integer`, integers from -127 to 127.
pub fn to_safetensors<'a>(
    tensors: &BTreeMap<String, Tensor>,
    stored: impl Fn(&str) -> &'a str,
) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    for (name, tensor) in tensors {
        let shape = tensor.shape.clone();
        let mut push = |name: &str, dtype, shape, bytes| out.push(Stored { name: name.into(), dtype, shape, bytes });
        match stored(name) {
            "f16" => push(name, Dtype::F16, shape, bytes(&tensor.values, |v| f16::from_f64(v).to_le_bytes())),
            "i8" => {
                let (scales, integers) = quantise(tensor);
                push(
                    &format!("{name}.scale"),
                    Dtype::F32,
                    vec![scales.len()],
                    bytes(&scales, |v| (v as f32).to_le_bytes()),
                );
                push(name, Dtype::I8, shape, integers);
            }
            _ => push(name, Dtype::F32, shape, bytes(&tensor.values, |v| (v as f32).to_le_bytes())),
        }
    }
    let views = out
        .iter()
        .map(|s| Ok((s.name.as_str(), TensorView::new(s.dtype, s.shape.clone(), &s.bytes)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(safetensors::serialize(views, None)?)
}

fn bytes<const N: usize>(values: &[f64], one: impl Fn(f64) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&v| one(v)).collect()
}

fn quantise(tensor: &Tensor) -> (Vec<f64>, Vec<u8>) {
    let wide = tensor.values.len() / tensor.shape[0];
    let (mut scales, mut integers) = (Vec::new(), Vec::new());
    for row in tensor.values.chunks_exact(wide) {
        let scale = best_scale(row);
        scales.push(scale);
        integers.extend(row.iter().map(|&v| integer(v, scale) as i8 as u8));
    }
    (scales, integers)
}

/// The scale with the least squared error. The one that just holds the largest value is seldom it: cutting one outlier
/// short makes every other value finer.
fn best_scale(row: &[f64]) -> f64 {
    let largest = row.iter().fold(f64::from(f32::MIN_POSITIVE), |most, v| most.max(v.abs()));
    let error = |scale: f64| row.iter().map(|&v| (v - scale * integer(v, scale)).powi(2)).sum::<f64>();
    // Rounded to f32, as that is what the integers will be multiplied by.
    (0..40)
        .map(|i| f64::from((largest * (1.0 - 0.01 * f64::from(i)) / 127.0) as f32))
        .min_by(|&a, &b| error(a).total_cmp(&error(b)))
        .expect("there are forty to choose from")
}

fn integer(value: f64, scale: f64) -> f64 {
    (value / scale).round().clamp(-127.0, 127.0)
}

/// Writes the files, then the manifest with their sizes and hashes: a folder with a manifest is a whole pack.
pub fn write(out: &Path, mut manifest: Manifest, files: &[(&str, Vec<u8>)]) -> Result<(), Failure> {
    std::fs::create_dir_all(out)?;
    for (name, bytes) in files {
        std::fs::write(out.join(name), bytes)?;
        manifest.files.push(PackFile { name: (*name).into(), bytes: bytes.len() as u64, sha256: sha256_hex(bytes) });
        println!("{}: {} bytes, sha256 {}", out.join(name).display(), bytes.len(), sha256_hex(bytes));
    }
    std::fs::write(out.join("manifest.json"), serde_json::to_string_pretty(&manifest)? + "\n")?;
    Ok(())
}
