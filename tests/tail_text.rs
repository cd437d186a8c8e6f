//! The trained layers of all-MiniLM-L6-v2: forwards as the whole network on our kernels, and their gradients against those of
//! a plain f64 network (central differences) and of burn's autodiff. Tolerances: 1e-5 for embeddings, which have length 1;
//! for a gradient 1e-4 of it, and 1e-6 of the steepest of all, which is what f32 leaves of those that are nothing.

mod fixtures;

use std::collections::HashMap;
use std::sync::LazyLock;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use fixtures::*;
use headstart::backbone::minilm::cpu::{MiniLm, Scratch};
use headstart::backbone::minilm::tail::{Room, Tail};
use headstart::backbone::{MiniLm as Reference, Span, Weights};

const DIM: usize = 384;
const INNER: usize = 1536;

static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| pack_files("all-minilm-l6-v2-f32").1);
static NETWORK: LazyLock<MiniLm> = LazyLock::new(|| MiniLm::load(&mut weights()).unwrap());

fn weights() -> Weights<'static> {
    Weights::parse("model.safetensors", &FILE).unwrap()
}

fn texts(lengths: &[usize]) -> Vec<Vec<u32>> {
    lengths.iter().map(|n| (0..*n).map(|i| ((i * 7919 + n * 31) % 30522) as u32).collect()).collect()
}

/// Between -1 and 1, always the same.
fn random(n: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Some texts on their way to the trained layers.
struct Case {
    lengths: Vec<usize>,
    tail: Tail,
    parameters: Vec<f32>,
    x: Vec<f32>,
    slopes: Vec<f32>,
}

impl Case {
    fn new(lengths: &[usize], layers: usize) -> Self {
        let (tail, parameters) = Tail::load(&mut weights(), layers).unwrap();
        let x = NETWORK.boundary(&texts(lengths), layers, &mut Scratch::default()).to_vec();
        Self { lengths: lengths.to_vec(), tail, parameters, x, slopes: random(lengths.len() * DIM, 5) }
    }

    fn forward(&self, room: &mut Room) -> Vec<f32> {
        self.tail.forward(&self.parameters, &self.x, &self.lengths, room).to_vec()
    }

    fn gradient(&self, depth: usize, room: &mut Room) -> Vec<f32> {
        let mut gradient = vec![0.0; self.parameters.len()];
        self.forward(room);
        let Self { tail, parameters, x, lengths, slopes, .. } = self;
        tail.backward(parameters, x, lengths, slopes, depth, room, &mut gradient);
        gradient
    }
}

#[test]
fn the_spans_are_the_checkpoints_tensors() {
    let (tail, parameters) = Tail::load(&mut weights(), 3).unwrap();
    let mut end = 0;
    for Span { name, shape, range, stage } in tail.spans() {
        assert_eq!((range.start, range.len()), (end, shape.iter().product()), "{name}");
        assert!(name.starts_with(&format!("encoder.layer.{}.", 5 - stage)), "{name}: {stage}");
        let want = match shape[..] {
            [n] => weights().take(name, [n]).unwrap(),
            [outputs, inputs] => weights().take(name, [outputs, inputs]).unwrap(),
            _ => panic!("{name}: {shape:?}"),
        };
        assert_eq!(parameters[range.clone()], want, "{name}");
        end = range.end;
    }
    assert_eq!((end, tail.spans().len()), (parameters.len(), 3 * 16));
}

#[test]
fn the_embeddings_are_those_of_the_whole_network() {
    let lengths = [1, 33, 2, 7, 64, 5];
    let mut want = vec![0.0; lengths.len() * DIM];
    NETWORK.forward(&texts(&lengths), &mut Scratch::default(), &mut want, &mut |_, _| ());
    for layers in 1..=3 {
        let got = Case::new(&lengths, layers).forward(&mut Room::default());
        let off = largest_difference(&got, &want);
        assert!(off < 1e-5, "{layers} layers: {off}");
    }
}

/// Of some of each tensor's parameters, and along a random direction.
#[test]
fn the_gradient_is_that_of_finite_differences() {
    let case = Case::new(&[3, 1, 5], 2);
    let gradient = case.gradient(2, &mut Room::default());
    let steepest = gradient.iter().fold(0f32, |m, v| m.max(v.abs()));
    let slopes: Vec<f64> = case.slopes.iter().map(|v| f64::from(*v)).collect();
    let mut plain = Plain::new(&case);
    let x: Vec<f64> = case.x.iter().map(|v| f64::from(*v)).collect();
    // What the last layer begins with, while only it changes.
    let later = plain.layer(4, &x, &case.lengths);
    for (n, span) in case.tail.spans().iter().enumerate() {
        let gradient = &gradient[span.range.clone()];
        let mut check = |direction: &[f32], what: &str| {
            let before = plain.tensors[&span.name].clone();
            let mut value = |by: f64| {
                let moved = before.iter().zip(direction).map(|(v, d)| v + by * f64::from(*d)).collect();
                plain.tensors.insert(span.name.clone(), moved);
                let embeddings = match span.stage {
                    0 => plain.embed(5, &later, &case.lengths),
                    _ => plain.embed(4, &x, &case.lengths),
                };
                embeddings.iter().zip(&slopes).map(|(v, s)| v * s).sum::<f64>()
            };
            let want = (value(1e-5) - value(-1e-5)) / 2e-5;
            plain.tensors.insert(span.name.clone(), before);
            let got: f64 = gradient.iter().zip(direction).map(|(g, d)| f64::from(*g) * f64::from(*d)).sum();
            let size = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
            let room = 1e-4 * want.abs() + 1e-6 * f64::from(steepest * size);
            assert!((got - want).abs() < room, "{}, {what}: {got}, not {want}", span.name);
        };
        check(&random(gradient.len(), n as u64), "a random direction");
        let steep = (0..gradient.len()).max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs())).unwrap();
        for at in [steep, n * 7919 % gradient.len()] {
            let mut direction = vec![0.0; gradient.len()];
            direction[at] = 1.0;
            check(&direction, &format!("parameter {at}"));
        }
    }
}

#[test]
fn the_gradient_is_that_of_burns_autodiff() {
    let case = Case::new(&[2, 19, 1, 8], 3);
    let gradient = case.gradient(3, &mut Room::default());
    let steepest = gradient.iter().fold(0f32, |m, v| m.max(v.abs()));
    let device = Device::flex().autodiff();
    let net = Reference::load(&mut weights(), &device).unwrap();
    let embeddings = net.forward(&texts(&case.lengths), &device);
    let slopes = Tensor::<2>::from_data(TensorData::new(case.slopes.clone(), [case.lengths.len(), DIM]), &device);
    let mut theirs =
        Theirs { gradients: (embeddings * slopes).sum().backward(), path: Vec::new(), by_name: HashMap::new() };
    net.visit(&mut theirs);
    for span in case.tail.spans() {
        let (got, want) = (&gradient[span.range.clone()], &theirs.by_name[&span.name]);
        let largest = want.iter().fold(0f32, |m, v| m.max(v.abs()));
        let off = largest_difference(got, want);
        assert!(off < 1e-4 * largest + 1e-6 * steepest, "{}: {off}, where the steepest is {largest}", span.name);
    }
}

#[test]
fn only_the_last_layers_asked_for_have_a_gradient() {
    let case = Case::new(&[4, 9], 3);
    let whole = case.gradient(3, &mut Room::default());
    for depth in 1..=2 {
        let gradient = case.gradient(depth, &mut Room::default());
        for Span { name, range, stage, .. } in case.tail.spans() {
            if *stage < depth {
                assert_eq!(gradient[range.clone()], whole[range.clone()], "{name}, {depth}");
            } else {
                assert!(gradient[range.clone()].iter().all(|v| *v == 0.0), "{name}, {depth}");
            }
        }
    }
}

#[test]
fn the_same_bits_twice_whatever_the_room_was_used_for() {
    let case = Case::new(&[6, 3], 2);
    let (mut room, mut used) = (Room::default(), Room::default());
    Case::new(&[1, 21, 4], 3).gradient(3, &mut used);
    let gradient = case.gradient(2, &mut room);
    assert!(gradient.iter().any(|v| *v != 0.0));
    assert_eq!(gradient, case.gradient(2, &mut room));
    assert_eq!(gradient, case.gradient(2, &mut used));
}

#[test]
fn a_gradient_is_added_to_what_is_there() {
    let case = Case::new(&[5, 2], 1);
    let mut room = Room::default();
    let once = case.gradient(1, &mut room);
    let mut twice = once.clone();
    let Case { tail, parameters, x, lengths, slopes } = &case;
    tail.backward(parameters, x, lengths, slopes, 1, &mut room, &mut twice);
    let steepest = once.iter().fold(0f32, |m, v| m.max(v.abs()));
    let off = once.iter().zip(&twice).map(|(once, twice)| (twice - 2.0 * once).abs()).fold(0.0, f32::max);
    assert!(off < 1e-5 * steepest, "{off} of {steepest}");
}

/// The layers as the paper has them, in f64 and without any haste.
struct Plain {
    tensors: HashMap<String, Vec<f64>>,
}

impl Plain {
    fn new(case: &Case) -> Self {
        let values = |span: &Span| case.parameters[span.range.clone()].iter().map(|v| f64::from(*v)).collect();
        Self { tensors: case.tail.spans().iter().map(|span| (span.name.clone(), values(span))).collect() }
    }

    fn tensor(&self, layer: usize, part: &str) -> &[f64] {
        &self.tensors[&format!("encoder.layer.{layer}.{part}")]
    }

    fn linear(&self, layer: usize, part: &str, x: &[f64]) -> Vec<f64> {
        let weight = self.tensor(layer, &format!("{part}.weight"));
        let bias = self.tensor(layer, &format!("{part}.bias"));
        let inputs = weight.len() / bias.len();
        let outputs = |row: &[f64]| -> Vec<f64> {
            let dot = |weight: &[f64]| row.iter().zip(weight).map(|(v, w)| v * w).sum::<f64>();
            weight.chunks(inputs).zip(bias).map(|(weight, bias)| dot(weight) + bias).collect()
        };
        x.chunks(inputs).flat_map(outputs).collect()
    }

    fn norm(&self, layer: usize, part: &str, x: &[f64]) -> Vec<f64> {
        let gamma = self.tensor(layer, &format!("{part}.weight"));
        let beta = self.tensor(layer, &format!("{part}.bias"));
        let standard = |row: &[f64]| -> Vec<f64> {
            let mean = row.iter().sum::<f64>() / DIM as f64;
            let variance = row.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / DIM as f64;
            let standard = row.iter().map(|v| (v - mean) / (variance + 1e-12).sqrt());
            standard.zip(gamma).zip(beta).map(|((v, gamma), beta)| v * gamma + beta).collect()
        };
        x.chunks(DIM).flat_map(standard).collect()
    }

    fn layer(&self, layer: usize, x: &[f64], lengths: &[usize]) -> Vec<f64> {
        let [query, key, value] =
            ["query", "key", "value"].map(|part| self.linear(layer, &format!("attention.self.{part}"), x));
        let mut mixed = vec![0.0; x.len()];
        let mut first = 0;
        for length in lengths {
            let tokens = first..first + length;
            for (token, head) in tokens.clone().flat_map(|token| (0..12).map(move |head| (token, head))) {
                let columns = |token: usize| token * DIM + head * 32..token * DIM + (head + 1) * 32;
                let score = |other: usize| {
                    let pairs = query[columns(token)].iter().zip(&key[columns(other)]);
                    (pairs.map(|(q, k)| q * k).sum::<f64>() / 32f64.sqrt()).exp()
                };
                let total: f64 = tokens.clone().map(score).sum();
                for other in tokens.clone() {
                    let part = score(other) / total;
                    mixed[columns(token)].iter_mut().zip(&value[columns(other)]).for_each(|(to, v)| *to += part * v);
                }
            }
            first += length;
        }
        let sum = |a: &[f64], b: Vec<f64>| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a + b).collect() };
        let attended = sum(x, self.linear(layer, "attention.output.dense", &mixed));
        let attended = self.norm(layer, "attention.output.LayerNorm", &attended);
        let inner = self.linear(layer, "intermediate.dense", &attended);
        assert_eq!(inner.len() / INNER, x.len() / DIM);
        let inner: Vec<f64> = inner.into_iter().map(|v| 0.5 * v * (1.0 + erf(v * 0.5f64.sqrt()))).collect();
        self.norm(layer, "output.LayerNorm", &sum(&attended, self.linear(layer, "output.dense", &inner)))
    }

    /// From what layer `first` begins with to the embeddings.
    fn embed(&self, first: usize, x: &[f64], lengths: &[usize]) -> Vec<f64> {
        let x = (first..6).fold(x.to_vec(), |x, layer| self.layer(layer, &x, lengths));
        let mut tokens = x.chunks(DIM);
        let mut out = Vec::new();
        for &length in lengths {
            let mut mean = [0.0; DIM];
            tokens.by_ref().take(length).for_each(|token| mean.iter_mut().zip(token).for_each(|(sum, v)| *sum += v));
            let size = mean.iter().map(|v| v * v).sum::<f64>().sqrt();
            out.extend(mean.iter().map(|v| v / size));
        }
        out
    }
}

/// `2/√π · exp(-x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (2n + 1)!!`: all terms have the same sign, so that no digits are lost.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        n += 2.0;
        term *= 2.0 * x * x / n;
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// burn's gradients by the checkpoint's keys, each as the checkpoint has the tensor.
struct Theirs {
    gradients: Gradients,
    path: Vec<String>,
    by_name: HashMap<String, Vec<f32>>,
}

impl ModuleVisitor for Theirs {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let ["layer", layer, parts @ .., tensor] = &path[..] else { return };
        let part = match parts {
            ["attention", "output"] => "attention.output.dense".to_owned(),
            ["attention", "output_norm"] => "attention.output.LayerNorm".to_owned(),
            ["attention", part] => format!("attention.self.{part}"),
            ["output_norm"] => "output.LayerNorm".to_owned(),
            [part] => format!("{part}.dense"),
            _ => panic!("{path:?}"),
        };
        let tensor = match *tensor {
            "gamma" => "weight",
            "beta" => "bias",
            other => other,
        };
        let gradient = param.val().grad(&self.gradients).unwrap_or_else(|| panic!("{path:?} has no gradient"));
        // burn keeps a linear layer's weight as `[in, out]`.
        let gradient = if D == 2 { gradient.swap_dims(0, 1) } else { gradient };
        let values = gradient.into_data().try_into_vec().unwrap();
        self.by_name.insert(format!("encoder.layer.{layer}.{part}.{tensor}"), values);
    }
}
