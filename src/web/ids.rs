//! What a content and a pack's file are told by.

use wasm_bindgen::prelude::*;

use super::JsResult;
use crate::backbone::Manifest;
use crate::source;

/// sha256 in lower-case hexadecimal, for pages on which the browser's own is not to be had.
#[wasm_bindgen]
pub fn sha256(bytes: &[u8]) -> String {
    source::sha256_hex(bytes)
}

/// The id that a content has by itself, of its sha256.
#[wasm_bindgen(js_name = contentId)]
pub fn content_id(sha256: &str) -> String {
    source::id_of_hash(sha256)
}

/// Throws `hash-mismatch` unless a pack's file has the sha256 that its manifest promises.
#[wasm_bindgen(js_name = checkFile)]
pub fn check_file(manifest: &str, name: &str, sha256: &str) -> JsResult<()> {
    Ok(Manifest::parse(manifest)?.check_hash(name, sha256)?)
}
