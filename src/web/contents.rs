//! What is kept of contents, over the border.

use std::sync::Arc;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use crate::source::{Content, Look, Picture, SMALL};

/// What is kept of contents, in the order in which they are put in.
#[wasm_bindgen]
#[derive(Default)]
pub struct Contents(Vec<Arc<Content>>);

#[wasm_bindgen]
impl Contents {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Contents {
        Self::default()
    }

    pub fn text(&mut self, text: String) {
        self.0.push(Arc::new(Content::Text(text)));
    }

    pub fn picture(&mut self, small: Vec<u8>, look: JsValue) -> JsResult<()> {
        let look: Look = from_js("look", &look)?;
        assert_eq!(small.len(), SMALL * SMALL * 3, "a small picture has its size");
        self.0.push(Arc::new(Content::Picture(Picture { small, look })));
        Ok(())
    }
}

impl Contents {
    pub(super) fn list(&self) -> &[Arc<Content>] {
        &self.0
    }
}

/// What is kept of a picture.
#[wasm_bindgen]
pub struct KeptPicture(pub(super) Picture);

#[wasm_bindgen]
impl KeptPicture {
    /// `32 × 32 × 3` bytes.
    pub fn small(&self) -> Uint8Array {
        self.0.small.as_slice().into()
    }

    /// `{ width, height, brightness, sharpness }`.
    pub fn look(&self) -> JsResult<JsValue> {
        to_js(&self.0.look)
    }
}
