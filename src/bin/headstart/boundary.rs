//! What samples are where the trained stages begin: see [`headstart::backbone::tail`].

use half::f16;
use headstart::backbone::Backbone;
use headstart::device::Computer;
use headstart::encode::image::view;
use headstart::learn::tune::Inputs;

use crate::encoder::{Encoder, Input};
use crate::failure::Failure;
use crate::given::Item;
use crate::machine::each;
use crate::output::Output;

pub struct Boundary<'a> {
    encoder: &'a Encoder,
    /// Of the pretrained weights, and on the CPU, where they are trained.
    frozen: Backbone,
    stages: usize,
}

/// The views of a sample, each with its length: tokens of a text, 1 for a picture.
pub struct Views(Vec<(Vec<f16>, usize)>);

impl Views {
    pub fn push(self, sample: usize, inputs: &mut Inputs) {
        self.0.into_iter().for_each(|(values, length)| inputs.push(sample, values, length));
    }
}

impl<'a> Boundary<'a> {
    /// Errors: `bad-pack`.
    pub fn new(encoder: &'a Encoder, stages: usize) -> Result<Self, Failure> {
        let pack = &encoder.pack;
        let frozen = Backbone::load_checked(pack.manifest.clone(), &pack.weights, &Computer::cpu())?;
        Ok(Self { encoder, frozen, stages })
    }

    /// Values of a view of a picture.
    pub fn values(&self, item: &Item) -> Result<usize, Failure> {
        Ok(self.one(&self.frozen, item, 1, 0)?.0[0].0.len())
    }

    /// On all cores. `views`: of each picture.
    pub fn of(&self, items: &[&Item], views: usize, output: &Output) -> Vec<Result<Views, Failure>> {
        output.progress.stage("read again", items.len());
        let beside = || self.frozen.beside().expect("it is on the CPU");
        each(self.encoder.machine.threads, items, beside, |backbone, i, item| {
            let views = self.one(backbone, item, views, i as u64);
            output.progress.more(1);
            views
        })
    }

    /// `seed`: which part of it a view shows.
    fn one(&self, backbone: &Backbone, item: &Item, views: usize, seed: u64) -> Result<Views, Failure> {
        let narrow = |values: Vec<f32>| values.into_iter().map(f16::from_f32).collect();
        Ok(Views(match self.encoder.ready_one(item)?.input {
            Input::Pixels(pixels) => (0..views)
                .map(|n| {
                    let pixels = view(&pixels, self.encoder.pack.manifest.image()?, n, seed)?;
                    Ok((narrow(backbone.boundary_pixels(&pixels, self.stages)?), 1))
                })
                .collect::<Result<_, Failure>>()?,
            // Of a text in windows the first.
            Input::Ids(windows) => vec![(narrow(backbone.boundary_ids(&windows[0], self.stages)?), windows[0].len())],
        }))
    }
}
