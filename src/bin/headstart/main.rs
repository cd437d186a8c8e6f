//! `headstart`: the learner of the page, from a shell.
//!
//! ```text
//! headstart tune --pack <folder> --train <folder or .csv> [--test <folder or .csv>] [--per-class n] [--seed s]
//!                [--stages 1..3] [--epochs n] [--rate r] [--method cross-entropy|contrastive] [--views 1..4] [--folds n]
//! ```
//!
//! Pictures are a folder with a folder for each class; texts a table as the page imports them. The last line printed is JSON.

mod arguments;
mod samples;
mod tune;

use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.split_first() {
        Some((command, rest)) if command == "tune" => tune::run(rest),
        _ => Err("usage: headstart tune --pack <folder> --train <folder or .csv> [--test <folder or .csv>] …".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("headstart: {error}");
            ExitCode::from(2)
        }
    }
}
