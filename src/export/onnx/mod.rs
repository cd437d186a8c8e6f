//! The ONNX export: operator set 17, IR version 8, which onnxruntime has taken since 1.14. Everything is computed in f32; weights are
//! stored as the pack has them.
//!
//! Inputs: `pixels`, `[batch, 224, 224, 3]` bytes, RGB; or `input_ids` and `attention_mask`, `[batch, tokens]` of int64. Outputs:
//! `features`, `scores` (of numbers f64, because they can be large), `novelty`.

mod graph;
mod head;
mod lite0;
mod minilm;
mod proto;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use serde_json::{Value, json};

use super::Parts;
use super::card::{Card, FORMAT, KEY, VERSION};
use super::parity::{Inputs, Vectors};
use super::weights::Stored;
use crate::error::{Error, Result};
use graph::Graph;
use proto::{Entry, Model, OperatorSet};

const IR_VERSION: i64 = 8;
const OPERATOR_SET: i64 = 17;

pub fn write(card: &Card, stored: &Stored, parts: &Parts, vectors: &Vectors) -> Result<Vec<u8>> {
    let mut graph = Graph::default();
    match card.backbone.architecture.as_str() {
        "efficientnet-lite0" => lite0::add(&mut graph, stored, card.backbone.image()?)?,
        "minilm-l6" => minilm::add(&mut graph, stored)?,
        other => {
            let why = format!("architecture `{other}` cannot be written as ONNX");
            return Err(Error::BadPack { file: "manifest.json".into(), why });
        }
    }
    head::add(&mut graph, parts.model, card);
    let entry = |key: &str, value: String| Entry { key: key.to_owned(), value };
    let mut metadata = vec![
        entry("format", FORMAT.to_owned()),
        entry("version", VERSION.to_string()),
        entry(KEY, card.json()),
        entry("classes", json!(card.classes).to_string()),
        entry("novelty.heldOut", json!(parts.model.novelty.held_out).to_string()),
        entry("parity", parity(vectors).to_string()),
    ];
    if let Some(tokenizer) = parts.tokenizer {
        metadata.push(entry("tokenizer", String::from_utf8_lossy(tokenizer).into_owned()));
    }
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "headstart".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        doc_string: format!("{}, {} head", card.backbone.id, card.head.name()),
        graph: Some(graph.finish("headstart")),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPERATOR_SET }],
        metadata_props: metadata,
    };
    Ok(model.encode_to_vec())
}

/// `{ name: { shape, type, base64 } }`, little-endian, the types as NumPy names them.
fn parity(vectors: &Vectors) -> Value {
    let array = |kind: &str, shape: &[usize], bytes: &[u8]| json!({ "type": kind, "shape": shape, "base64": BASE64_STANDARD.encode(bytes) });
    let count = vectors.names.len();
    let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let (kind, scores) = vectors.score_bytes();
    let kind = if kind == safetensors::Dtype::F64 { "float64" } else { "float32" };
    let mut all = json!({
        "features": array("float32", &[count, vectors.features.cols()], &floats(vectors.features.values())),
        "scores": array(kind, &[count, vectors.scores.len() / count], &scores),
        "novelty": array("float32", &[count], &floats(&vectors.novelty)),
    });
    match &vectors.inputs {
        Inputs::Pixels(pixels, side) => all["pixels"] = array("uint8", &[count, *side, *side, 3], pixels),
        Inputs::Ids(_) => {
            let (longest, ids, mask) = vectors.padded();
            all["input_ids"] = array("int64", &[count, longest], &ids);
            all["attention_mask"] = array("int64", &[count, longest], &mask);
        }
    }
    all
}
