//! A safetensors file as a bag that a model takes its tensors from. What is missing, misshapen or left over is an
//! error that names the tensor: a network with one random layer gives plausible nonsense.

use std::collections::{BTreeSet, HashSet};

use half::f16;
use safetensors::{Dtype, SafeTensors};

use super::kernels::Linear;
use crate::error::{Error, Result};

pub struct Weights<'a> {
    file: String,
    tensors: SafeTensors<'a>,
    /// Tensors that take the place of those with the same names.
    tuned: Option<SafeTensors<'a>>,
    taken: HashSet<String>,
}

/// A tensor as it is stored, for a table of which only a few rows are ever read at once: a quarter of its f32 size.
#[derive(Debug, Clone)]
pub struct Table {
    columns: usize,
    values: Stored,
}

#[derive(Debug, Clone)]
enum Stored {
    F32(Vec<f32>),
    F16(Vec<f16>),
    /// Integers, what those of each block are multiplied by, and the length of a block.
    I8(Vec<i8>, Vec<f32>, usize),
}

impl<'a> Weights<'a> {
    pub fn parse(file: &str, bytes: &'a [u8]) -> Result<Self> {
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|e| Error::BadPack { file: file.into(), why: e.to_string() })?;
        Ok(Self { file: file.into(), tensors, tuned: None, taken: HashSet::new() })
    }

    /// Takes tensors from another safetensors file where it has them, and adds what it has of a low rank. Errors: `bad-pack` when it
    /// has others too.
    pub fn replace(&mut self, file: &'a [u8]) -> Result<()> {
        let bad = |why: String| Error::BadPack { file: "tuned weights".into(), why };
        let tuned = SafeTensors::deserialize(file).map_err(|e| bad(e.to_string()))?;
        let known = |name: &str| self.tensors.tensor(name).is_ok();
        let other = |name: &&str| !known(name) && !weight_of(name).is_some_and(|weight| known(&weight));
        if let Some(name) = tuned.names().into_iter().find(other) {
            return Err(bad(format!("tensor `{name}` is not one of this network's")));
        }
        self.tuned = Some(tuned);
        Ok(())
    }

    /// Tensors of these names are no business of the network.
    pub fn leave(&mut self, others: impl Fn(&str) -> bool) {
        self.taken.extend(self.tensors.names().into_iter().filter(|name| others(name)).map(str::to_owned));
    }

    /// The tensor `name` as f32, whatever it is stored as; the last dimension runs fastest.
    pub fn take<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Vec<f32>> {
        self.numbers(name, &shape)
    }

    /// Every weight that the tuned tensors only add to: its name, its shape, and the sum. Errors: `bad-pack`.
    pub fn updated(&mut self) -> Result<Vec<(String, Vec<usize>, Vec<f32>)>> {
        let tuned = self.tuned.as_ref().map_or(Vec::new(), SafeTensors::names);
        let names: BTreeSet<String> = tuned.into_iter().filter_map(weight_of).collect();
        let one = |name: String| {
            let shape = self.tensors.tensor(&name).expect("`replace` has looked").shape().to_vec();
            let values = self.numbers(&name, &shape)?;
            Ok((name, shape, values))
        };
        names.into_iter().map(one).collect()
    }

    fn numbers(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let stored = self.stored(name, shape)?;
        let mut values = vec![0.0; shape.iter().product()];
        stored.read(0, &mut values);
        self.add_low_rank(name, shape[0], &mut values)?;
        Ok(values)
    }

    /// The tensor `name`, left as it is stored.
    pub fn table(&mut self, name: &str, rows: usize, columns: usize) -> Result<Table> {
        // What is added to a table would be left out.
        let added = |name: &String| self.tuned.as_ref().is_some_and(|tuned| tuned.tensor(name).is_ok());
        if lora_names(name).iter().flatten().any(added) {
            return Err(self.misfit(name));
        }
        Ok(Table { columns, values: self.stored(name, &[rows, columns])? })
    }

    fn stored(&mut self, name: &str, shape: &[usize]) -> Result<Stored> {
        let file = self.file.clone();
        let bad = |why: String| Error::BadPack { file: file.clone(), why };
        let tuned = self.tuned.as_ref().and_then(|tuned| tuned.tensor(name).ok());
        if tuned.is_some() {
            // Those of what is replaced are left unread.
            self.taken.insert(format!("{name}.scale"));
        }
        let missing = |_| bad(format!("tensor `{name}` is missing"));
        let view = tuned.map_or_else(|| self.tensors.tensor(name).map_err(missing), Ok)?;
        if view.shape() != shape {
            return Err(bad(format!("tensor `{name}` has shape {:?}, not {shape:?}", view.shape())));
        }
        let stored = match view.dtype() {
            Dtype::F32 => Stored::F32(floats(view.data())),
            Dtype::F16 => Stored::F16(view.data().as_chunks::<2>().0.iter().map(|b| f16::from_le_bytes(*b)).collect()),
            Dtype::I8 => {
                let scales = self.scales(name, shape.first().copied().unwrap_or(0))?;
                if scales.is_empty() || !view.data().len().is_multiple_of(scales.len()) {
                    return Err(bad(format!("tensor `{name}` has {} scales, which do not divide it", scales.len())));
                }
                let block = view.data().len() / scales.len();
                Stored::I8(view.data().iter().map(|&b| b as i8).collect(), scales, block)
            }
            other => {
                return Err(bad(format!("tensor `{name}` is {other:?}; i8, f16 and f32 are read")));
            }
        };
        self.taken.insert(name.to_owned());
        Ok(stored)
    }

    /// Adds what the tuned tensors have for a weight as `B · A`, if they have it. Errors: `bad-pack`.
    fn add_low_rank(&self, name: &str, outputs: usize, values: &mut [f32]) -> Result<()> {
        let (Some(tuned), Some(names)) = (&self.tuned, lora_names(name)) else { return Ok(()) };
        let [a, b] = names.map(|name| tuned.tensor(&name).ok());
        let (a, b) = match (a, b) {
            (None, None) => return Ok(()),
            (Some(a), Some(b)) => (a, b),
            _ => return Err(self.misfit(name)),
        };
        let (rank, inputs) = (a.shape().first().copied().unwrap_or(0), values.len() / outputs);
        let fits = rank > 0 && a.shape() == [rank, inputs] && b.shape() == [outputs, rank];
        if !fits || a.dtype() != Dtype::F32 || b.dtype() != Dtype::F32 {
            return Err(self.misfit(name));
        }
        let [a, b] = [a, b].map(|view| floats(view.data()));
        let mut update = Vec::new();
        Linear::default().back(&a, &b, rank, outputs, &mut update);
        values.iter_mut().zip(update).for_each(|(v, update)| *v += update);
        Ok(())
    }

    fn misfit(&self, name: &str) -> Error {
        let why = format!("what it adds to tensor `{name}` does not fit it");
        Error::BadPack { file: "tuned weights".into(), why }
    }

    /// What the integers of each block of an i8 tensor are multiplied by: `[rows, blocks of a row]`.
    fn scales(&mut self, name: &str, rows: usize) -> Result<Vec<f32>> {
        let name = format!("{name}.scale");
        let blocks = self.tensors.tensor(&name).ok().and_then(|view| view.shape().get(1).copied()).unwrap_or(1);
        self.take(&name, [rows, blocks])
    }

    /// Errors: `bad-pack` when a tensor was not taken: the file is for another network.
    pub fn finish(self) -> Result<()> {
        match self.tensors.names().into_iter().find(|name| !self.taken.contains(*name)) {
            None => Ok(()),
            Some(name) => {
                Err(Error::BadPack { file: self.file, why: format!("tensor `{name}` is not one of this network's") })
            }
        }
    }
}

/// Of a weight's low-rank update, `A` and `B`.
pub fn lora_names(weight: &str) -> Option<[String; 2]> {
    let layer = weight.strip_suffix(".weight")?;
    Some(["A", "B"].map(|part| format!("{layer}.lora_{part}.weight")))
}

/// The weight that a tensor of a low-rank update is for.
fn weight_of(name: &str) -> Option<String> {
    let layer = name.strip_suffix(".lora_A.weight").or_else(|| name.strip_suffix(".lora_B.weight"))?;
    Some(format!("{layer}.weight"))
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

impl Table {
    /// One row as f32.
    pub fn read_row(&self, row: usize, out: &mut [f32]) {
        self.values.read(row * self.columns, &mut out[..self.columns]);
    }
}

impl Stored {
    fn read(&self, from: usize, out: &mut [f32]) {
        let range = from..from + out.len();
        match self {
            Stored::F32(values) => out.copy_from_slice(&values[range]),
            Stored::F16(values) => out.iter_mut().zip(&values[range]).for_each(|(to, v)| *to = v.to_f32()),
            Stored::I8(values, scales, block) => {
                // A row is a whole number of blocks, so this starts at one.
                let blocks = values[range].chunks(*block).zip(out.chunks_mut(*block)).zip(&scales[from / block..]);
                for ((values, out), scale) in blocks {
                    out.iter_mut().zip(values).for_each(|(to, v)| *to = f32::from(*v) * scale);
                }
            }
        }
    }
}
