//! `headstart`: the learner of the page, from a shell. `headstart --help` says what it can do, docs/native.md how.

mod adapt;
mod boundary;
mod embed;
mod encoder;
mod evaluate;
mod export;
mod failure;
mod given;
mod labels;
mod lesson;
mod machine;
mod made;
mod options;
mod output;
mod pack;
mod predict;
mod progress;
mod project;
mod rows;
mod shard;
mod train;
mod tune;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use options::Everywhere;
use output::Output;

/// Transfer learning on this machine: a small pretrained backbone turns your pictures or texts into features, and a head is
/// trained on them. The same code, files and results as the page's.
///
/// SAMPLES is a folder of pictures with a sub-folder for each class, a table of texts or of picture paths (CSV, TSV, JSON Lines), or
/// a project file with its samples.
///
/// Exit status: 0 done, samples that could not be used are named on stderr and under "rejected"; 1 failed, with a
/// code that stays the same; 2 the command line is wrong; 3 done, with --strict and a sample that could not be used.
#[derive(Parser)]
#[command(name = "headstart", version, propagate_version = true, max_term_width = 110)]
struct Command {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    everywhere: Everywhere,
}

#[derive(Subcommand)]
enum What {
    /// Samples → feature rows in a Parquet or Arrow file
    Embed(embed::Options),
    /// Samples → a project with a trained head
    Train(train::Options),
    /// Cross-validates, or scores a trained model on other samples
    Evaluate(evaluate::Options),
    /// What a trained model says of samples
    Predict(predict::Options),
    /// Trains the backbone's last stages too, and keeps them only where held-out samples gain
    Tune(tune::Options),
    /// Fits a trained model to another domain, from samples that need no labels
    Adapt(adapt::Options),
    /// A project → safetensors, ONNX, or a project without its pictures
    Export(export::Options),
}

fn main() -> ExitCode {
    let Command { what, everywhere } = Command::parse();
    let output = Output::new(&everywhere);
    let done = match what {
        What::Embed(options) => embed::run(options, &everywhere, &output),
        What::Train(options) => train::run(options, &everywhere, &output),
        What::Evaluate(options) => evaluate::run(options, &everywhere, &output),
        What::Predict(options) => predict::run(options, &everywhere, &output),
        What::Tune(options) => tune::run(options, &everywhere, &output),
        What::Adapt(options) => adapt::run(options, &everywhere, &output),
        What::Export(options) => export::run(options, &everywhere, &output),
    };
    output.end(done)
}
