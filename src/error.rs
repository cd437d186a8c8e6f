//! One error type. Every variant has a stable code for programs and a sentence for people that says what to do.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The bytes claim to be a picture and are not a whole one.
    BadImage {
        why: String,
    },
    /// A format none of our decoders reads.
    UnsupportedFormat {
        format: String,
    },
    /// The tokenizer refuses it.
    BadText {
        why: String,
    },
    /// A line of a table.
    BadLine {
        why: String,
    },
    UnsupportedEncoding {
        encoding: String,
    },
    /// More pixels than a browser tab should be asked to hold.
    ImageTooLarge {
        width: u32,
        height: u32,
        limit: u64,
    },
    /// No bytes at all.
    Empty,
    BadOption {
        option: &'static str,
        why: String,
    },
    /// A manifest or weights file that does not say what it must.
    BadPack {
        file: String,
        why: String,
    },
    /// A file of a pack, or a checkpoint, whose bytes are not the ones that were promised.
    HashMismatch {
        file: String,
        expected: String,
        got: String,
    },
    /// A saved project, or a saved state of a learner, that does not say what it must. `what`: the part.
    BadProject {
        what: String,
        why: String,
    },
    /// A project of a later version of Headstart.
    ProjectTooNew {
        version: String,
    },
    /// An exported model that does not say what it must. `what`: the part.
    BadExport {
        what: String,
        why: String,
    },
    /// An exported model of a later version of Headstart.
    ExportTooNew {
        version: String,
    },
    NoWebGpu {
        reason: String,
    },
    /// The GPU answered, and the answer was wrong.
    GpuWrong {
        check: String,
    },
    GpuLost {
        reason: String,
    },
    /// Training needs two classes with a labelled sample each, a check on held-out samples more. `why` says what to do.
    TooFewLabels {
        why: String,
    },
    /// The labels are of kinds that do not go together, or not with what was asked.
    BadLabels {
        why: String,
    },
    NotTrained,
    UnknownId {
        id: String,
    },
    IdTaken {
        id: String,
    },
}

impl Error {
    /// The stable code: part of the public face, never renamed.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BadImage { .. } => "bad-image",
            Error::BadText { .. } => "bad-text",
            Error::BadLine { .. } => "bad-line",
            Error::UnsupportedEncoding { .. } => "unsupported-encoding",
            Error::UnsupportedFormat { .. } => "unsupported-format",
            Error::ImageTooLarge { .. } => "image-too-large",
            Error::Empty => "empty",
            Error::BadOption { .. } => "bad-option",
            Error::BadPack { .. } => "bad-pack",
            Error::HashMismatch { .. } => "hash-mismatch",
            Error::BadProject { .. } => "bad-project",
            Error::ProjectTooNew { .. } => "project-too-new",
            Error::BadExport { .. } => "bad-export",
            Error::ExportTooNew { .. } => "export-too-new",
            Error::NoWebGpu { .. } => "no-webgpu",
            Error::GpuWrong { .. } => "gpu-wrong",
            Error::GpuLost { .. } => "gpu-lost",
            Error::TooFewLabels { .. } => "too-few-labels",
            Error::BadLabels { .. } => "bad-labels",
            Error::NotTrained => "not-trained",
            Error::UnknownId { .. } => "unknown-id",
            Error::IdTaken { .. } => "id-taken",
        }
    }

    /// What the error is about, where it names one thing: a file, an id, an option.
    pub fn item(&self) -> Option<&str> {
        match self {
            Error::BadPack { file, .. } | Error::HashMismatch { file, .. } => Some(file),
            Error::BadProject { what, .. } => Some(what),
            Error::UnknownId { id } | Error::IdTaken { id } => Some(id),
            Error::BadOption { option, .. } => Some(option),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::BadImage { why } => {
                write!(f, "this picture cannot be decoded ({why}); open and save it again, or leave it out")
            }
            Error::BadText { why } => write!(f, "this text cannot be used: {why}"),
            Error::BadLine { why } => write!(f, "this line was left out: {why}"),
            Error::UnsupportedEncoding { encoding } => {
                write!(f, "this file is not UTF-8 but {encoding}; save it again as UTF-8")
            }
            Error::UnsupportedFormat { format } => {
                write!(f, "{format} is not a picture format we read; use JPEG, PNG, WebP, GIF or BMP")
            }
            Error::ImageTooLarge { width, height, limit } => write!(
                f,
                "{width} × {height} pixels is over the limit of {} megapixels; make it smaller first",
                limit / 1_000_000
            ),
            Error::Empty => write!(f, "there is nothing in it (0 bytes)"),
            Error::BadOption { option, why } => write!(f, "option `{option}`: {why}"),
            Error::BadPack { file, why } => write!(
                f,
                "`{file}` is not a backbone pack this version can use: {why}; build the pack again with `npm run build`"
            ),
            Error::HashMismatch { file, expected, got } => write!(
                f,
                "`{file}` is not the file that was promised: sha256 {got}, expected {expected}; fetch it again from its source"
            ),
            Error::BadProject { what, why } => {
                write!(f, "this is not a whole Headstart project: `{what}`: {why}; open an earlier copy of it")
            }
            Error::ProjectTooNew { version } => write!(
                f,
                "this project was saved by a later version of Headstart (its format is {version}, the latest known here is 1); open it with that one"
            ),
            Error::BadExport { what, why } => {
                write!(f, "this is not a whole model that Headstart exported: `{what}`: {why}; export it again")
            }
            Error::ExportTooNew { version } => write!(
                f,
                "this model was exported by a later version of Headstart (its format is {version}, the latest known here is 1); open it with that one"
            ),
            Error::NoWebGpu { reason } => write!(f, "no usable WebGPU here: {reason}; use device \"auto\" or \"cpu\""),
            Error::GpuWrong { check } => write!(
                f,
                "this GPU computes {check} differently from the CPU; its results cannot be trusted, use device \"cpu\""
            ),
            Error::GpuLost { reason } => {
                write!(f, "the GPU stopped answering ({reason}); what is done is kept, go on with device \"cpu\"")
            }
            Error::TooFewLabels { why } | Error::BadLabels { why } => {
                write!(f, "{why}")
            }
            Error::NotTrained => write!(f, "there is no trained head yet; call train() first"),
            Error::UnknownId { id } => write!(f, "no sample has the id `{id}`; see samples()"),
            Error::IdTaken { id } => write!(f, "another sample already has the id `{id}`; give each its own, or none"),
        }
    }
}

impl std::error::Error for Error {}
