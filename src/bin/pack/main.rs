//! `pack`: a published checkpoint → the folder a browser loads.
//!
//! ```text
//! pack efficientnet-lite0 <checkpoint.pth> <output folder> [--dtype f16|f32]
//! pack all-minilm-l6-v2 <model.safetensors> <tokenizer.json> <output folder> [--dtype f16|f32|i8]
//! ```
//!
//! A checkpoint is refused unless its sha256 is the one written in its file here, before a byte of it is parsed.

mod lite0;
mod minilm;
mod store;

use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (args, dtype) = match args[..] {
        [.., "--dtype", dtype] => (&args[..args.len() - 2], Some(dtype)),
        _ => (&args[..], None),
    };
    let result = match (args, dtype) {
        (["efficientnet-lite0", checkpoint, out], None | Some("f16" | "f32")) => {
            lite0::pack(checkpoint.as_ref(), out.as_ref(), dtype.unwrap_or("f16"))
        }
        (["all-minilm-l6-v2", checkpoint, tokenizer, out], None | Some("i8" | "f16" | "f32")) => {
            minilm::pack(checkpoint.as_ref(), tokenizer.as_ref(), out.as_ref(), dtype.unwrap_or("i8"))
        }
        _ => {
            eprintln!(
                "usage: pack efficientnet-lite0 <checkpoint.pth> <output folder> [--dtype f16|f32]\n       \
                 pack all-minilm-l6-v2 <model.safetensors> <tokenizer.json> <output folder> [--dtype i8|f16|f32]"
            );
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
