//! A pack: one folder with `manifest.json` and the files it lists. The manifest says what the backbone is, where it
//! came from, under which licence, how its input is prepared, and the sha256 of each of its files.

use serde::{Deserialize, Serialize};

use crate::encode::{Preprocess, image, text};
use crate::error::{Error, Result};
use crate::source::sha256_hex;

/// The format this version writes and reads.
pub const FORMAT: &str = "headstart-pack/1";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// `headstart-pack/1`.
    pub format: String,
    pub id: String,
    /// Which file of `src/backbone` runs it.
    pub architecture: String,
    /// `image` or `text`.
    pub task: String,
    /// Width of a feature row.
    pub dim: usize,
    /// How the weights are stored: `i8`, `f16` or `f32`. They are computed with in f32 either way.
    pub dtype: String,
    pub preprocess: Preprocess,
    /// SPDX id.
    pub licence: String,
    pub source: Source,
    pub files: Vec<PackFile>,
}

/// The published checkpoint the pack was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub registry: String,
    pub package: String,
    pub version: String,
    pub file: String,
    pub sha256: String,
    /// Who trained it.
    pub origin: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackFile {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

impl Manifest {
    /// Errors: `bad-pack` for anything but a whole manifest of this format.
    pub fn parse(json: &str) -> Result<Self> {
        let bad = |why: String| Error::BadPack { file: "manifest.json".into(), why };
        let value: serde_json::Value = serde_json::from_str(json).map_err(|e| bad(e.to_string()))?;
        match value.get("format").and_then(|f| f.as_str()) {
            Some(FORMAT) => {}
            Some(other) => return Err(bad(format!("its format is `{other}`, not `{FORMAT}`"))),
            None => return Err(bad(format!("it has no `format`; a pack's says `{FORMAT}`"))),
        }
        let manifest: Self = serde_json::from_value(value).map_err(|e| bad(e.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Errors: `bad-pack` for preprocessing that cannot be done here, or without weights.
    pub fn check(&self) -> Result<()> {
        let possible = match &self.preprocess {
            Preprocess::Image(p) => p.resample == "bicubic" && (1..=1024).contains(&p.size) && p.std > 0.0,
            Preprocess::Text(p) => p.max_tokens > 2,
        };
        if !possible {
            let why = format!("preprocessing {:?} is none we can do", self.preprocess);
            return Err(Error::BadPack { file: "manifest.json".into(), why });
        }
        self.weights().map(|_| ())
    }

    /// The weights file: the one that ends in `.safetensors`.
    pub fn weights(&self) -> Result<&PackFile> {
        self.files
            .iter()
            .find(|f| f.name.ends_with(".safetensors"))
            .ok_or_else(|| Error::BadPack { file: "manifest.json".into(), why: "it lists no .safetensors file".into() })
    }

    /// How pictures are prepared. Errors: `bad-pack` for a pack that is not for pictures.
    pub fn image(&self) -> Result<&image::Preprocess> {
        match &self.preprocess {
            Preprocess::Image(prep) => Ok(prep),
            Preprocess::Text(_) => Err(self.unfit("pictures")),
        }
    }

    /// How texts are prepared. Errors: `bad-pack` for a pack that is not for texts.
    pub fn text(&self) -> Result<&text::Preprocess> {
        match &self.preprocess {
            Preprocess::Text(prep) => Ok(prep),
            Preprocess::Image(_) => Err(self.unfit("texts")),
        }
    }

    /// Errors: `bad-pack` unless the pack says what its network is: it would run on other sizes, and be wrong.
    pub fn expect(&self, dim: usize, fits: bool, what: &str) -> Result<()> {
        if self.dim == dim && fits { Ok(()) } else { Err(self.unfit(what)) }
    }

    fn unfit(&self, what: &str) -> Error {
        let why = format!(
            "it does not say what `{}` needs for {what}: {} features, {:?}",
            self.architecture, self.dim, self.preprocess
        );
        Error::BadPack { file: "manifest.json".into(), why }
    }

    /// Errors: `hash-mismatch` unless `bytes` are the ones the manifest promises under `name`.
    pub fn check_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.check_hash(name, &sha256_hex(bytes))
    }

    /// The same for a caller who has the file's sha256 already, in lower-case hexadecimal.
    pub fn check_hash(&self, name: &str, sha256: &str) -> Result<()> {
        let file = self
            .files
            .iter()
            .find(|f| f.name == name)
            .ok_or_else(|| Error::BadPack { file: name.into(), why: "the manifest does not list it".into() })?;
        same_hash(name, sha256, &file.sha256)
    }
}

/// Errors: `hash-mismatch`, naming the file.
pub fn check_sha256(name: &str, bytes: &[u8], expected: &str) -> Result<()> {
    same_hash(name, &sha256_hex(bytes), expected)
}

fn same_hash(name: &str, got: &str, expected: &str) -> Result<()> {
    if got == expected {
        return Ok(());
    }
    Err(Error::HashMismatch { file: name.into(), expected: expected.into(), got: got.into() })
}
