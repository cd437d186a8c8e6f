//! An ONNX graph under construction. A node is named by what it computes, and so is its output.

use std::collections::HashSet;

use safetensors::Dtype;

use super::proto::{Attribute, Dimension, Graph as Proto, Node, Shape, Tensor, TensorType, Type, Value};
use crate::error::{Error, Result};
use crate::export::weights::Stored;

pub const FLOAT: i32 = 1;
pub const UINT8: i32 = 2;
const INT8: i32 = 3;
pub const INT64: i32 = 7;
const FLOAT16: i32 = 10;
pub const DOUBLE: i32 = 11;

#[derive(Default)]
pub struct Graph {
    proto: Proto,
    /// Of constants, which are there once.
    named: HashSet<String>,
}

/// A dimension of an input or output.
pub enum Dim {
    Of(usize),
    Any(&'static str),
}

pub fn int(name: &str, i: i64) -> Attribute {
    Attribute { name: name.into(), i: Some(i), kind: 2, ..Attribute::default() }
}

pub fn float(name: &str, f: f32) -> Attribute {
    Attribute { name: name.into(), f: Some(f), kind: 1, ..Attribute::default() }
}

pub fn ints(name: &str, ints: &[usize]) -> Attribute {
    Attribute { name: name.into(), ints: ints.iter().map(|&i| i as i64).collect(), kind: 7, ..Attribute::default() }
}

impl Graph {
    pub fn input(&mut self, name: &str, element: i32, dims: &[Dim]) {
        self.proto.input.push(value(name, element, dims));
    }

    pub fn output(&mut self, name: &str, element: i32, dims: &[Dim]) {
        self.proto.output.push(value(name, element, dims));
    }

    /// → the name of its output, which is `name`.
    pub fn add(&mut self, name: &str, op: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        self.add_many(&[name], op, inputs, attributes);
        name.to_owned()
    }

    /// With several outputs.
    pub fn add_many(&mut self, names: &[&str], op: &str, inputs: &[&str], attributes: Vec<Attribute>) {
        let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        self.proto.node.push(Node {
            input: own(inputs),
            output: own(names),
            name: names[0].to_owned(),
            op_type: op.to_owned(),
            attribute: attributes,
        });
    }

    pub fn cast(&mut self, name: &str, input: &str, to: i32) -> String {
        self.add(name, "Cast", &[input], vec![int("to", i64::from(to))])
    }

    pub fn constant(&mut self, name: &str, element: i32, dims: &[usize], bytes: Vec<u8>) -> String {
        if self.named.insert(name.to_owned()) {
            let dims = dims.iter().map(|&d| d as i64).collect();
            self.proto.initializer.push(Tensor { dims, data_type: element, name: name.to_owned(), raw_data: bytes });
        }
        name.to_owned()
    }

    pub fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        self.constant(name, FLOAT, dims, values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    pub fn scalar(&mut self, name: &str, value: f32) -> String {
        self.floats(name, &[], &[value])
    }

    pub fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.constant(name, INT64, &[values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// A tensor of the backbone as f32, stored as it is in the pack: what it takes to widen it is done once, when the model is loaded.
    pub fn weight(&mut self, stored: &Stored, name: &str) -> Result<String> {
        let tensor = stored.get(name)?;
        let shape = &tensor.shape;
        match tensor.dtype {
            Dtype::F32 => Ok(self.constant(name, FLOAT, shape, tensor.bytes.to_vec())),
            Dtype::F16 => {
                let narrow = self.constant(&format!("{name}.f16"), FLOAT16, shape, tensor.bytes.to_vec());
                Ok(self.cast(name, &narrow, FLOAT))
            }
            Dtype::I8 => {
                let [integers, scales] = self.blocks(stored, name)?;
                let integers = self.cast(&format!("{name}.integers"), &integers, FLOAT);
                let scales = self.cast(&format!("{name}.scales"), &scales, FLOAT);
                let values = self.add(&format!("{name}.blocks"), "Mul", &[&integers, &scales], vec![]);
                let shape: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
                let shape = self.integers(&format!("{name}.shape"), &shape);
                Ok(self.add(name, "Reshape", &[&values, &shape], vec![]))
            }
            other => Err(unknown(name, other)),
        }
    }

    /// Some rows of a table, as f32: `indices` → `[…, columns]`. The table stays as it is stored.
    pub fn rows(&mut self, stored: &Stored, name: &str, indices: &str, output: &str) -> Result<String> {
        let tensor = stored.get(name)?;
        if tensor.dtype != Dtype::I8 {
            let element = if tensor.dtype == Dtype::F16 { FLOAT16 } else { FLOAT };
            let table = self.constant(name, element, &tensor.shape, tensor.bytes.to_vec());
            let rows = self.add(&format!("{output}.stored"), "Gather", &[&table, indices], vec![]);
            return Ok(self.cast(output, &rows, FLOAT));
        }
        let columns = tensor.shape[1] as i64;
        let [integers, scales] = self.blocks(stored, name)?;
        let part = |graph: &mut Self, from: &str, what: &str| {
            let rows = graph.add(&format!("{output}.{what}.stored"), "Gather", &[from, indices], vec![]);
            graph.cast(&format!("{output}.{what}"), &rows, FLOAT)
        };
        let (integers, scales) = (part(self, &integers, "integers"), part(self, &scales, "scales"));
        let values = self.add(&format!("{output}.blocks"), "Mul", &[&integers, &scales], vec![]);
        let shape = self.integers(&format!("{output}.shape"), &[0, 0, columns]);
        Ok(self.add(output, "Reshape", &[&values, &shape], vec![]))
    }

    /// An 8-bit tensor by blocks, `[rows, blocks, values of a block]`, and what each is multiplied by.
    fn blocks(&mut self, stored: &Stored, name: &str) -> Result<[String; 2]> {
        let (tensor, scale) = (stored.get(name)?, stored.scale(name)?);
        let (&[rows, columns], &[_, blocks]) = (&tensor.shape[..], &scale.shape[..]) else {
            return Err(unknown(name, Dtype::I8));
        };
        let integers =
            self.constant(&format!("{name}.i8"), INT8, &[rows, blocks, columns / blocks], tensor.bytes.to_vec());
        let element = if scale.dtype == Dtype::F16 { FLOAT16 } else { FLOAT };
        let scales = self.constant(&format!("{name}.scale"), element, &[rows, blocks, 1], scale.bytes.to_vec());
        Ok([integers, scales])
    }

    /// `½x(1 + erf(x/√2))`.
    pub fn gelu(&mut self, name: &str, x: &str) -> String {
        let (root, one, half) = (self.scalar("√2", 2f32.sqrt()), self.scalar("1", 1.0), self.scalar("½", 0.5));
        let z = self.add(&format!("{name}.z"), "Div", &[x, &root], vec![]);
        let erf = self.add(&format!("{name}.erf"), "Erf", &[&z], vec![]);
        let raised = self.add(&format!("{name}.raised"), "Add", &[&erf, &one], vec![]);
        let product = self.add(&format!("{name}.product"), "Mul", &[x, &raised], vec![]);
        self.add(name, "Mul", &[&product, &half], vec![])
    }

    /// Rows divided by their L2 norms; a row of zeros stays one.
    pub fn normalised(&mut self, name: &str, x: &str) -> String {
        let least = self.scalar("least", 1e-12);
        let norm = self.add(&format!("{name}.norm"), "ReduceL2", &[x], vec![ints("axes", &[1]), int("keepdims", 1)]);
        let norm = self.add(&format!("{name}.norm.positive"), "Max", &[&norm, &least], vec![]);
        self.add(name, "Div", &[x, &norm], vec![])
    }

    pub fn finish(self, name: &str) -> Proto {
        Proto { name: name.to_owned(), ..self.proto }
    }
}

fn value(name: &str, element: i32, dims: &[Dim]) -> Value {
    let dim = dims.iter().map(|dim| match dim {
        Dim::Of(size) => Dimension { value: Some(*size as i64), name: None },
        Dim::Any(name) => Dimension { value: None, name: Some((*name).to_owned()) },
    });
    let shape = Some(Shape { dim: dim.collect() });
    Value { name: name.to_owned(), kind: Some(Type { tensor: Some(TensorType { element, shape }) }) }
}

fn unknown(name: &str, dtype: Dtype) -> Error {
    Error::BadPack {
        file: "weights".into(),
        why: format!("tensor `{name}` is {dtype:?}, of a shape that is unknown here"),
    }
}
