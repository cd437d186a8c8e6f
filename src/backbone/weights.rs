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
        let bad = |why: String| Error::BadPack { file: self.file.clone(), why };
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
                let rows = shape.first().copied().unwrap_or(0).max(1);
                let scales = self.scales(name, rows)?;
                let wide = view.data().len() / rows;
                let row = |(bytes, scale): (&[u8], f32)| {
                    bytes.iter().map(move |&b| f32::from(b as i8) * scale).collect::<Vec<_>>()
                };
                view.data().chunks_exact(wide).zip(scales).flat_map(row).collect()
            }
            other => {
                return Err(bad(format!("tensor `{name}` is {other:?}; i8, f16 and f32 are read")));
            }
        };
        self.taken.insert(name.to_owned());
        Ok(TensorData::new(values, shape))
    }

    /// What the integers of each row of an i8 tensor are multiplied by.
    fn scales(&mut self, name: &str, rows: usize) -> Result<Vec<f32>> {
        let data = self.take(&format!("{name}.scale"), [rows])?;
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
