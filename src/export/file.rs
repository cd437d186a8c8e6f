//! A safetensors file that says of itself whether it is whole: what everything that leaves is written to.
//!
//! Metadata `sha256` is that of all bytes before the first raw sample, with 64 zeros in its own place. Raw samples (tensors
//! `source/…`) come last, so that they can be put behind what is written here without being in memory, and a reader need not
//! have them. Their names say what they must hash to.

use std::borrow::Cow;
use std::collections::BTreeMap;

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::features::Matrix;
use crate::source::{sha256_hex, sha256_of};

/// Where names of raw samples begin.
pub const SOURCE: &str = "source/";
/// What readers of safetensors files take for a header, at most.
const LONGEST_HEADER: usize = 100_000_000;
const UNKNOWN_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Values of a tensor, in pieces that follow each other.
pub enum Values<'a> {
    F32(Vec<&'a [f32]>),
    F64(Vec<&'a [f64]>),
    U64(Vec<&'a [u64]>),
    U8(Vec<&'a [u8]>),
    /// As they are in another file.
    Raw(Dtype, &'a [u8]),
}

impl Values<'_> {
    fn dtype(&self) -> Dtype {
        match self {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
            Values::U64(_) => Dtype::U64,
            Values::U8(_) => Dtype::U8,
            Values::Raw(dtype, _) => *dtype,
        }
    }

    fn bytes(&self) -> usize {
        fn values<T>(pieces: &[&[T]]) -> usize {
            pieces.iter().map(|piece| size_of_val(*piece)).sum()
        }
        match self {
            Values::F32(pieces) => values(pieces),
            Values::F64(pieces) => values(pieces),
            Values::U64(pieces) => values(pieces),
            Values::U8(pieces) => values(pieces),
            Values::Raw(_, bytes) => bytes.len(),
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Values::F32(pieces) => pieces.iter().copied().flatten().for_each(|v| to.extend(v.to_le_bytes())),
            Values::F64(pieces) => pieces.iter().copied().flatten().for_each(|v| to.extend(v.to_le_bytes())),
            Values::U64(pieces) => pieces.iter().copied().flatten().for_each(|v| to.extend(v.to_le_bytes())),
            Values::U8(pieces) => pieces.iter().for_each(|piece| to.extend(*piece)),
            Values::Raw(_, bytes) => to.extend(*bytes),
        }
    }
}

/// Named tensors on their way into a file. They are borrowed: the file is the only copy that is made.
#[derive(Default)]
pub struct Writer<'a>(Vec<(String, Vec<usize>, Values<'a>)>);

#[derive(Serialize)]
#[serde(untagged)]
enum Entry {
    Metadata(BTreeMap<&'static str, String>),
    Tensor(TensorInfo),
}

impl<'a> Writer<'a> {
    pub fn tensor(&mut self, name: impl Into<String>, shape: &[usize], values: Values<'a>) {
        self.0.push((name.into(), shape.to_vec(), values));
    }

    pub fn f32(&mut self, name: impl Into<String>, shape: &[usize], values: &'a [f32]) {
        self.tensor(name, shape, Values::F32(vec![values]));
    }

    pub fn matrix(&mut self, name: impl Into<String>, matrix: &'a Matrix) {
        self.f32(name, &[matrix.rows(), matrix.cols()], matrix.values());
    }

    /// The file, up to where the raw samples begin: `(id, bytes)` of each, which are to follow in this order.
    ///
    /// Errors: `bad-option` where it would be larger than a reader takes.
    pub fn write(mut self, metadata: &[(&'static str, String)], sources: &[(String, usize)]) -> Result<Vec<u8>> {
        let large = |why: &str| Error::BadOption { option: "export", why: why.to_owned() };
        let gigabytes = || large("this is more than 4 GB: leave the raw samples out");
        // As the format recommends, so that every tensor is aligned.
        self.0.sort_by_key(|(_, _, values)| std::cmp::Reverse(values.dtype().bitsize()));
        let mut end = 0usize;
        let mut header = BTreeMap::new();
        let sizes = self.0.iter().map(|(name, shape, v)| (name.clone(), v.dtype(), shape.clone(), v.bytes()));
        let raw = sources.iter().map(|(id, bytes)| (format!("{SOURCE}{id}"), Dtype::U8, vec![*bytes], *bytes));
        for (name, dtype, shape, bytes) in sizes.chain(raw) {
            let start = end;
            end = start.checked_add(bytes).ok_or_else(gigabytes)?;
            header.insert(name, Entry::Tensor(TensorInfo { dtype, shape, data_offsets: (start, end) }));
        }
        let mut metadata: BTreeMap<&'static str, String> = metadata.iter().cloned().collect();
        metadata.insert("sha256", UNKNOWN_HASH.to_owned());
        header.insert("__metadata__".to_owned(), Entry::Metadata(metadata));
        let mut header = serde_json::to_vec(&header).expect("names and numbers are JSON");
        header.resize(header.len().next_multiple_of(8), b' ');
        if header.len() > LONGEST_HEADER {
            return Err(large("there are too many samples for one file: save a part of them"));
        }
        let head: usize = self.0.iter().map(|(_, _, values)| values.bytes()).sum();
        let mut out = Vec::with_capacity(8 + header.len() + head);
        out.extend((header.len() as u64).to_le_bytes());
        out.extend(&header);
        self.0.iter().for_each(|(_, _, values)| values.write(&mut out));
        let hash = sha256_hex(&out);
        let at = hash_place(&header, UNKNOWN_HASH).expect("it was put there");
        out[8 + at..][..hash.len()].copy_from_slice(hash.as_bytes());
        Ok(out)
    }
}

/// Where a header has its file's hash. Within a value of the metadata the quotes would be escaped.
fn hash_place(header: &[u8], hash: &str) -> Option<usize> {
    let (key, entry) = ("\"sha256\":\"", format!("\"sha256\":\"{hash}\""));
    header.windows(entry.len()).position(|w| w == entry.as_bytes()).map(|at| at + key.len())
}

/// What is wrong with what: an error with the code of the file's kind.
pub type Broken = fn(what: String, why: String) -> Error;

/// A file as it was read. Every error is the caller's [`Broken`].
pub struct File<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where the tensors' bytes begin.
    start: usize,
    header: Metadata,
    broken: Broken,
}

impl<'a> File<'a> {
    /// `bytes`: all, or at least those before the raw samples.
    pub fn parse(bytes: impl Into<Cow<'a, [u8]>>, broken: Broken) -> Result<Self> {
        let bytes = bytes.into();
        let (start, header) = read_header(&bytes, broken)?;
        let file = Self { bytes, start, header, broken };
        let (is, head, whole) = (file.bytes.len(), file.head(), file.length());
        if is < head {
            return Err(file.error("length", format!("it is cut off after {is} of {whole} bytes")));
        }
        if is > whole {
            return Err(file.error("length", format!("it has {is} bytes and should end after {whole}")));
        }
        Ok(file)
    }

    /// Errors where it is not what was written, but for the raw samples. A file without a hash is taken as it is.
    pub fn check_hash(&self) -> Result<()> {
        let Some(expected) = self.metadata("sha256") else { return Ok(()) };
        let bytes = &self.bytes[..self.head()];
        let place = hash_place(&bytes[8..self.start], expected).map(|at| 8 + at);
        let found = place.map(|at| sha256_of([&bytes[..at], UNKNOWN_HASH.as_bytes(), &bytes[at + expected.len()..]]));
        match found.is_some_and(|found| found == expected) {
            true => Ok(()),
            false => Err(self.error("sha256", "its bytes are not those that were written".into())),
        }
    }

    pub fn error(&self, what: &str, why: String) -> Error {
        (self.broken)(what.to_owned(), why)
    }

    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// Bytes before the first raw sample.
    pub fn head(&self) -> usize {
        head_length(self.start, &self.header)
    }

    /// Bytes that the whole file must have.
    pub fn length(&self) -> usize {
        self.start + self.header.data_len()
    }

    /// Those with this beginning, in the order they lie in the file, without it.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        self.header.offset_keys().iter().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    pub fn has(&self, name: &str) -> bool {
        self.header.info(name).is_some()
    }

    fn info(&self, name: &str) -> Result<&TensorInfo> {
        self.header.info(name).ok_or_else(|| self.error(name, "it is missing".into()))
    }

    /// Where a tensor lies in the file: `(offset, bytes)`.
    pub fn place(&self, name: &str) -> Result<(usize, usize)> {
        let (from, to) = self.info(name)?.data_offsets;
        Ok((self.start + from, to - from))
    }

    pub fn shape(&self, name: &str) -> Result<&[usize]> {
        Ok(&self.info(name)?.shape)
    }

    /// A tensor as it is stored.
    pub fn raw(&self, name: &str) -> Result<(Dtype, &[usize], &[u8])> {
        let info = self.info(name)?;
        let (from, to) = info.data_offsets;
        let cut = || self.error(name, "its bytes are not here".into());
        let bytes = self.bytes.get(self.start + from..self.start + to).ok_or_else(cut)?;
        Ok((info.dtype, &info.shape, bytes))
    }

    /// Its bytes, if it has the type and the shape, in which `None` is any number.
    fn bytes(&self, name: &str, dtype: Dtype, shape: &[Option<usize>]) -> Result<&[u8]> {
        let (is, found, bytes) = self.raw(name)?;
        let fits = found.len() == shape.len() && found.iter().zip(shape).all(|(f, s)| s.is_none_or(|s| s == *f));
        if is != dtype || !fits {
            let shape: Vec<String> = shape.iter().map(|s| s.map_or("any".into(), |s| s.to_string())).collect();
            let why = format!("it is {is} {found:?} and should be {dtype} [{}]", shape.join(", "));
            return Err(self.error(name, why));
        }
        Ok(bytes)
    }

    pub fn u8(&self, name: &str, shape: &[Option<usize>]) -> Result<&[u8]> {
        self.bytes(name, Dtype::U8, shape)
    }

    pub fn f32_bytes(&self, name: &str, shape: &[Option<usize>]) -> Result<&[u8]> {
        self.bytes(name, Dtype::F32, shape)
    }

    pub fn f32(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<f32>> {
        Ok(self.f32_bytes(name, shape)?.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }

    pub fn f64(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<f64>> {
        Ok(self.bytes(name, Dtype::F64, shape)?.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect())
    }

    pub fn u64(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<u64>> {
        Ok(self.bytes(name, Dtype::U64, shape)?.as_chunks().0.iter().map(|b| u64::from_le_bytes(*b)).collect())
    }

    /// `rows × cols`, `cols` above 0.
    pub fn matrix(&self, name: &str, rows: Option<usize>, cols: usize) -> Result<Matrix> {
        Ok(Matrix::new(cols, self.f32(name, &[rows, Some(cols)])?))
    }
}

/// How many bytes of a file come before its raw samples, from its first ones: its header, and the 8 bytes before that.
pub fn head_of(start: &[u8], broken: Broken) -> Result<usize> {
    let (start, header) = read_header(start, broken)?;
    Ok(head_length(start, &header))
}

/// → where the tensors' bytes begin.
fn read_header(bytes: &[u8], broken: Broken) -> Result<(usize, Metadata)> {
    let bad = |why: &str| broken("header".to_owned(), why.to_owned());
    let Some(length) = bytes.first_chunk() else { return Err(bad("there is none: these are less than 8 bytes")) };
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER as u64 {
        return Err(bad("this is no safetensors file"));
    }
    let start = 8 + length as usize;
    let Some(header) = bytes.get(8..start) else { return Err(bad("it is cut off")) };
    let header: Metadata = serde_json::from_slice(header).map_err(|e| bad(&e.to_string()))?;
    Ok((start, header))
}

fn head_length(start: usize, header: &Metadata) -> usize {
    let names = header.offset_keys();
    let head = names.iter().filter(|name| !name.starts_with(SOURCE)).filter_map(|name| header.info(name));
    start + head.map(|info| info.data_offsets.1).max().unwrap_or(0)
}
