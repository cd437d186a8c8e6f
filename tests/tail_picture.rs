//! The trained stages of EfficientNet-Lite0: the same features as the forward pass, and gradients that agree with finite
//! differences and with burn's autodiff.

mod fixtures;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use fixtures::*;
use half::f16;
use headstart::backbone::lite0::{cpu, tail};
use headstart::backbone::tail::{Room, Tail};
use headstart::backbone::{Backbone, Lite0, Weights};
use headstart::device::Computer;
use headstart::learn::BatchNorm;
use headstart::learn::tune::Inputs;

const PACK: &str = "efficientnet-lite0-f32";

struct Case {
    tail: tail::Tail,
    parameters: Vec<f32>,
    /// Two pictures where the tail begins.
    x: Vec<f32>,
    features: Vec<f32>,
}

fn case(stages: usize) -> Case {
    let (manifest, weights) = pack_files(PACK);
    let (tail, parameters) = tail::Tail::load(&mut Weights::parse(PACK, &weights).unwrap(), stages).unwrap();
    let net = cpu::Lite0::load(&mut Weights::parse(PACK, &weights).unwrap(), manifest.image().unwrap()).unwrap();
    let mut scratch = cpu::Scratch::default();
    let (mut x, mut features) = (Vec::new(), vec![0.0; 2 * 1280]);
    let pictures = synthetic_pictures();
    for (picture, out) in pictures.chunks_exact(pictures.len() / 2).zip(features.chunks_exact_mut(1280)) {
        x.extend_from_slice(net.boundary(picture, stages, &mut scratch));
        net.forward(picture, &mut scratch, out, &mut |_, _| {});
    }
    assert_eq!(x.len(), 2 * tail.inputs());
    Case { tail, parameters, x, features }
}

/// What the features are multiplied by: any direction will do.
fn slopes() -> Vec<f32> {
    (0..2 * 1280).map(|i| ((i * 37 % 101) as f32 / 50.0 - 1.0) * 0.1).collect()
}

impl Case {
    fn value(&self, parameters: &[f32], room: &mut tail::Room) -> f64 {
        let out = self.tail.forward(parameters, &self.x, room);
        out.iter().zip(slopes()).map(|(v, s)| f64::from(*v) * f64::from(s)).sum()
    }

    fn gradient(&self, depth: usize) -> Vec<f32> {
        let mut room = tail::Room::default();
        let mut gradient = vec![0.0; self.parameters.len()];
        self.tail.forward(&self.parameters, &self.x, &mut room);
        self.tail.backward(&self.parameters, &self.x, &slopes(), depth, &mut room, &mut gradient);
        gradient
    }
}

#[test]
fn what_is_trained_begins_as_the_network() {
    for stages in 1..=3 {
        let case = case(stages);
        let mut room = tail::Room::default();
        let off = largest_difference(case.tail.forward(&case.parameters, &case.x, &mut room), &case.features);
        assert!(off < 1e-4, "{stages} stages: {off}");
        let covered: usize = case.tail.spans().iter().map(|span| span.range.len()).sum();
        assert_eq!(covered, case.parameters.len());
    }
}

/// Tolerance 3 % of a tensor's derivative along a random direction: ReLU6 has corners, and the sums are f32.
#[test]
fn gradients_agree_with_finite_differences() {
    let case = case(2);
    let gradient = case.gradient(2);
    let mut room = tail::Room::default();
    for span in case.tail.spans() {
        // Along the gradient of this tensor alone, so that the derivative is its squared length.
        let own = &gradient[span.range.clone()];
        let length = own.iter().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        assert!(length > 0.0, "{}", span.name);
        // So far that the sum moves by a thousand times its rounding, and no farther: ReLU6 has corners on the way.
        let step = 5e-3 / length;
        let mut at = |sign: f64| {
            let mut moved = case.parameters.clone();
            for (p, g) in moved[span.range.clone()].iter_mut().zip(own) {
                *p += (sign * step * f64::from(*g) / length) as f32;
            }
            case.value(&moved, &mut room)
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * step);
        let off = (slope - length).abs() / length;
        assert!(off < 0.03, "{}: {slope}, not {length} ({off})", span.name);
    }
}

/// Tolerance 1e-3 of a tensor's largest gradient.
#[test]
fn gradients_agree_with_burns() {
    let case = case(2);
    let ours = case.gradient(2);
    let device = Device::flex().autodiff();
    let (_, weights) = pack_files(PACK);
    let net = Lite0::load(&mut Weights::parse(PACK, &weights).unwrap(), &device).unwrap();
    // Pixel after pixel → channel after channel.
    let (channels, side) = (112, 14);
    let x = Tensor::<4>::from_data(TensorData::new(case.x.clone(), [2, side, side, channels]), &device)
        .permute([0, 3, 1, 2]);
    let out = net.head(net.blocks()[11..].iter().fold(x, |x, block| block.forward(x)));
    let sum = (out * Tensor::from_data(TensorData::new(slopes(), [2, 1280]), &device)).sum();
    let gradients = sum.backward();
    let mut theirs = std::collections::HashMap::new();
    net.visit(&mut Collect { gradients: &gradients, path: Vec::new(), found: &mut theirs });
    for span in case.tail.spans() {
        let (ours, theirs) = (&ours[span.range.clone()], &theirs[&span.name]);
        let scale = theirs.iter().fold(0f32, |m, v| m.max(v.abs()));
        let off = largest_difference(ours, theirs) / scale;
        assert!(off < 1e-3, "{}: {off}", span.name);
    }
}

struct Collect<'a> {
    gradients: &'a burn::tensor::Gradients,
    path: Vec<String>,
    found: &'a mut std::collections::HashMap<String, Vec<f32>>,
}

impl burn::module::ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.found.insert(self.path.join("."), gradient.into_data().try_into_vec().unwrap());
        }
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Where the tail begins, as if seen through a haze: every channel of a pixel in its own way.
fn hazy(case: &Case) -> Vec<f32> {
    let channels = case.tail.inputs() / (14 * 14);
    let haze =
        |(i, v): (usize, &f32)| v * (0.8 + 0.02 * (i % channels % 7) as f32) + 0.1 * ((i % channels) as f32).sin();
    case.x.iter().enumerate().map(haze).collect()
}

fn renormed(case: &Case, target: &[f32], prior: f64) -> Vec<f32> {
    let mut renorm = tail::Renorm::new(&case.tail, &case.parameters, case.x.clone(), target.to_vec(), prior);
    let mut layers = 0;
    loop {
        layers += 1;
        if let Some(parameters) = renorm.step(&case.tail) {
            assert_eq!(layers, case.tail.layers());
            return parameters;
        }
    }
}

/// Tolerance 1e-3 of a layer's spread, and of its variance.
#[test]
fn batch_norms_estimated_anew_give_the_target_the_sources_moments() {
    for stages in 1..=3 {
        let case = case(stages);
        let target = hazy(&case);
        let want = case.tail.moments(&case.parameters, &case.x);
        let before = case.tail.moments(&case.parameters, &target);
        let parameters = renormed(&case, &target, 0.0);
        let after = case.tail.moments(&parameters, &target);
        // Of two pictures some channels hardly vary: those are scaled as far as it goes, and only their means are right.
        let scaled_freely = |layer: usize, channel: usize| {
            let span = &case.tail.spans()[2 * layer];
            let row = span.range.len() / span.shape[0];
            let size = |p: &[f32]| {
                let filter = &p[span.range.start + channel * row..][..row];
                filter.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt()
            };
            let scale = size(&parameters) / size(&case.parameters);
            scale > 0.26 && scale < 3.9
        };
        let mut held = 0;
        for (layer, ((want, before), after)) in want.iter().zip(&before).zip(&after).enumerate() {
            let variance = want.variance.iter().sum::<f64>() / want.variance.len() as f64;
            let off = |a: &[f64], b: &[f64], of: &dyn Fn(usize) -> bool| {
                let pairs = a.iter().zip(b).enumerate().filter(|(c, _)| of(*c));
                pairs.map(|(_, (a, b))| (a - b).abs()).fold(0.0, f64::max)
            };
            let mean = off(&after.mean, &want.mean, &|_| true) / variance.sqrt();
            let spread = off(&after.variance, &want.variance, &|c| scaled_freely(layer, c)) / variance;
            assert!(mean < 1e-3 && spread < 1e-3, "{stages} stages, layer {layer}: {mean}, {spread}");
            let was = off(&before.mean, &want.mean, &|_| true) / variance.sqrt();
            assert!(was > 0.01, "{stages} stages, layer {layer}: there was nothing to do");
            held += (0..want.mean.len()).filter(|&c| !scaled_freely(layer, c)).count();
        }
        let channels: usize = want.iter().map(|layer| layer.mean.len()).sum();
        assert!(held * 10 < channels, "{stages} stages: {held} of {channels} channels");
    }
}

#[test]
fn batch_norms_of_the_same_pictures_stay() {
    let case = case(2);
    let off = largest_difference(&renormed(&case, &case.x, 0.0), &case.parameters);
    assert!(off < 1e-5, "{off}");
    // As many pictures as the prior counts for: half of the way in the first layer's means, by the scale it got.
    let target = hazy(&case);
    let parameters = renormed(&case, &target, 2.0);
    let first = |parameters: &[f32], x: &[f32]| case.tail.moments(parameters, x)[0].mean.clone();
    let (want, before, after) =
        (first(&case.parameters, &case.x), first(&case.parameters, &target), first(&parameters, &target));
    let span = &case.tail.spans()[0];
    let row = span.range.len() / span.shape[0];
    let size = |p: &[f32], channel: usize| {
        p[span.range.start + channel * row..][..row].iter().map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt()
    };
    for (channel, ((want, before), after)) in want.iter().zip(&before).zip(&after).enumerate() {
        let scale = size(&parameters, channel) / size(&case.parameters, channel);
        let half = scale * (before - want) / 2.0;
        assert!((after - want - half).abs() < 1e-3 * (1.0 + half.abs()), "{channel}: {after} of {want}, {before}");
    }
    assert!(renormed(&case, &target, 1e12).iter().zip(&case.parameters).all(|(a, b)| (a - b).abs() < 1e-5));
}

#[test]
fn batch_norms_estimated_anew_are_a_backbone_of_their_own() {
    let case = case(BatchNorm::STAGES);
    let (source, target) = (case.x.clone(), hazy(&case));
    let mut inputs = Inputs::default();
    for (sample, x) in
        source.chunks_exact(case.tail.inputs()).chain(target.chunks_exact(case.tail.inputs())).enumerate()
    {
        inputs.push(sample, x.iter().map(|&v| f16::from_f32(v)).collect(), 1);
    }
    let (manifest, weights) = pack_files(PACK);
    let (tail, parameters) = Tail::load(&manifest, &weights, BatchNorm::STAGES).unwrap();
    let mut pump = BatchNorm::new(tail.into(), &parameters, inputs.into(), 2).unwrap();
    assert_eq!(pump.file(), None);
    let mut last = None;
    while let Some(progress) = pump.step() {
        assert!(progress.done > last.map_or(0, |(done, _)| done), "{progress:?}");
        last = Some((progress.done, progress.total));
    }
    assert!(last.is_some_and(|(done, total)| done == total), "{last:?}");
    let file = pump.file().unwrap();
    let (tail, moved) = Tail::load_tuned(&manifest, &weights, Some(&file), BatchNorm::STAGES).unwrap();
    let mut room = Room::default();
    let features = tail.forward(&moved, &target, &[1, 1], &mut room);
    // The boundary was kept as f16.
    assert!(largest_difference(features, pump.features().values()) < 2e-3);
    assert!(largest_difference(tail.forward(&parameters, &target, &[1, 1], &mut room), pump.features().values()) > 0.1);
    assert!(Backbone::load_tuned(manifest, &weights, Some(&file), &Computer::cpu()).is_ok());

    let (manifest, weights) = pack_files("all-minilm-l6-v2");
    let (tail, parameters) = Tail::load(&manifest, &weights, 1).unwrap();
    assert!(BatchNorm::new(tail.into(), &parameters, Inputs::default().into(), 0).is_none(), "texts have none");
}

#[test]
fn what_is_not_trained_yet_has_no_gradient() {
    let case = case(3);
    for depth in 1..=3 {
        let gradient = case.gradient(depth);
        for span in case.tail.spans() {
            let any = gradient[span.range.clone()].iter().any(|g| *g != 0.0);
            assert_eq!(any, span.stage < depth, "{} at depth {depth}", span.name);
        }
    }
}

#[test]
fn the_same_bits_twice() {
    let case = case(2);
    assert_eq!(case.gradient(2), case.gradient(2));
}

/// What a GPU is tried on: its gradients are to differ from the CPU's only where they are wrong.
#[test]
fn the_small_network_has_no_value_near_a_corner_and_no_dead_tensor() {
    let (tail, parameters) = tail::Tail::small();
    let x: Vec<f32> = (0..2 * tail.inputs()).map(|i| 2.0 * (i as f32 * 0.37).sin()).collect();
    let gradient = |by: f32| {
        let (mut room, mut gradient) = (tail::Room::default(), vec![0.0; parameters.len()]);
        let x: Vec<f32> = x.iter().map(|v| v + by).collect();
        let slopes: Vec<f32> = tail.forward(&parameters, &x, &mut room).iter().map(|v| (7.0 * v).cos()).collect();
        tail.backward(&parameters, &x, &slopes, 3, &mut room, &mut gradient);
        gradient
    };
    let (here, there) = (gradient(0.0), gradient(1e-6));
    for span in tail.spans() {
        let (here, there) = (&here[span.range.clone()], &there[span.range.clone()]);
        let scale = here.iter().fold(0f32, |m, v| m.max(v.abs()));
        let off = largest_difference(here, there) / scale;
        assert!(off < 1e-4, "{}: {off}", span.name);
        let dead = here.iter().filter(|v| **v == 0.0).count();
        assert!(2 * dead < here.len(), "{}: {dead} of {}", span.name, here.len());
    }
}
