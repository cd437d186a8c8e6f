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

/// `stored`: `f32`, `f16` or `i8` for each name. An `i8` tensor of `[rows, columns]` has a `<name>.scale` of `[rows, blocks]`
/// beside it: a value is its block's scale times an integer from -127 to 127.
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
                let of_row = scales.len() / shape[0];
                push(
                    &format!("{name}.scale"),
                    Dtype::F16,
                    vec![shape[0], of_row],
                    bytes(&scales, |v| f16::from_f64(v).to_le_bytes()),
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

/// Values that share a scale.
const BLOCK: usize = 64;

fn quantise(tensor: &Tensor) -> (Vec<f64>, Vec<u8>) {
    let (mut scales, mut integers) = (Vec::new(), Vec::new());
    for block in tensor.values.chunks_exact(BLOCK) {
        let largest = block.iter().fold(0f64, |most, v| most.max(v.abs()));
        // Rounded as it is stored, and up: the largest value must not be cut short.
        let scale = f16::from_f64(largest / 127.0 * (1.0 + 0.5 / 1024.0)).to_f64().max(f16::MIN_POSITIVE.to_f64());
        scales.push(scale);
        integers.extend(block.iter().map(|&v| (v / scale).round().clamp(-127.0, 127.0) as i8 as u8));
    }
    (scales, integers)
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
