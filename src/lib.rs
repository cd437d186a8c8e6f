//! Headstart: transfer learning on the machine in front of you.
//!
//! The rooms, in the order data walks through them. A room may use the rooms above it and never one
//! below (`tests/rooms.rs` checks it); only [`device`], [`backbone`], [`features`] and [`learn`] name burn,
//! and only `web` knows JavaScript.
//!
//! | room | what happens there |
//! |---|---|
//! | [`error`] | the one error enum: a stable code, and what to do |
//! | [`source`] | what the person gave: samples, labels, content ids; tables of texts |
//! | [`encode`] | bytes → pixels, text → token ids, exactly as the checkpoint was trained |
//! | [`metrics`] | splits, scores, intervals: arithmetic on host arrays |
//! | [`device`] | which computer is this: WebGPU with a self-check, or the CPU |
//! | [`backbone`] | weights → features; one file a model |
//! | [`features`] | the only read-back of the hot path; rows kept by content id |
//! | [`learn`] | features → a head |
//! | [`judge`] | what has to train to know: the cross-validated report |
//! | [`export`] | model → file, and back |
//! | [`learner`] | samples, rows and head together: the state behind the face |
//! | `web` | the wasm face that `pkg/src` talks to |

// burn's nested types overflow the default limit of 128 when the WebGPU backend is compiled in.
#![recursion_limit = "256"]

pub mod error;
pub mod source;
pub mod encode;
pub mod metrics;
pub mod device;
pub mod backbone;
pub mod features;
pub mod learn;
pub mod judge;
pub mod export;
pub mod learner;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Result};
