//! The model as a file.

use js_sys::{Array, Float32Array, Reflect, Uint8Array, Uint32Array};
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::session::Session;
use crate::backbone::Manifest;
use crate::error::Error;
use crate::export::{Form, Input, Parts, Vector, onnx, safetensors};

#[wasm_bindgen]
impl Session {
    /// `format`: `"safetensors"`, `"compact"` (the same with 8-bit weights where the pack has them), `"onnx"`. `weights`, `tokenizer`: the
    /// pack's files, whose hashes were checked; `tuned`: the tensors of a tuned backbone. `vectors`: at least 16 of `{ name, pixels }`
    /// or `{ name, text, ids }`, each with the `features` that the model predicts by. `windows`: long texts are taken in parts.
    #[wasm_bindgen(js_name = exportFile)]
    #[expect(clippy::too_many_arguments, reason = "they are files, and JavaScript has no way to give them as one")]
    pub fn export_file(
        &self,
        format: &str,
        manifest: &str,
        weights: &[u8],
        tokenizer: Option<Vec<u8>>,
        tuned: Option<Vec<u8>>,
        vectors: Array,
        windows: bool,
    ) -> JsResult<Uint8Array> {
        let manifest = Manifest::parse(manifest)?;
        let parts = Parts {
            model: self.learner().model()?,
            manifest: &manifest,
            weights,
            tokenizer: tokenizer.as_deref(),
            tuned: tuned.as_deref(),
            windows,
        };
        let vectors = vectors.iter().map(|vector| self::vector(&vector)).collect::<JsResult<_>>()?;
        let file = match format {
            "safetensors" => safetensors(&parts, vectors, Form::Plain)?,
            "compact" => safetensors(&parts, vectors, Form::Compact)?,
            "onnx" => onnx(&parts, vectors)?,
            other => {
                let why = format!("`{other}` is neither safetensors, compact nor onnx");
                return Err(Error::BadOption { option: "format", why }.into());
            }
        };
        Ok(file.as_slice().into())
    }
}

fn vector(vector: &JsValue) -> JsResult<Vector> {
    let get = |key: &str| Reflect::get(vector, &key.into()).unwrap_or(JsValue::UNDEFINED);
    let bad = || Error::BadOption { option: "vectors", why: "each has a name, an input and features".into() };
    let features: Float32Array = get("features").dyn_into().map_err(|_| bad())?;
    let input = match (get("pixels").dyn_into::<Uint8Array>(), get("ids").dyn_into::<Uint32Array>()) {
        (Ok(pixels), _) => Input::Pixels(pixels.to_vec()),
        (_, Ok(ids)) => Input::Text { text: get("text").as_string().ok_or_else(bad)?, ids: ids.to_vec() },
        _ => return Err(bad().into()),
    };
    Ok(Vector { name: get("name").as_string().unwrap_or_default(), input, features: features.to_vec() })
}
