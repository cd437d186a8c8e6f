//! A safetensors file as a bag that a model takes its tensors from. What is missing, misshapen or left over is an
//! error that names the tensor: a network with one random layer gives plausible nonsense.

use std::collections::HashSet;

use burn::tensor::TensorData;
use half::f16;
use safetensors::{Dtype, SafeTensors};

use crate::error::{Error, Result};

pub struct Weights<'a> {
    file: String,
    tensors: SafeTensors<'a>,
    taken: HashSet<String>,
}

impl<'a> Weights<'a> {
    pub fn parse(file: &str, bytes: &'a [u8]) -> Result<Self> {
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|e| Error::BadPack { file: file.into(), why: e.to_string() })?;
        Ok(Self { file: file.into(), tensors, taken: HashSet::new() })
    }

    /// The tensor `name` as f32, whatever it is stored as.
    pub fn take<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<TensorData> {
        let file = self.file.clone();
        let bad = |why: String| Error::BadPack { file: file.clone(), why };
        let view = self.tensors.tensor(name).map_err(|_| bad(format!("tensor `{name}` is missing")))?;
        if view.shape() != shape {
            return Err(bad(format!("tensor `{name}` has shape {:?}, not {shape:?}", view.shape())));
        }
        let values: Vec<f32> = match view.dtype() {
            Dtype::F32 => view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect(),
            Dtype::F16 => {
                view.data().chunks_exact(2).map(|b| f16::from_le_bytes(b.try_into().unwrap()).to_f32()).collect()
            }
            Dtype::I8 => {
                let scales = self.scales(name, shape.first().copied().unwrap_or(0))?;
                if scales.is_empty() || !view.data().len().is_multiple_of(scales.len()) {
                    return Err(bad(format!("tensor `{name}` has {} scales, which do not divide it", scales.len())));
                }
                let block = view.data().len() / scales.len();
                let values = |(bytes, scale): (&'a [u8], f32)| bytes.iter().map(move |&b| f32::from(b as i8) * scale);
                view.data().chunks_exact(block).zip(scales).flat_map(values).collect()
            }
            other => {
                return Err(bad(format!("tensor `{name}` is {other:?}; i8, f16 and f32 are read")));
            }
        };
        self.taken.insert(name.to_owned());
        Ok(TensorData::new(values, shape))
    }

    /// What the integers of each block of an i8 tensor are multiplied by: `[rows, blocks of a row]`.
    fn scales(&mut self, name: &str, rows: usize) -> Result<Vec<f32>> {
        let name = format!("{name}.scale");
        let blocks = self.tensors.tensor(&name).ok().and_then(|view| view.shape().get(1).copied()).unwrap_or(1);
        let data = self.take(&name, [rows, blocks])?;
        Ok(data.try_into_vec().expect("tensors are read as f32"))
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
