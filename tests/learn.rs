//! The heads on numbers made here: what they must find, and what must not break them.

use headstart::features::Matrix;
use headstart::judge::{AnyReport, Evaluation, Stage};
use std::sync::Arc;

use headstart::learn::{
    ClassWeight, Dataset, Fit, Fitted, Head, HeadKind, Kind, Labelled, Recipe, Step, Targets, Weighting,
};
use headstart::source::{Content, Label};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

const HEADS: [HeadKind; 4] = [HeadKind::Linear, HeadKind::Mlp, HeadKind::Prototype, HeadKind::Knn];

type Row = (String, Label, Vec<f32>);

/// `each` rows of every class around a centre of its own; ids are made so that classes are mixed in their order.
fn clouds(classes: usize, each: usize, dim: usize, spread: f32, seed: u64) -> Vec<Row> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..classes * each)
        .map(|i| {
            let class = i % classes;
            let row = (0..dim)
                .map(|d| if d % classes == class { 2.0 } else { 0.5 } + spread * (rng.random::<f32>() - 0.5))
                .collect();
            (format!("{:08x}", (i as u32).wrapping_mul(2_654_435_761)), Label::Class(format!("class {class}")), row)
        })
        .collect()
}

fn dataset(rows: &[Row]) -> Dataset {
    Dataset::new(rows[0].2.len(), rows.iter().map(labelled)).unwrap()
}

fn labelled((id, label, row): &Row) -> Labelled<'_> {
    Labelled { content_id: id, id, label, row, content: Arc::new(Content::Text(id.clone())) }
}

fn fit(data: &Dataset, recipe: &Recipe) -> Fitted {
    Fit::new(data, recipe).unwrap().run()
}

fn head(kind: HeadKind) -> Recipe {
    Recipe { head: kind, ..Recipe::default() }
}

fn accuracy(fitted: &Fitted, rows: &[Row]) -> f64 {
    let mut x = Matrix::with_capacity(rows[0].2.len(), rows.len());
    rows.iter().for_each(|r| x.push(&r.2));
    let p = fitted.head.probabilities(&x, &[]);
    assert!(p.values.iter().all(|v| (0.0..=1.0).contains(v)), "probabilities");
    let hits = (0..rows.len()).filter(|&i| Label::Class(fitted.classes[p.top(i)].clone()) == rows[i].1).count();
    hits as f64 / rows.len() as f64
}

#[test]
fn every_head_learns_what_can_be_learnt() {
    let (train, test) = (clouds(4, 12, 24, 2.0, 1), clouds(4, 25, 24, 2.0, 2));
    for kind in HEADS {
        let found = accuracy(&fit(&dataset(&train), &head(kind)), &test);
        assert!(found > 0.95, "{kind:?}: {found}");
    }
}

/// At the minimum the gradient is zero: with respect to the intercepts the weighted mean probability of a class is its
/// weighted share, and with respect to the weights `W = C Σ wᵢ (yᵢ − pᵢ) xᵢ` on the rows as the objective has them.
#[test]
fn the_linear_head_is_at_its_minimum() {
    let data = dataset(&clouds(3, 20, 10, 6.0, 3));
    let strength = 5.0;
    let fitted = fit(&data, &Recipe { strength: Some(strength), ..Recipe::default() });
    let Head::Linear(linear) = &fitted.head else { panic!("{fitted:?}") };
    let p = fitted.head.probabilities(&data.x, &[]);
    let unit = data.x.clone().normalised();
    for class in 0..3 {
        let pull: Vec<f64> = (0..data.rows())
            .map(|row| f64::from(u8::from(data.y[row] == class)) - f64::from(p.row(row)[class]))
            .collect();
        let sum: f64 = pull.iter().sum();
        assert!(sum.abs() < 0.02, "intercept of {class}: {sum}");
        for d in 0..10 {
            let toward: f64 = pull.iter().zip(unit.iter()).map(|(g, x)| g * f64::from(x[d])).sum();
            let weight = f64::from(linear.weight.row(class)[d]);
            assert!(
                (weight - strength * toward).abs() < 0.02 * strength,
                "{class},{d}: {weight} {}",
                strength * toward
            );
        }
    }
}

#[test]
fn order_does_not_matter_to_the_bit() {
    let rows = clouds(3, 9, 16, 4.0, 5);
    let turned: Vec<Row> = rows.iter().rev().cloned().collect();
    for kind in HEADS {
        assert_eq!(fit(&dataset(&rows), &head(kind)), fit(&dataset(&turned), &head(kind)), "{kind:?}");
    }
}

#[test]
fn odd_data_breaks_no_head() {
    let base = clouds(2, 6, 8, 1.0, 7);
    let constant: Vec<Row> = base
        .iter()
        .cloned()
        .map(|(i, l, mut r)| {
            r[3] = 5.0;
            (i, l, r)
        })
        .collect();
    let zeros: Vec<Row> = base.iter().cloned().map(|(i, l, _)| (i, l, vec![0.0; 8])).collect();
    let mut single = base.clone();
    single.push(("ffffffff".into(), "alone".into(), vec![-3.0; 8]));
    // Two classes with the very same rows: nothing can tell them apart, and nothing must blow up.
    let mut twins = base.clone();
    twins.extend(
        base.iter().filter(|r| r.1 == "class 0".into()).map(|(i, _, r)| (format!("{i}x"), "twin".into(), r.clone())),
    );
    let huge: Vec<Row> = base.iter().cloned().map(|(i, l, r)| (i, l, r.iter().map(|v| v * 1e6).collect())).collect();
    let one_shot: Vec<Row> = base.iter().take(2).cloned().collect();
    for (name, rows) in [
        ("constant", constant),
        ("zeros", zeros),
        ("single", single),
        ("twins", twins),
        ("huge", huge),
        ("one shot", one_shot),
    ] {
        for kind in HEADS {
            let fitted = fit(&dataset(&rows), &head(kind));
            let found = accuracy(&fitted, &rows);
            assert!(found.is_finite(), "{name}, {kind:?}");
            if name == "constant" || name == "huge" || name == "one shot" {
                assert_eq!(found, 1.0, "{name}, {kind:?}");
            }
        }
    }
}

#[test]
fn balanced_weights_lift_a_rare_class() {
    let mut rows = clouds(2, 60, 6, 7.0, 11);
    let mut rare = 0;
    rows.retain(|r| {
        r.1 == "class 0".into() || {
            rare += 1;
            rare <= 6
        }
    });
    let recall = |weight: ClassWeight| {
        let recipe = Recipe { class_weight: weight, strength: Some(10.0), ..Recipe::default() };
        let test: Vec<Row> = clouds(2, 100, 6, 7.0, 12).into_iter().filter(|r| r.1 == "class 1".into()).collect();
        accuracy(&fit(&dataset(&rows), &recipe), &test)
    };
    let (balanced, none) =
        (recall(ClassWeight::Named(Weighting::Balanced)), recall(ClassWeight::Named(Weighting::None)));
    assert!(balanced > none + 0.1, "balanced {balanced}, none {none}");
    let by_class = recall(ClassWeight::ByClass([("class 1".to_owned(), 10.0)].into()));
    assert!(by_class > none + 0.1, "by class {by_class}, none {none}");
}

#[test]
fn too_few_labels_and_bad_options_are_refused() {
    let one: Vec<Row> = clouds(2, 3, 4, 1.0, 1).into_iter().filter(|r| r.1 == "class 0".into()).collect();
    assert_eq!(Dataset::new(4, one.iter().map(labelled)).unwrap_err().code(), "too-few-labels");
    assert_eq!(Dataset::new(4, []).unwrap_err().code(), "too-few-labels");
    let data = dataset(&clouds(2, 3, 4, 1.0, 1));
    for (recipe, option) in [
        (Recipe { folds: 1, ..Recipe::default() }, "folds"),
        (Recipe { strength: Some(0.0), ..Recipe::default() }, "strength"),
        (Recipe { strength: Some(f64::NAN), ..Recipe::default() }, "strength"),
        (Recipe { k: 0, ..Recipe::default() }, "k"),
        (
            Recipe { class_weight: ClassWeight::ByClass([("nobody".into(), 2.0)].into()), ..Recipe::default() },
            "classWeight",
        ),
    ] {
        assert_eq!(Fit::new(&data, &recipe).err().unwrap().item(), Some(option));
    }
}

#[test]
fn a_fit_reports_its_way() {
    let mut fit = Fit::new(&dataset(&clouds(3, 10, 8, 4.0, 1)), &Recipe::default()).unwrap();
    let (mut last, mut guards) = (0, 0);
    loop {
        match fit.step() {
            Step::Progress(p) => {
                guards += usize::from(p.guard.is_some_and(|loss| loss.is_finite() && loss > 0.0));
                assert!(p.done >= last && p.done < p.total, "{p:?}");
                assert!(p.loss.unwrap().is_finite());
                last = p.done;
            }
            Step::Done(fitted) => {
                assert_eq!(fitted.held_out.unwrap().hits.len(), 30);
                break;
            }
        }
    }
    assert_eq!((last, guards), (15, 15), "five strengths on three folds, each with its held-out loss");
}

#[test]
fn the_strength_of_many_rows_is_chosen_on_some_of_them_and_the_head_fitted_to_all() {
    let rows = clouds(3, 2500, 6, 5.0, 4);
    let data = dataset(&rows);
    let fitted = fit(&data, &Recipe::default());
    let judged = fitted.held_out.as_ref().unwrap().hits.len();
    assert!((2400..=3000).contains(&judged), "{judged}");
    assert!(fitted.reason.contains(&format!("on {judged} of the samples")), "{}", fitted.reason);
    let strength = Some(fitted.chosen["strength"]);
    let direct = fit(&data, &Recipe { strength, ..Recipe::default() });
    // But for the temperature that the search has found.
    let (Head::Linear(direct), Head::Linear(head)) = (&direct.head, &fitted.head) else { panic!("linear heads") };
    let temperature = fitted.chosen["temperature"] as f32;
    for (a, b) in direct.weight.values().iter().zip(head.weight.values()) {
        assert!((a - b * temperature).abs() <= 1e-5 * a.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn a_cross_validation_predicts_every_row_once() {
    let rows = clouds(3, 11, 8, 3.0, 9);
    let evaluate = |seed| {
        let mut evaluation = Evaluation::new(
            dataset(&rows),
            vec![Default::default(); rows.len()],
            Recipe { seed, ..Recipe::default() },
            5,
            Some(1),
        )
        .unwrap();
        loop {
            if let Stage::Done(AnyReport::Names(report)) = evaluation.step().unwrap() {
                return *report;
            }
        }
    };
    let report = evaluate(4);
    let mut ids: Vec<&String> = report.confusion.ids.iter().flatten().flatten().collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 33);
    assert_eq!(report.per_class.iter().map(|c| c.support).collect::<Vec<_>>(), [11, 11, 11]);
    assert_eq!(report.baselines.majority, 1.0 / 3.0);
    assert_eq!(report, evaluate(4), "the same seed, the same folds");
    assert_ne!(report.log_loss, evaluate(5).log_loss, "another seed, other folds");
}

/// The heads that learn labels and numbers too.
const ANY: [HeadKind; 3] = [HeadKind::Linear, HeadKind::Mlp, HeadKind::Knn];

fn other(n: usize, label: impl Fn(&[f32]) -> Label) -> Vec<Row> {
    let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
    (0..n)
        .map(|i| {
            let row: Vec<f32> = (0..8).map(|_| rng.random::<f32>() - 0.5).collect();
            (format!("{i:05}"), label(&row), row)
        })
        .collect()
}

#[test]
fn several_labels_are_learnt_each_by_itself() {
    let label = |row: &[f32]| {
        Label::several((0..3).filter(|&d| row[d] > 0.15).map(|d| ["a", "b", "c"][d].to_owned()).collect())
    };
    let (train, test) = (dataset(&other(300, label)), dataset(&other(200, label)));
    assert_eq!((train.kind(), train.names().len()), (Kind::Labels, 3));
    for kind in ANY {
        let fitted = fit(&train, &head(kind));
        let p = fitted.head.outputs(&test.x, &[]);
        let wrong = test.errors(&p).iter().sum::<f64>() / 200.0;
        let most = if kind == HeadKind::Knn { 0.5 } else { 0.2 };
        assert!(wrong < most, "{kind:?}: {wrong} of the sets are wrong");
        assert!(p.values().iter().all(|v| (0.0..=1.0).contains(v)));
        let sums = p.iter().map(|row| row.iter().sum::<f32>()).collect::<Vec<_>>();
        assert!(sums.iter().any(|s| *s > 1.5) && sums.iter().any(|s| *s < 0.5), "labels do not share a sum");
    }
}

/// Scikit-learn's `Ridge(alpha=1 / C)` on the same unit rows and standardised numbers has this solution in closed form; here its
/// gradient is looked at: `(Xᵀ(Xw + b − y) + w / C) = 0`.
#[test]
fn numbers_are_a_ridge_regression() {
    let data = dataset(&other(60, |row| Label::Number(f64::from(100.0 + 30.0 * row[0] - 12.0 * row[3]))));
    let strength = 7.0;
    let fitted = fit(&data, &Recipe { strength: Some(strength), ..Recipe::default() });
    let Head::Linear(affine) = &fitted.head else { panic!("a linear head") };
    let Targets::Numbers(values) = &data.targets else { panic!("numbers") };
    let mean = values.iter().sum::<f64>() / 60.0;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 60.0).sqrt();
    let x = data.x.clone().normalised();
    let said = fitted.head.outputs(&data.x, &[]);
    for d in 0..8 {
        let pull: f64 =
            (0..60).map(|i| f64::from(x.row(i)[d]) * (f64::from(said.values()[i]) - values[i]) / deviation).sum();
        let push = f64::from(affine.weight.row(0)[d]) / deviation / strength;
        assert!((pull + push).abs() < 2e-3, "dimension {d}: {pull} and {push}");
    }
    let balance: f64 = (0..60).map(|i| (f64::from(said.values()[i]) - values[i]) / deviation).sum();
    assert!(balance.abs() < 2e-3, "{balance}");
}

#[test]
fn numbers_are_learnt_by_every_head_that_can() {
    let label =
        |row: &[f32]| Label::Number(f64::from(5.0 + 2.0 * row[0] / row.iter().map(|v| v * v).sum::<f32>().sqrt()));
    let (train, test) = (dataset(&other(300, label)), dataset(&other(100, label)));
    for kind in ANY {
        let fitted = fit(&train, &head(kind));
        let errors = test.errors(&fitted.head.outputs(&test.x, &[]));
        let mae = errors.iter().sum::<f64>() / 100.0;
        assert!(mae < if kind == HeadKind::Knn { 0.4 } else { 0.1 }, "{kind:?}: {mae}");
        assert_eq!(fitted.residuals.len(), if kind == HeadKind::Knn { 0 } else { 300 });
    }
}

/// Found by an audit: times in milliseconds went through an f32, which knows them to two minutes.
#[test]
fn numbers_far_from_zero_are_as_exact_as_others() {
    let label = |row: &[f32]| {
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        Label::Number(1.7e12 + f64::from(1000.0 * row[0] / norm))
    };
    let (train, mut test) = (dataset(&other(300, label)), dataset(&other(100, label)));
    assert!((train.origin - 1.7e12).abs() < 1000.0, "{}", train.origin);
    assert_eq!(dataset(&other(20, |row| Label::Number(f64::from(100.0 + row[0])))).origin, 0.0);
    // What a head says is from the origin of the rows that it was fitted to.
    test.origin = train.origin;
    for kind in ANY {
        let fitted = fit(&train, &head(kind));
        let errors = test.errors(&fitted.head.outputs(&test.x, &[]));
        let mae = errors.iter().sum::<f64>() / 100.0;
        assert!(mae < if kind == HeadKind::Knn { 200.0 } else { 50.0 }, "{kind:?}: {mae}");
    }
}

#[test]
fn kinds_of_labels_that_do_not_go_together_are_refused() {
    let mut rows = other(20, |row| Label::Number(f64::from(row[0])));
    rows[3].1 = "a name".into();
    let error = Dataset::new(8, rows.iter().map(labelled)).unwrap_err();
    assert_eq!(error.code(), "bad-labels");
    assert!(error.to_string().contains("`00003`"), "{error}");
    rows.iter_mut().for_each(|row| row.1 = Label::Number(2.0));
    assert_eq!(Dataset::new(8, rows.iter().map(labelled)).unwrap_err().code(), "too-few-labels");
    // A name beside lists is a list of one.
    rows.iter_mut()
        .enumerate()
        .for_each(|(i, row)| row.1 = if i % 2 == 0 { "a".into() } else { Label::several(vec![]) });
    let data = dataset(&rows);
    assert_eq!(data.kind(), Kind::Labels);
    for kind in [HeadKind::Prototype, HeadKind::Scratch] {
        let error = Fit::new(&data, &head(kind)).err().unwrap();
        assert_eq!((error.code(), error.item()), ("bad-option", Some("head")));
    }
}
