//! Samples from a disk: a folder of pictures with a folder for each class, or a table of texts.

use std::path::Path;

use headstart::backbone::Manifest;
use headstart::encode::{image, text};
use headstart::source::{Content, content_id, table};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use crate::Failure;

pub struct Sample {
    /// Of its content.
    pub id: String,
    pub label: String,
    pub content: Content,
    pub input: Input,
}

/// As the backbone reads it.
pub enum Input {
    Pixels(Vec<u8>),
    Ids(Vec<u32>),
}

/// What cannot be read is named on the way and left out. The same content again is left out too.
pub fn read(path: &Path, manifest: &Manifest, pack: &Path) -> Result<Vec<Sample>, Failure> {
    let mut samples = if path.is_dir() { pictures(path, manifest)? } else { texts(path, manifest, pack)? };
    let mut seen = std::collections::HashSet::new();
    samples.retain(|sample| seen.insert(sample.id.clone()));
    if samples.is_empty() {
        return Err(format!("{} has no samples", path.display()).into());
    }
    Ok(samples)
}

/// So many of each class, drawn by the seed.
pub fn draw(mut samples: Vec<Sample>, per_class: usize, seed: u64) -> Vec<Sample> {
    samples.sort_by(|a, b| a.id.cmp(&b.id));
    samples.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut counts = std::collections::HashMap::<String, usize>::new();
    samples.retain(|sample| {
        let count = counts.entry(sample.label.clone()).or_default();
        *count += 1;
        *count <= per_class
    });
    samples
}

fn pictures(path: &Path, manifest: &Manifest) -> Result<Vec<Sample>, Failure> {
    let prep = manifest.image()?;
    let mut out = Vec::new();
    for class in entries(path)?.into_iter().filter(|class| class.is_dir()) {
        let label = class.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for file in entries(&class)? {
            let bytes = std::fs::read(&file)?;
            match image::encode(&bytes, prep) {
                Ok(image::Encoded { pixels, picture }) => out.push(Sample {
                    id: content_id(&bytes),
                    label: label.clone(),
                    content: Content::Picture(picture),
                    input: Input::Pixels(pixels),
                }),
                Err(error) => eprintln!("{}: {error}", file.display()),
            }
        }
    }
    Ok(out)
}

fn texts(path: &Path, manifest: &Manifest, pack: &Path) -> Result<Vec<Sample>, Failure> {
    let prep = manifest.text()?;
    let encoder = text::Encoder::new(&std::fs::read(pack.join(&prep.tokenizer))?, prep)?;
    let table = table::read(&std::fs::read(path)?, &table::Options::default())?;
    table.rejected.iter().for_each(|bad| eprintln!("{}: {bad:?}", path.display()));
    let sample = |row: table::Row| -> Result<Option<Sample>, Failure> {
        let Some(label) = row.label else { return Ok(None) };
        let ids = encoder.encode(&row.text)?.ids;
        let id = content_id(row.text.as_bytes());
        Ok(Some(Sample { id, label, content: Content::Text(row.text), input: Input::Ids(ids) }))
    };
    table.samples.into_iter().filter_map(|row| sample(row).transpose()).collect()
}

fn entries(path: &Path) -> Result<Vec<std::path::PathBuf>, Failure> {
    let mut entries: Vec<_> =
        std::fs::read_dir(path)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    Ok(entries)
}
