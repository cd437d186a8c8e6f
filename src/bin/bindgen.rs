//! `bindgen`: a compiled wasm module → the module and the JavaScript that calls it, as `wasm-bindgen --target web`.
//!
//! ```text
//! bindgen <module.wasm> <output folder> <name>
//! ```
//!
//! The command-line tool of that name must be of exactly the crate's version and is installed apart, with its own
//! hundreds of dependencies; as a library it is pinned by our Cargo.lock like everything else.

use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [module, out, name] = &args[..] else {
        eprintln!("usage: bindgen <module.wasm> <output folder> <name>");
        return ExitCode::from(2);
    };
    let mut bindgen = Bindgen::new();
    let result = bindgen.input_path(module).out_name(name).typescript(true).web(true).and_then(|b| b.generate(out));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
