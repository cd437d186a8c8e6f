//! The report where a sample may have several labels, or none.

use std::collections::{BTreeMap, HashMap};

use super::report::{Baselines, ClassReport, ConfusionReport, Report};
use super::slices::slices;
use crate::features::Matrix;
use crate::learn::{Dataset, Kind, Targets, called};
use crate::metrics::{
    Calls, Interval, Probabilities, Ranking, bootstrap, calibrated, ece, macro_f1, micro_f1, reliability, share,
    temperature, wilson,
};

/// `p`: the probability of each label, `rows × labels`. Calibration is of every label of every row, as a choice of its own.
pub fn labels_report(
    data: &Dataset,
    p: &Matrix,
    folds: &[usize],
    tags: &[BTreeMap<String, String>],
    seed: u64,
    how: String,
) -> Report {
    let Targets::Labels { names, of } = &data.targets else { panic!("a report on labels is of samples with labels") };
    let (rows, labels, groups) = (data.rows(), names.len(), &data.groups);
    let all: Vec<usize> = (0..rows).collect();
    let truth: Vec<Vec<bool>> = of.iter().map(|of| (0..labels).map(|label| of.contains(&label)).collect()).collect();
    let said: Vec<Vec<bool>> = p
        .iter()
        .map(|row| {
            let called = called(row);
            (0..labels).map(|label| called.contains(&label)).collect()
        })
        .collect();
    let calls = |rows: &[usize]| -> Vec<Calls> {
        (0..labels).map(|label| Calls::new(rows.iter().map(|&row| (truth[row][label], said[row][label])))).collect()
    };
    // Each label's order once, and not for each of a thousand draws.
    let rankings: Vec<Ranking> = (0..labels)
        .map(|label| {
            let scores: Vec<f32> = p.iter().map(|row| row[label]).collect();
            Ranking::new(&scores, &truth.iter().map(|truth| truth[label]).collect::<Vec<_>>())
        })
        .collect();
    let mean_precision = |rows: &[usize]| {
        let mut times = vec![0; truth.len()];
        rows.iter().for_each(|&row| times[row] += 1);
        let found: Vec<f64> = rankings.iter().filter_map(|ranking| ranking.average_precision(&times)).collect();
        found.iter().sum::<f64>() / found.len().max(1) as f64
    };
    // Of the labels that some rows have and some do not.
    let balanced = |rows: &[usize]| {
        let halves: Vec<f64> = calls(rows)
            .into_iter()
            .filter(|calls| (1..rows.len()).contains(&calls.support()))
            .map(|calls| {
                let without = (rows.len() - calls.support()) as f64;
                0.5 * (calls.hits as f64 / calls.support() as f64 + 1.0 - calls.false_alarms as f64 / without)
            })
            .collect();
        halves.iter().sum::<f64>() / halves.len().max(1) as f64
    };
    let part = |hit: &dyn Fn(usize) -> bool, belongs: &dyn Fn(usize) -> bool| -> Interval {
        let (hits, groups): (Vec<bool>, Vec<usize>) =
            all.iter().filter(|&&row| belongs(row)).map(|&row| (hit(row), groups[row])).unzip();
        if hits.is_empty() { wilson(0, 0) } else { share(&hits, &groups, seed) }
    };
    let per_class = calls(&all)
        .iter()
        .enumerate()
        .map(|(label, calls)| ClassReport {
            label: names[label].clone(),
            support: calls.support(),
            precision: part(&|row| truth[row][label], &|row| said[row][label]),
            recall: part(&|row| said[row][label], &|row| truth[row][label]),
            f1: calls.f1(),
            average_precision: rankings[label].average_precision(&vec![1; rows]),
        })
        .collect();
    let mut sets = HashMap::<&Vec<usize>, usize>::new();
    of.iter().for_each(|of| *sets.entry(of).or_default() += 1);
    let (choices, yes) = data.choices(p);
    let choice_folds: Vec<usize> = (0..rows * labels).map(|i| folds[i / labels]).collect();
    let bins = reliability(&choices, &yes);
    let after = calibrated(&choices, &yes, &choice_folds);
    // Half of it, because no and yes are off by the same.
    let brier = |choices: &Probabilities| choices.brier(&yes) / 2.0 * labels as f64;
    let errors = data.errors(p);
    let hits: Vec<bool> = errors.iter().map(|&error| error == 0.0).collect();
    Report {
        kind: Kind::Labels,
        accuracy: share(&hits, groups, seed),
        balanced_accuracy: bootstrap(groups, seed, balanced),
        macro_f1: bootstrap(groups, seed, |rows| macro_f1(&calls(rows))),
        micro_f1: Some(bootstrap(groups, seed, |rows| micro_f1(&calls(rows)))),
        mean_average_precision: Some(bootstrap(groups, seed, mean_precision)),
        log_loss: choices.log_loss(&yes),
        log_loss_calibrated: after.log_loss(&yes),
        brier: brier(&choices),
        brier_calibrated: brier(&after),
        ece: ece(&bins),
        ece_calibrated: ece(&reliability(&after, &yes)),
        temperature: temperature(&choices, &yes),
        reliability: bins,
        how,
        per_class,
        confusion: ConfusionReport { labels: Vec::new(), counts: Vec::new(), ids: Vec::new() },
        baselines: Baselines { majority: sets.values().max().map_or(0.0, |&most| most as f64 / rows as f64) },
        learning_curve: Vec::new(),
        forecast: None,
        slices: slices(data, tags, &errors, seed),
    }
}
