//! What ends a command, and what keeps one sample out.

use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

/// With the stable codes of the package, and two more of a disk: `unreadable` and `unwritable`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    pub code: &'static str,
    pub message: String,
    /// What it is about, where that is one thing: a file, an option, a sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

impl Failure {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), item: None }
    }

    pub fn option(name: &'static str, why: impl fmt::Display) -> Self {
        Self::new("bad-option", format!("--{name}: {why}")).of(name)
    }

    pub fn unreadable(path: &Path, why: impl fmt::Display) -> Self {
        Self::new("unreadable", format!("{} cannot be read: {why}", path.display())).of(path.display())
    }

    pub fn unwritable(path: &Path, why: impl fmt::Display) -> Self {
        Self::new("unwritable", format!("{} cannot be written: {why}", path.display())).of(path.display())
    }

    pub fn of(self, item: impl fmt::Display) -> Self {
        Self { item: Some(item.to_string()), ..self }
    }
}

impl From<headstart::Error> for Failure {
    fn from(error: headstart::Error) -> Self {
        Self { code: error.code(), message: error.to_string(), item: error.item().map(str::to_owned) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.item {
            Some(item) if !self.message.contains(item.as_str()) => {
                write!(f, "{item}: {} ({})", self.message, self.code)
            }
            _ => write!(f, "{} ({})", self.message, self.code),
        }
    }
}

/// Writes a whole file, under another name first: who finds it finds all of it. Errors: `unwritable`.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    written(path, |file| file.write_all(bytes).map_err(|e| Failure::unwritable(path, e)))
}

/// The same, piece by piece.
pub fn written(path: &Path, pieces: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::unwritable(path, e);
    let unfinished = unfinished(path);
    let whole = || {
        let mut file = BufWriter::new(File::create(&unfinished).map_err(failed)?);
        pieces(&mut file)?;
        file.into_inner().map_err(|e| failed(e.into_error()))?.sync_all().map_err(failed)?;
        std::fs::rename(&unfinished, path).map_err(failed)
    };
    whole().inspect_err(|_| {
        // What is half written is of no use; that it cannot be removed either says nothing new.
        let _ = std::fs::remove_file(&unfinished);
    })
}

/// The name that a file has before it is whole: another each time. Machines that share a disk may have the same process ids.
pub fn unfinished(path: &Path) -> PathBuf {
    let any = RandomState::new().build_hasher().finish();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{any:016x}.part"));
    name.into()
}

/// Reads a whole file.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::unreadable(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_write_the_same_file_do_not_write_into_each_other() {
        let (one, other) = (unfinished(Path::new("a/rows.parquet")), unfinished(Path::new("a/rows.parquet")));
        assert_ne!(one, other);
        assert_eq!((one.parent(), one.extension()), (Some(Path::new("a")), Some("part".as_ref())));
    }
}
