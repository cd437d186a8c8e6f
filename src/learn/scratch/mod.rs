//! The same task learnt without the pretrained backbone: what transfer has to beat. A report fits it to the same parts
//! to say whether the backbone helps or harms, and `train({ head: "scratch" })` gives it to a person as a model.
//!
//! Each kind of content gets what one would use who has no backbone: pictures a small network from random weights,
//! texts counts of words and letters under a linear model.

mod cnn;
mod words;

pub use cnn::Cnn;
pub use words::{Vocabulary, Words};

use crate::metrics::Probabilities;
use crate::source::Content;

/// A model of pixels or of letters.
#[derive(Debug, Clone, PartialEq)]
pub enum Scratch {
    Cnn(Cnn),
    Words(Words),
}

impl Scratch {
    /// Multiplications that a content takes, about.
    pub fn products(&self) -> usize {
        match self {
            Self::Cnn(_) => 3_000_000,
            // Words are looked for, which takes longer than what is made of them.
            Self::Words(_) => 100_000,
        }
    }

    /// One row for each content, which has to be of the kind that was learnt.
    pub fn probabilities(&self, contents: &[&Content]) -> Probabilities {
        match self {
            Self::Cnn(cnn) => cnn.probabilities(&pixels(contents)),
            Self::Words(words) => words.probabilities(&texts(contents)),
        }
    }
}

/// A fit from scratch, step by step; it holds all that it needs.
pub struct ScratchFit(Fit);

enum Fit {
    Cnn(Box<cnn::Fit>),
    Words(Box<words::Fit>),
}

pub enum ScratchStep {
    /// `loss`: of the training samples lately, in nats.
    Progress {
        done: usize,
        total: usize,
        loss: f64,
    },
    Done(Scratch),
}

impl ScratchFit {
    /// `contents[i]` is of class `y[i]`, `0..classes`; all are pictures or all are texts, and there is at least one. The
    /// same contents in the same order and the same seed give the same model.
    pub fn new(contents: &[&Content], y: &[usize], classes: usize, seed: u64) -> Self {
        assert_eq!(contents.len(), y.len(), "every content has a class");
        assert!(y.iter().all(|&class| class < classes), "a class beyond the last");
        Self(match contents.first().expect("something to learn from") {
            Content::Picture(_) => Fit::Cnn(Box::new(cnn::Fit::new(pixels(contents).concat(), y, classes, seed))),
            Content::Text(_) => Fit::Words(Box::new(words::Fit::new(&texts(contents), y, classes, seed))),
        })
    }

    /// A bounded piece of work.
    pub fn step(&mut self) -> ScratchStep {
        match &mut self.0 {
            Fit::Cnn(fit) => fit.step(),
            Fit::Words(fit) => fit.step(),
        }
    }
}

fn pixels<'a>(contents: &[&'a Content]) -> Vec<&'a [u8]> {
    let picture = |content: &&'a Content| match content {
        Content::Picture(picture) => picture.small.as_slice(),
        Content::Text(_) => panic!("a text among pictures"),
    };
    contents.iter().map(picture).collect()
}

fn texts<'a>(contents: &[&'a Content]) -> Vec<&'a str> {
    let text = |content: &&'a Content| match content {
        Content::Text(text) => text.as_str(),
        Content::Picture(_) => panic!("a picture among texts"),
    };
    contents.iter().map(text).collect()
}

/// What a sample of each class counts, so that every class that occurs has the same sum: on average 1.
fn balanced(y: &[usize], classes: usize) -> Vec<f64> {
    let mut counts = vec![0usize; classes];
    y.iter().for_each(|&class| counts[class] += 1);
    let present = counts.iter().filter(|&&count| count > 0).count();
    counts.iter().map(|&count| y.len() as f64 / (present * count.max(1)) as f64).collect()
}
