//! Counts of words and letters under a linear model: TF-IDF and multinomial logistic regression, the recipe that a text
//! classifier without a backbone has been for twenty years, and hard to beat where the words themselves tell the classes.
//!
//! Two blocks of features as scikit-learn has them: single words and pairs (`\w\w+`), and two to four letters within a
//! word that is padded by spaces (`char_wb`). In each block a count times its smoothed idf, then unit length.
//!
//! The fit is SAGA (Defazio et al. 2014) with the dense part of an update put off until a feature is met again: it
//! converges to the optimum like L-BFGS, but needs two numbers a weight, not two dozen (most of a
//! gigabyte for 77 classes), and can stop after any text, so that a step is short whatever the number of texts.

use std::collections::HashMap;

use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::{Scratch, ScratchStep, balanced};
use crate::metrics::{Probabilities, sort};

/// Features at most; those in the most texts are kept.
const FEATURES: usize = 50_000;
/// Weights at most: of many classes each has fewer features.
const WEIGHTS: usize = 8_000_000;
/// N-grams that are counted at a time. Beyond that the rarest are forgotten: a table of long texts has millions.
const COUNTED: usize = 1_000_000;
/// The objective is `½‖W‖² + C · Σ wᵢ·CEᵢ`, balanced weights, free intercept.
const C: f64 = 10.0;
/// Products that a fit may take in all, which ends it when it has not converged: half a minute in a browser.
const WORK: u64 = 5_000_000_000;
/// Passes over the texts, at least and at most, whatever work they are.
const PASSES: (u64, u64) = (10, 300);
/// A fit has converged when no probability of a training text moved by more than this since the pass before.
const MOVED: f32 = 1e-3;
/// Of an update. Half of what bounds the curvature: rows have the norm 2, the intercept adds 1, and the softmax half.
const RATE: f32 = 0.22;
/// What a step does: bytes of text, and products.
const READ: usize = 20_000;
const PRODUCTS: usize = 4_000_000;

/// A sparse row: features, ascending in each block, and their values.
type Row = Vec<(u32, f32)>;

#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    pub classes: usize,
    pub vocabulary: Vocabulary,
    /// Feature after feature, by class.
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
}

/// N-grams by their hashes, ascending, and their idf. With 64 bits no two of them meet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    pub grams: Vec<u64>,
    pub idf: Vec<f32>,
}

impl Words {
    pub(super) fn probabilities(&self, texts: &[&str]) -> Probabilities {
        let mut logits = Vec::with_capacity(texts.len() * self.classes);
        for text in texts {
            let first = logits.len();
            logits.extend(&self.bias);
            for (feature, value) in self.vocabulary.row(text) {
                let weight = &self.weight[feature as usize * self.classes..][..self.classes];
                logits[first..].iter_mut().zip(weight).for_each(|(l, w)| *l += value * w);
            }
        }
        Probabilities::softmax(self.classes, logits)
    }
}

impl Vocabulary {
    /// From the number of texts that each n-gram is in: the most frequent `features`.
    fn new(counts: HashMap<u64, u32>, texts: usize, features: usize) -> Self {
        let mut counts: Vec<(u64, u32)> = counts.into_iter().collect();
        sort(&mut counts, |a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        counts.truncate(features);
        sort(&mut counts, |a, b| a.0.cmp(&b.0));
        let idf = |&(_, count): &(u64, u32)| (((1 + texts) as f64 / f64::from(1 + count)).ln() + 1.0) as f32;
        Self { idf: counts.iter().map(idf).collect(), grams: counts.iter().map(|c| c.0).collect() }
    }

    fn row(&self, text: &str) -> Row {
        let mut row = Row::new();
        for block in blocks(text) {
            let first = row.len();
            for grams in block.chunk_by(|a, b| a == b) {
                if let Ok(feature) = self.grams.binary_search(&grams[0]) {
                    row.push((feature as u32, grams.len() as f32 * self.idf[feature]));
                }
            }
            let norm = row[first..].iter().map(|(_, v)| v * v).sum::<f32>().sqrt();
            row[first..].iter_mut().for_each(|(_, v)| *v /= norm);
        }
        row
    }
}

/// The n-grams of words and those of letters, each sorted, as often as they occur.
fn blocks(text: &str) -> [Vec<u64>; 2] {
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| word.chars().nth(1).is_some()).collect();
    let mut pairs: Vec<u64> = words.iter().map(|word| hash(b'w', [*word, ""])).collect();
    pairs.extend(words.windows(2).map(|pair| hash(b'p', [pair[0], pair[1]])));
    pairs.sort_unstable();

    let mut letters = Vec::with_capacity(text.len() * 3);
    for word in text.split_whitespace() {
        let padded = format!(" {word} ");
        let starts: Vec<usize> = padded.char_indices().map(|(at, _)| at).chain([padded.len()]).collect();
        // A word that is shorter than an n-gram counts once, as itself.
        for n in 2..=4.min(starts.len() - 1) {
            letters.extend(starts.windows(n + 1).map(|at| hash(b'l', [&padded[at[0]..at[n]], ""])));
        }
    }
    letters.sort_unstable();
    [pairs, letters]
}

/// FNV-1a of the kind of n-gram and its parts. 0xff is in no UTF-8, so the parts cannot run together.
fn hash(kind: u8, parts: [&str; 2]) -> u64 {
    let bytes = [kind].into_iter().chain(parts[0].bytes()).chain([0xff]).chain(parts[1].bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

pub(super) struct Fit {
    texts: Vec<String>,
    y: Vec<usize>,
    classes: usize,
    seed: u64,
    /// Texts that were read: all once to count, and once more to make rows.
    read: usize,
    counts: HashMap<u64, u32>,
    /// N-grams that were seen no more often are forgotten when there are too many.
    floor: u32,
    vocabulary: Vocabulary,
    rows: Vec<Row>,
    saga: Option<Saga>,
}

impl Fit {
    pub(super) fn new(texts: &[&str], y: &[usize], classes: usize, seed: u64) -> Self {
        Self {
            texts: texts.iter().map(|&text| text.to_owned()).collect(),
            y: y.to_vec(),
            classes,
            seed,
            read: 0,
            counts: HashMap::new(),
            floor: 0,
            vocabulary: Vocabulary::default(),
            rows: Vec::with_capacity(texts.len()),
            saga: None,
        }
    }

    /// Reads some texts, or learns from some.
    pub(super) fn step(&mut self) -> ScratchStep {
        let texts = self.y.len();
        if let Some(saga) = &mut self.saga {
            let done = saga.some(&self.rows, &self.y);
            if !done {
                let total = 2 * texts + saga.passes * texts;
                return ScratchStep::Progress { done: 2 * texts + saga.time, total, loss: saga.loss };
            }
            let (weight, bias) = saga.solution();
            let vocabulary = self.vocabulary.clone();
            return ScratchStep::Done(Scratch::Words(Words { classes: self.classes, vocabulary, weight, bias }));
        }
        let mut bytes = 0;
        while bytes < READ && self.read < 2 * texts {
            bytes += self.texts[self.read % texts].len();
            self.read_one(self.read % texts);
            self.read += 1;
        }
        if self.read == 2 * texts {
            self.texts = Vec::new();
            self.saga = Some(Saga::new(&self.rows, &self.y, self.classes, self.vocabulary.grams.len(), self.seed));
        }
        let passes = self.saga.as_ref().map_or(PASSES.1 as usize, |saga| saga.passes);
        ScratchStep::Progress { done: self.read, total: (2 + passes) * texts, loss: (self.classes as f64).ln() }
    }

    fn read_one(&mut self, text: usize) {
        if self.read >= self.y.len() {
            self.rows.push(self.vocabulary.row(&self.texts[text]));
            return;
        }
        for mut block in blocks(&self.texts[text]) {
            block.dedup();
            block.into_iter().for_each(|gram| *self.counts.entry(gram).or_default() += 1);
        }
        while self.counts.len() > COUNTED {
            self.floor += 1;
            self.counts.retain(|_, &mut count| count > self.floor);
        }
        if self.read + 1 == self.y.len() {
            let features = FEATURES.min(WEIGHTS / self.classes);
            self.vocabulary = Vocabulary::new(std::mem::take(&mut self.counts), self.y.len(), features);
        }
    }
}

/// Minimises `Σ wᵢ·CEᵢ / n + penalty · ½‖W‖²`. Every class is drawn equally often, so that balanced weights do not make
/// some updates larger than others: the length of a step can be the same for all.
struct Saga {
    classes: usize,
    /// `1 / (C · n)`.
    penalty: f64,
    rate: f32,
    /// Both feature after feature, by class; the intercept is the last feature.
    weight: Vec<f32>,
    /// `Σ wᵢ·residualᵢ·xᵢ / n` over the residuals as they were last computed.
    gradient: Vec<f32>,
    /// By feature, the time up to which `weight` is right.
    fresh: Vec<usize>,
    /// Probability less truth of each text when it was drawn last.
    residuals: Vec<f32>,
    /// By class, what a text counts in the mean: wᵢ / n.
    shares: Vec<f32>,
    /// The texts of each class that occurs, in the order they are drawn, and how many were.
    members: Vec<(Vec<usize>, usize)>,
    rng: ChaCha8Rng,
    /// Texts drawn.
    time: usize,
    passes: usize,
    /// In the pass so far: the largest change of a residual.
    moved: f32,
    loss: f64,
    done: bool,
}

impl Saga {
    fn new(rows: &[Row], y: &[usize], classes: usize, features: usize, seed: u64) -> Self {
        let products: u64 = rows.iter().map(|row| Self::products(row, classes) as u64).sum();
        let mut members = vec![(Vec::new(), 0); classes];
        y.iter().enumerate().for_each(|(text, &class)| members[class].0.push(text));
        members.retain(|(texts, _)| !texts.is_empty());
        Self {
            classes,
            penalty: 1.0 / (C * y.len() as f64),
            rate: RATE,
            weight: vec![0.0; (features + 1) * classes],
            gradient: vec![0.0; (features + 1) * classes],
            fresh: vec![0; features],
            residuals: vec![0.0; y.len() * classes],
            shares: balanced(y, classes).iter().map(|w| (w / y.len() as f64) as f32).collect(),
            members,
            rng: ChaCha8Rng::seed_from_u64(seed),
            time: 0,
            passes: (WORK / products.max(1)).clamp(PASSES.0, PASSES.1) as usize,
            moved: 0.0,
            loss: (classes as f64).ln(),
            done: false,
        }
    }

    /// What a text costs: for each feature its classes, and about as much as eight to find it.
    fn products(row: &Row, classes: usize) -> usize {
        (row.len() + 1) * (classes + 8)
    }

    /// Draws some texts; `true` when there is nothing left to gain.
    fn some(&mut self, rows: &[Row], y: &[usize]) -> bool {
        let mut products = 0;
        while products < PRODUCTS && !self.done {
            let text = self.draw();
            self.learn(text, &rows[text], y[text]);
            products += Self::products(&rows[text], self.classes);
            if self.time.is_multiple_of(y.len()) {
                self.done = self.moved <= MOVED || self.time == self.passes * y.len();
                self.moved = 0.0;
            }
        }
        self.done
    }

    /// A class by chance, and the next of its texts.
    fn draw(&mut self) -> usize {
        let class = self.rng.random_range(0..self.members.len());
        let (texts, drawn) = &mut self.members[class];
        let at = *drawn % texts.len();
        if at == 0 {
            texts.shuffle(&mut self.rng);
        }
        *drawn += 1;
        texts[at]
    }

    fn learn(&mut self, text: usize, row: &Row, class: usize) {
        let classes = self.classes;
        let intercept = self.fresh.len() * classes;
        let mut p = self.weight[intercept..].to_vec();
        for &(feature, value) in row {
            self.refresh(feature as usize);
            let weight = &self.weight[feature as usize * classes..][..classes];
            p.iter_mut().zip(weight).for_each(|(p, w)| *p += value * w);
        }
        let mut change = Probabilities::softmax(classes, p).values;
        self.loss += 0.01 * (-f64::from(change[class].max(1e-12)).ln() - self.loss);
        change[class] -= 1.0;
        for (new, old) in change.iter_mut().zip(&mut self.residuals[text * classes..][..classes]) {
            (*new, *old) = (*new - *old, *new);
            self.moved = self.moved.max(new.abs());
        }
        self.time += 1;
        let (rate, share) = (self.rate, self.shares[class]);
        let keep = 1.0 - rate * self.penalty as f32;
        let mut update = |at: usize, value: f32, keep: f32| {
            let weight = self.weight[at..][..classes].iter_mut();
            let gradient = self.gradient[at..][..classes].iter_mut();
            for ((w, g), c) in weight.zip(gradient).zip(&change) {
                let along = value * c;
                *w = keep * *w - rate * (*g + along);
                *g += share * along;
            }
        };
        update(intercept, 1.0, 1.0);
        for &(feature, value) in row {
            update(feature as usize * classes, value, keep);
            self.fresh[feature as usize] = self.time;
        }
    }

    /// The updates since a feature was met last, each by the same gradient, at once.
    fn refresh(&mut self, feature: usize) {
        let missed = self.time - std::mem::replace(&mut self.fresh[feature], self.time);
        if missed == 0 {
            return;
        }
        let shrink = missed as f64 * (-f64::from(self.rate) * self.penalty).ln_1p();
        let (keep, along) = (shrink.exp() as f32, (-shrink.exp_m1() / self.penalty) as f32);
        let at = feature * self.classes;
        let gradient = &self.gradient[at..][..self.classes];
        self.weight[at..][..self.classes].iter_mut().zip(gradient).for_each(|(w, g)| *w = keep * *w - along * g);
    }

    /// Weights and intercept.
    fn solution(&mut self) -> (Vec<f32>, Vec<f32>) {
        (0..self.fresh.len()).for_each(|feature| self.refresh(feature));
        let (weight, bias) = self.weight.split_at(self.fresh.len() * self.classes);
        (weight.to_vec(), bias.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::lbfgs::Lbfgs;
    use super::*;

    fn fitted(texts: &[&str], y: &[usize], classes: usize) -> (Words, Fit) {
        let mut fit = Fit::new(texts, y, classes, 3);
        loop {
            if let ScratchStep::Done(Scratch::Words(words)) = fit.step() {
                return (words, fit);
            }
        }
    }

    #[test]
    fn tf_idf_is_as_computed_by_hand() {
        let (words, fit) = fitted(&["Ab ab, cd!", "ab", "x"], &[0, 1, 1], 2);
        let value = |row: usize, gram| {
            let feature = words.vocabulary.grams.iter().position(|&g| g == gram).unwrap();
            fit.rows[row].iter().find(|r| r.0 as usize == feature).map_or(0.0, |r| r.1)
        };
        // Single words and pairs of the first text: ab twice, cd, ab ab, ab cd. In two texts of three ab has the idf
        // ln(4/3) + 1 = 1.287682, the others ln(4/2) + 1 = 1.693147. Length √((2 · 1.287682)² + 3 · 1.693147²) = 3.902915.
        for (gram, expected) in [
            (hash(b'w', ["ab", ""]), 0.659_857),
            (hash(b'w', ["cd", ""]), 0.433_816),
            (hash(b'p', ["ab", "ab"]), 0.433_816),
            (hash(b'p', ["ab", "cd"]), 0.433_816),
        ] {
            assert!((value(0, gram) - expected).abs() < 1e-5, "{}", value(0, gram));
        }
        // The last text has no word, and three n-grams of letters: " x", "x " and " x ".
        assert_eq!(fit.rows[2].len(), 3);
        assert!((value(2, hash(b'l', [" x ", ""])) - 1.0 / 3f32.sqrt()).abs() < 1e-6);
    }

    /// Four classes, of which one is rare, told apart by one word in eight.
    fn noisy(n: usize) -> (Vec<String>, Vec<usize>) {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let y: Vec<usize> = (0..n).map(|i| if i % 20 == 0 { 3 } else { i % 3 }).collect();
        let mut text = |class: &usize| {
            let mut words: Vec<String> = (0..7).map(|_| format!("w{}", rng.random_range(0..200usize))).collect();
            words.push(format!("topic{}{}", class, rng.random_range(0..4usize)));
            words.shuffle(&mut rng);
            words.join(" ")
        };
        (y.iter().map(&mut text).collect(), y)
    }

    #[test]
    fn learns_what_words_tell_and_the_same_each_time() {
        let (texts, y) = noisy(400);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (words, _) = fitted(&texts[..300], &y[..300], 4);
        assert!(words == fitted(&texts[..300], &y[..300], 4).0);
        let p = words.probabilities(&texts[300..]);
        let hits = (0..100).filter(|&row| p.top(row) == y[300 + row]).count();
        assert!(hits > 95, "{hits} of 100");
    }

    #[test]
    fn comes_to_where_l_bfgs_comes() {
        let (texts, y) = noisy(120);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (words, fit) = fitted(&texts, &y, 4);
        let features = words.vocabulary.grams.len();
        let weights = balanced(&y, 4);
        let mut objective = |parameters: &[f64]| {
            let mut value = 0.5 * parameters[..features * 4].iter().map(|w| w * w).sum::<f64>();
            let mut gradient = parameters.to_vec();
            gradient[features * 4..].fill(0.0);
            for (row, &class) in fit.rows.iter().zip(&y) {
                let row: Row = row.iter().copied().chain([(features as u32, 1.0)]).collect();
                let mut logits = [0f64; 4];
                for &(j, x) in &row {
                    (0..4).for_each(|c| logits[c] += f64::from(x) * parameters[j as usize * 4 + c]);
                }
                let sum: f64 = logits.iter().map(|l| l.exp()).sum();
                value += C * weights[class] * (sum.ln() - logits[class]);
                for &(j, x) in &row {
                    for c in 0..4 {
                        let residual = logits[c].exp() / sum - f64::from(u8::from(c == class));
                        gradient[j as usize * 4 + c] += C * weights[class] * residual * f64::from(x);
                    }
                }
            }
            (value, gradient)
        };
        let zero = vec![0.0; (features + 1) * 4];
        let start = objective(&zero).0;
        let mut solver = Lbfgs::new(zero, 1.0, &mut objective);
        while !solver.step(&mut objective) {}
        let ours: Vec<f64> = words.weight.iter().chain(&words.bias).map(|&w| f64::from(w)).collect();
        let (found, best) = (objective(&ours).0, solver.value());
        assert!(found < best + 1e-3 * (start - best), "{found}, not {best}, from {start}");
    }
}
