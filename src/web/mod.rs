//! The wasm face: what `pkg/src` calls from a worker. Converts, and nothing else; the only room that knows JavaScript.
//!
//! The GPU module only extracts: decoding, tokens and the learner stay in the CPU module, which is always there.

mod convert;
#[cfg(not(feature = "webgpu"))]
mod encode;
mod extract;
#[cfg(not(feature = "webgpu"))]
mod session;
#[cfg(not(feature = "webgpu"))]
mod tune;

use wasm_bindgen::prelude::*;

type JsResult<T> = Result<T, convert::Caught>;

/// A panic ends the module: the message in the console is all that is left of it.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
