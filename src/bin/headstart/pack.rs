//! Finds a backbone's pack on this machine.

use std::path::{Path, PathBuf};

use headstart::backbone::Manifest;

use crate::failure::{Failure, read};
use crate::options::Task;

/// A pack whose weights have the hash that its manifest promises.
pub struct Pack {
    folder: PathBuf,
    pub manifest: Manifest,
    pub weights: Vec<u8>,
}

impl Pack {
    /// `wanted`: an id or a folder; without it the task's own.
    ///
    /// Errors: `bad-option` where there is none, saying where was looked; `bad-pack`, `hash-mismatch`, `unreadable`.
    pub fn find(wanted: Option<&str>, task: Task) -> Result<Self, Failure> {
        let id = wanted.unwrap_or(task.default_backbone());
        let folder = Path::new(id);
        let folder = if folder.join("manifest.json").is_file() { folder.to_owned() } else { by_id(id)? };
        let pack = Self::open(folder)?;
        if pack.manifest.task != task.name() {
            let why = format!("`{}` is a backbone for {}s, and these are {}s", id, pack.manifest.task, task.name());
            return Err(Failure::option("backbone", why));
        }
        Ok(pack)
    }

    fn open(folder: PathBuf) -> Result<Self, Failure> {
        let path = folder.join("manifest.json");
        let text = String::from_utf8(read(&path)?).map_err(|e| Failure::unreadable(&path, e))?;
        let manifest = Manifest::parse(&text)?;
        let weights = manifest.weights()?.name.clone();
        let pack = Self { weights: read(&folder.join(&weights))?, folder, manifest };
        pack.manifest.check_file(&weights, &pack.weights)?;
        Ok(pack)
    }

    /// Of a pack for texts.
    pub fn tokenizer(&self) -> Result<Vec<u8>, Failure> {
        let name = &self.manifest.text()?.tokenizer;
        let bytes = read(&self.folder.join(name))?;
        self.manifest.check_file(name, &bytes)?;
        Ok(bytes)
    }

    pub fn sha256(&self) -> &str {
        &self.manifest.weights().expect("it was opened by them").sha256
    }
}

fn by_id(id: &str) -> Result<PathBuf, Failure> {
    let places = places();
    let found = places.iter().map(|place| place.join(id)).find(|folder| folder.join("manifest.json").is_file());
    found.ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        let why = format!(
            "no pack `{id}` in {}; give the folder of one, or run `npm run setup` in the repository once",
            looked.join(", ")
        );
        Failure::option("backbone", why)
    })
}

fn places() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("backbones")));
    // As scripts/paths.mjs has it.
    let cache = variable("HEADSTART_CACHE").or_else(|| {
        let base = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        Some(base?.join("headstart"))
    });
    let packs = cache.map(|cache| cache.join("packs"));
    [variable("HEADSTART_BACKBONES"), beside, packs].into_iter().flatten().collect()
}
