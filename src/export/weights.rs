//! A backbone's tensors as its pack has them, the tuned ones in their places.

use std::borrow::Cow;
use std::collections::BTreeMap;

use half::f16;
use safetensors::{Dtype, SafeTensors};

use super::file::{Values, Writer};
use crate::backbone::Weights;
use crate::error::{Error, Result};

/// How weights are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As numbers, which PyTorch's `load_state_dict` takes: f32, or f16 where the pack has that.
    Plain,
    /// As the pack has them: 8 bits with scales for those that are. A quarter of the size.
    Compact,
}

#[derive(Debug, Clone)]
pub struct Tensor<'a> {
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Cow<'a, [u8]>,
}

pub struct Stored<'a>(BTreeMap<String, Tensor<'a>>);

impl<'a> Stored<'a> {
    /// Errors: `bad-pack`.
    pub fn read(weights: &'a [u8], tuned: Option<&'a [u8]>) -> Result<Self> {
        let mut all = tensors("weights", weights)?;
        let Some(tuned) = tuned else { return Ok(Self(all)) };
        let mut sums = Weights::parse("weights", weights)?;
        sums.replace(tuned)?;
        let whole = tensors("tuned weights", tuned)?.into_iter().filter(|(name, _)| all.contains_key(name));
        let mut tuned: BTreeMap<String, Tensor> = whole.collect();
        for (name, shape, values) in sums.updated()? {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            tuned.insert(name, Tensor { dtype: Dtype::F32, shape, bytes: bytes.into() });
        }
        for (name, tensor) in tuned {
            all.remove(&scale_of(&name));
            all.insert(name, tensor);
        }
        Ok(Self(all))
    }

    /// Errors: `bad-pack`, when it is not there.
    pub fn get(&self, name: &str) -> Result<&Tensor<'a>> {
        let missing = || Error::BadPack { file: "weights".into(), why: format!("tensor `{name}` is missing") };
        self.0.get(name).ok_or_else(missing)
    }

    /// Of an 8-bit tensor: what each block of its values is multiplied by.
    pub fn scale(&self, name: &str) -> Result<&Tensor<'a>> {
        self.get(&scale_of(name))
    }

    /// Every 8-bit tensor as numbers.
    pub fn plain(mut self) -> Result<Self> {
        let narrow = |tensor: &Tensor| tensor.dtype == Dtype::I8;
        let names: Vec<String> = self.0.iter().filter(|(_, t)| narrow(t)).map(|(name, _)| name.clone()).collect();
        for name in names {
            let scale = self.scale(&name)?;
            let scales = scale.bytes.as_chunks().0.iter().map(|b| f16::from_le_bytes(*b).to_f32());
            let integers = self.get(&name)?;
            let count = scale.bytes.len() / 2;
            if scale.dtype != Dtype::F16 || count == 0 || !integers.bytes.len().is_multiple_of(count) {
                let why = format!("the scales of tensor `{name}` do not divide it");
                return Err(Error::BadPack { file: "weights".into(), why });
            }
            let mut bytes = Vec::with_capacity(4 * integers.bytes.len());
            for (values, scale) in integers.bytes.chunks_exact(integers.bytes.len() / count).zip(scales) {
                values.iter().for_each(|&v| bytes.extend((f32::from(v as i8) * scale).to_le_bytes()));
            }
            let tensor = Tensor { dtype: Dtype::F32, shape: integers.shape.clone(), bytes: bytes.into() };
            self.0.remove(&scale_of(&name));
            self.0.insert(name, tensor);
        }
        Ok(self)
    }

    pub fn write<'b>(&'b self, to: &mut Writer<'b>) {
        for (name, tensor) in &self.0 {
            to.tensor(name, &tensor.shape, Values::Raw(tensor.dtype, &tensor.bytes));
        }
    }
}

fn tensors<'a>(file: &str, bytes: &'a [u8]) -> Result<BTreeMap<String, Tensor<'a>>> {
    let bad = |e: safetensors::SafeTensorError| Error::BadPack { file: file.into(), why: e.to_string() };
    let read = SafeTensors::deserialize(bytes).map_err(bad)?;
    let tensor = |(name, view): (String, safetensors::tensor::TensorView<'a>)| {
        (name, Tensor { dtype: view.dtype(), shape: view.shape().to_vec(), bytes: view.data().into() })
    };
    Ok(read.tensors().into_iter().map(tensor).collect())
}

fn scale_of(name: &str) -> String {
    format!("{name}.scale")
}
