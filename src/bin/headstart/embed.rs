//! `headstart embed`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use headstart::source::Content;
use serde_json::json;

use crate::encoder::{Embedded, Encoder};
use crate::failure::Failure;
use crate::given::{Item, given};
use crate::options::{Everywhere, Intake};
use crate::output::{Done, Output};
use crate::pack::Pack;
use crate::project;
use crate::rows::{Row, Rows};
use crate::shard::Shard;

/// Rows of a row group.
const GROUP: usize = 1024;

#[derive(Args)]
pub struct Options {
    /// A folder, a table, or a project with its samples
    samples: PathBuf,
    /// The file that is written: .parquet or .arrow, with the columns id, path or text, label, features
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Embeds by the backbone of this project, tuned where it is tuned
    #[arg(long, value_name = "FILE")]
    project: Option<PathBuf>,
    /// Only the i-th of n parts, as 1/4. The parts one after another are what a run without it writes
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    reading: Intake,
}

pub fn run(options: Options, everywhere: &Everywhere, output: &Output) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut given = given(&options.samples, &options.reading)?;
    let total = given.items.len();
    if let Some(shard) = options.shard {
        given.items = given.items.drain(shard.of(total)).collect();
        // What has no item has no shard either: the first one names it.
        given.rejected.retain(|_| shard.i == 1);
    }
    output.left_out(given.rejected);
    let encoder = match &options.project {
        Some(project) => {
            options.reading.long_text_of_model()?;
            project::open(project, everywhere)?.encoder
        }
        None => {
            let pack = Pack::find(everywhere.backbone.as_deref(), given.task)?;
            Encoder::open(pack, None, options.reading.long_text.unwrap_or_default(), everywhere)?
        }
    };
    let manifest = &encoder.pack.manifest;
    if manifest.task != given.task.name() {
        return Err(Failure::option("project", format!("it is for {}s, and these are not", manifest.task)));
    }
    let about = [("headstart.backbone", manifest.id.as_str()), ("headstart.sha256", encoder.pack.sha256())];
    let about = about.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let mut rows = Rows::create(&options.out, given.task, manifest.dim, about)?;
    output.progress.stage("embed", given.items.len());
    let (mut count, mut cut) = (0, 0);
    for items in given.items.chunks(GROUP) {
        let mut group = Vec::with_capacity(items.len());
        for (item, embedded) in items.iter().zip(encoder.rows(items, &output.progress)?) {
            match embedded {
                Ok(embedded) => group.push(Row { what: what(item, &embedded), label: label(item), embedded }),
                Err(failure) => output.left_out([failure]),
            }
        }
        count += group.len();
        cut += group.iter().filter(|row| row.embedded.cut.is_some()).count();
        rows.write(&group)?;
    }
    rows.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    let mut text = format!(
        "{count} rows of {} features in {} ({seconds:.1} s, {:.0} a second)",
        manifest.dim,
        options.out.display(),
        count as f64 / seconds
    );
    if cut > 0 {
        text +=
            &format!("\n{cut} texts were cut to {} tokens; --long-text windows uses all", manifest.text()?.max_tokens);
    }
    let result = json!({
        "rows": count, "dim": manifest.dim, "out": options.out, "seconds": seconds, "cut": cut,
        "shard": options.shard.map(|shard| json!({ "i": shard.i, "n": shard.n, "of": total })),
        "backbone": { "id": manifest.id, "sha256": encoder.pack.sha256() },
        "device": encoder.machine.report(),
    });
    Ok(Done::new(result, text))
}

/// What the second column says.
fn what(item: &Item, embedded: &Embedded) -> String {
    match &embedded.kept {
        Content::Text(text) => text.clone(),
        Content::Picture(_) => item.name.clone(),
    }
}

fn label(item: &Item) -> Option<String> {
    item.meta.label.as_ref().map(ToString::to_string)
}
