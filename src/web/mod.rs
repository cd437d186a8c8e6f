//! The wasm face: what `pkg/src` calls from a worker. Converts, and nothing else; the only room that knows JavaScript.
//!
//! One crate makes three modules, each with what its workers need: extractors and trainings on the CPU (no feature), the learner
//! (`learner`), extractors and trainings on a GPU (`webgpu`). What no export of a module leads to, the linker leaves out.

#[cfg(feature = "learner")]
mod contents;
mod convert;
#[cfg(not(any(feature = "learner", feature = "webgpu")))]
mod encode;
#[cfg(feature = "learner")]
mod export;
#[cfg(not(feature = "learner"))]
mod extract;
#[cfg(not(feature = "webgpu"))]
mod ids;
#[cfg(not(any(feature = "learner", feature = "webgpu")))]
mod predict;
#[cfg(feature = "learner")]
mod project;
#[cfg(feature = "learner")]
mod session;
#[cfg(feature = "learner")]
mod texts;
#[cfg(not(feature = "learner"))]
mod tune;

use wasm_bindgen::prelude::*;

type JsResult<T> = Result<T, convert::Caught>;

/// A panic ends the module: the message in the console is all that is left of it.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
