//! Who is served badly? The accuracy by the caller's tags, and by what can be measured of the samples.

use std::collections::{BTreeMap, HashSet};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use super::language::language;
use crate::features::{Matrix, dot};
use crate::learn::{Dataset, Kind};
use crate::metrics::{Interval, ascending, ascending_f32, bootstrap_any, fewer_hits_by_chance, holm, share, sort};
use crate::source::Content;

/// Of the corrected test that calls a slice worse.
const LEVEL: f64 = 0.05;
/// Smaller slices that nobody asked for say nothing.
const FEWEST: usize = 10;
/// Groups that a slice needs to be tested: fewer could not be called worse, and would only cost the others.
const TESTED: usize = 5;
/// Slices, at most.
const MOST: usize = 60;
/// Rows of a cluster, in the mean.
const PER_CLUSTER: usize = 30;
const MOST_CLUSTERS: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    pub name: String,
    pub value: String,
    pub support: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<Interval>,
    /// Mean absolute error, of numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mae: Option<Interval>,
    /// Fewer hits than among the other samples, at 5 % after Holm's correction for all slices.
    pub worse: bool,
    /// Measured, not given by the caller.
    pub auto: bool,
    pub ids: Vec<String>,
}

/// `tags`: the caller's, by row; `errors`: as [`Dataset::errors`] has them. Worst first.
///
/// A number is a hit when it is no farther off than the median one (Mood's median test).
pub fn slices(data: &Dataset, tags: &[BTreeMap<String, String>], errors: &[f64], seed: u64) -> Vec<Slice> {
    let numbers = data.kind() == Kind::Numbers;
    let most = if numbers { median(errors) } else { 0.0 };
    let hits: Vec<bool> = errors.iter().map(|&error| error <= most).collect();
    let mut cells: BTreeMap<(bool, String, String), Vec<usize>> = BTreeMap::new();
    for (row, tags) in tags.iter().enumerate() {
        for (name, value) in tags {
            cells.entry((false, name.clone(), value.clone())).or_default().push(row);
        }
    }
    for (name, values) in measured(data, seed) {
        let distinct: HashSet<_> = values.iter().flatten().collect();
        // What is the same for all sets nobody apart.
        if distinct.len() < 2 {
            continue;
        }
        for (row, value) in values.into_iter().enumerate() {
            let Some(value) = value else { continue };
            cells.entry((true, name.to_owned(), value)).or_default().push(row);
        }
    }
    cells.retain(|(auto, ..), rows| !auto || rows.len() >= FEWEST);
    // A tag that is an id, one for each sample, says nothing about slices.
    while cells.len() > MOST {
        let smallest = cells.iter().min_by_key(|(_, rows)| rows.len()).map(|(key, rows)| (key.clone(), rows.len()));
        let Some((key, size)) = smallest else { break };
        if size == 1 {
            cells.retain(|_, rows| rows.len() > 1);
        } else {
            cells.remove(&key);
        }
    }
    let of =
        |rows: &[usize]| -> (Vec<bool>, Vec<usize>) { rows.iter().map(|&row| (hits[row], data.groups[row])).unzip() };
    // A group counts once in the test: ten frames of a burst are not ten proofs.
    let counted = |rows: &[usize]| {
        let groups = rows.iter().map(|&row| data.groups[row]).collect::<HashSet<_>>().len();
        let right = rows.iter().filter(|&&row| hits[row]).count();
        ((right as f64 * groups as f64 / rows.len().max(1) as f64).round() as usize, groups)
    };
    let p: Vec<Option<f64>> = cells
        .values()
        .map(|rows| {
            let own: HashSet<usize> = rows.iter().copied().collect();
            let others: Vec<usize> = (0..hits.len()).filter(|row| !own.contains(row)).collect();
            let ((hits, groups), (other_hits, other_groups)) = (counted(rows), counted(&others));
            (groups >= TESTED).then(|| fewer_hits_by_chance(hits, groups, other_hits, other_groups))
        })
        .collect();
    let mut stands = holm(&p.iter().flatten().copied().collect::<Vec<_>>(), LEVEL).into_iter();
    let stands: Vec<bool> = p.iter().map(|p| p.is_some() && stands.next() == Some(true)).collect();
    let mut slices: Vec<Slice> = cells
        .into_iter()
        .zip(stands)
        .map(|(((auto, name, value), rows), worse)| {
            let (hits, groups) = of(&rows);
            let off = |of: &[usize]| of.iter().map(|&i| errors[rows[i]]).sum::<f64>() / of.len().max(1) as f64;
            let accuracy = (!numbers).then(|| share(&hits, &groups, seed));
            let mae = numbers.then(|| bootstrap_any(&groups, [0.0, f64::INFINITY], seed, off));
            let ids = rows.iter().map(|&row| data.ids[row].clone()).collect();
            Slice { name, value, support: rows.len(), accuracy, mae, worse, auto, ids }
        })
        .collect();
    let badness = |slice: &Slice| match (&slice.accuracy, &slice.mae) {
        (Some(accuracy), _) => -accuracy.value,
        (None, mae) => mae.as_ref().map_or(0.0, |mae| mae.value),
    };
    sort(&mut slices, |a, b| b.worse.cmp(&a.worse).then(badness(b).total_cmp(&badness(a))));
    slices
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    ascending(&mut sorted);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// By name of the property, its value for each row, where there is one.
fn measured(data: &Dataset, seed: u64) -> Vec<(&'static str, Vec<Option<String>>)> {
    let looks: Option<Vec<_>> = data
        .contents
        .iter()
        .map(|content| match &**content {
            Content::Picture(picture) => Some(picture.look),
            Content::Text(_) => None,
        })
        .collect();
    let mut found = vec![("cluster", clusters(&data.x, seed))];
    if let Some(looks) = looks {
        let quarters =
            |f: &dyn Fn(usize) -> f32, low, high| quarters(&(0..looks.len()).map(f).collect::<Vec<_>>(), low, high);
        found.push(("brightness", quarters(&|i| looks[i].brightness, "dark", "bright")));
        found.push(("sharpness", quarters(&|i| looks[i].sharpness, "blurred", "sharp")));
        found.push(("size", quarters(&|i| (looks[i].width * looks[i].height) as f32, "small", "large")));
        found.push(("shape", looks.iter().map(|look| Some(shape(look.width, look.height).to_owned())).collect()));
    } else {
        let texts: Vec<&str> = data
            .contents
            .iter()
            .map(|content| match &**content {
                Content::Text(text) => text.as_str(),
                Content::Picture(_) => "",
            })
            .collect();
        let lengths: Vec<f32> = texts.iter().map(|text| text.split_whitespace().count() as f32).collect();
        found.push(("length", quarters(&lengths, "short", "long")));
        found.push(("language (a guess)", texts.iter().map(|text| language(text).map(str::to_owned)).collect()));
    }
    found
}

/// The lowest and the highest quarter; where half and more have the same value, those below it and those above.
fn quarters(values: &[f32], low: &str, high: &str) -> Vec<Option<String>> {
    let mut sorted = values.to_vec();
    ascending_f32(&mut sorted);
    let (first, third) = (sorted[sorted.len() / 4], sorted[sorted.len() - 1 - sorted.len() / 4]);
    let name = |v: f32| match v {
        v if v < first || v == first && first < third => low,
        v if v > third || v == third && first < third => high,
        _ => "middling",
    };
    values.iter().map(|&v| Some(name(v).to_owned())).collect()
}

fn shape(width: u32, height: u32) -> &'static str {
    match f64::from(width) / f64::from(height.max(1)) {
        r if r < 0.8 => "tall",
        r if r > 1.25 => "wide",
        _ => "about square",
    }
}

/// k-means on unit rows (Lloyd 1982), started from rows far apart (k-means++): samples that are alike, whatever their label.
fn clusters(x: &Matrix, seed: u64) -> Vec<Option<String>> {
    let k = (x.rows() / PER_CLUSTER).min(MOST_CLUSTERS);
    if k < 2 {
        return vec![None; x.rows()];
    }
    let unit = x.clone().normalised();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut centres = unit.select(&[rng.random_range(0..x.rows())]);
    while centres.rows() < k {
        let far: Vec<f64> = unit.iter().map(|row| f64::from(1.0 - nearest(&centres, row).1).max(0.0)).collect();
        let mut left = rng.random_range(0.0..far.iter().sum::<f64>().max(f64::MIN_POSITIVE));
        let next = far.iter().position(|d| {
            left -= d;
            left < 0.0
        });
        centres.push(unit.row(next.unwrap_or(0)));
    }
    let mut of = vec![0; x.rows()];
    for _ in 0..20 {
        let now: Vec<usize> = unit.iter().map(|row| nearest(&centres, row).0).collect();
        if now == of {
            break;
        }
        of = now;
        let mut sums = Matrix::new(x.cols(), vec![0.0; k * x.cols()]);
        for (row, &c) in unit.iter().zip(&of) {
            sums.values_mut()[c * x.cols()..][..x.cols()].iter_mut().zip(row).for_each(|(s, v)| *s += v);
        }
        centres = sums.normalised();
    }
    of.into_iter().map(|c| Some((c + 1).to_string())).collect()
}

fn nearest(centres: &Matrix, row: &[f32]) -> (usize, f32) {
    let all = centres.iter().map(|centre| dot(centre, row)).enumerate();
    all.fold((0, f32::NEG_INFINITY), |best, at| if at.1 > best.1 { at } else { best })
}
