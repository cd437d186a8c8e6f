//! `features` → `scores` and `novelty`.

use super::graph::{DOUBLE, Dim, FLOAT, Graph, int, ints};
use crate::export::card::Card;
use crate::features::Matrix;
use crate::judge::Model;
use crate::learn::{Affine, Head, Knn, Link, Mlp};

/// Of a neighbour that points away: see [`Knn`].
const LEAST_VOTE: f32 = 1e-6;

pub fn add(graph: &mut Graph, model: &Model, card: &Card) {
    let unit = graph.normalised("unit_features", "features");
    let (sums, link) = match &model.fitted.head {
        Head::Linear(head) | Head::Prototype(head) => (affine(graph, &unit, head), head.link),
        Head::Mlp(head) => (mlp(graph, &unit, head), head.link),
        // What neighbours say needs no link.
        Head::Knn(head) => (knn(graph, &unit, head), Link::Identity),
        Head::Scratch(_) => unreachable!("a card is not made for it"),
    };
    let batch = || Dim::Any("batch");
    if card.classes.is_empty() {
        let wide = graph.cast("numbers", &sums, DOUBLE);
        let origin = graph.constant("origin", DOUBLE, &[], card.origin.to_le_bytes().to_vec());
        graph.add("scores", "Add", &[&wide, &origin], vec![]);
        graph.output("scores", DOUBLE, &[batch(), Dim::Of(1)]);
    } else {
        let (op, attributes) = match link {
            Link::Softmax => ("Softmax", vec![int("axis", 1)]),
            Link::Sigmoid => ("Sigmoid", vec![]),
            Link::Identity => ("Identity", vec![]),
        };
        graph.add("scores", op, &[&sums], attributes);
        graph.output("scores", FLOAT, &[batch(), Dim::Of(card.outputs())]);
    }
    novelty(graph, &unit, &model.novelty.means);
}

fn affine(graph: &mut Graph, unit: &str, head: &Affine) -> String {
    let weight = matrix(graph, "head.weight", &head.weight);
    let bias = graph.floats("head.bias", &[head.bias.len()], &head.bias);
    graph.add("head", "Gemm", &[unit, &weight, &bias], vec![int("transB", 1)])
}

fn mlp(graph: &mut Graph, unit: &str, head: &Mlp) -> String {
    let first = matrix(graph, "head.first.weight", &head.first);
    let first_bias = graph.floats("head.first.bias", &[head.first_bias.len()], &head.first_bias);
    let second = matrix(graph, "head.second.weight", &head.second);
    let second_bias = graph.floats("head.second.bias", &[head.second_bias.len()], &head.second_bias);
    let hidden = graph.add("head.first", "Gemm", &[unit, &first, &first_bias], vec![int("transB", 1)]);
    let hidden = graph.add("head.tanh", "Tanh", &[&hidden], vec![]);
    graph.add("head.second", "Gemm", &[&hidden, &second, &second_bias], vec![int("transB", 1)])
}

fn knn(graph: &mut Graph, unit: &str, head: &Knn) -> String {
    let rows = matrix(graph, "head.rows", &head.rows);
    let truth = matrix(graph, "head.truth", &head.truth);
    let turned = graph.add("head.rows.turned", "Transpose", &[&rows], vec![ints("perm", &[1, 0])]);
    let cosines = graph.add("cosines", "MatMul", &[unit, &turned], vec![]);
    let k = graph.integers("k", &[head.k as i64]);
    graph.add_many(&["nearest", "neighbours"], "TopK", &[&cosines, &k], vec![int("axis", 1)]);
    let least = graph.scalar("least_vote", LEAST_VOTE);
    let votes = graph.add("votes", "Max", &["nearest", &least], vec![]);
    let said = graph.add("said", "Gather", &[&truth, "neighbours"], vec![int("axis", 0)]);
    let (middle, second) = (graph.integers("votes.axis", &[1]), graph.integers("said.axis", &[1]));
    let row = graph.add("votes.row", "Unsqueeze", &[&votes, &middle], vec![]);
    let sums = graph.add("votes.said", "MatMul", &[&row, &said], vec![]);
    let sums = graph.add("votes.sums", "Squeeze", &[&sums, &second], vec![]);
    let all = graph.add("votes.all", "ReduceSum", &[&votes, &second], vec![int("keepdims", 1)]);
    graph.add("head", "Div", &[&sums, &all], vec![])
}

/// One minus the cosine to the nearest mean, which have length 1.
fn novelty(graph: &mut Graph, unit: &str, means: &Matrix) {
    let means = matrix(graph, "novelty.means", means);
    let turned = graph.add("novelty.means.turned", "Transpose", &[&means], vec![ints("perm", &[1, 0])]);
    let cosines = graph.add("novelty.cosines", "MatMul", &[unit, &turned], vec![]);
    let nearest = graph.add("novelty.nearest", "ReduceMax", &[&cosines], vec![ints("axes", &[1]), int("keepdims", 0)]);
    let one = graph.scalar("1", 1.0);
    graph.add("novelty", "Sub", &[&one, &nearest], vec![]);
    graph.output("novelty", FLOAT, &[Dim::Any("batch")]);
}

fn matrix(graph: &mut Graph, name: &str, m: &Matrix) -> String {
    graph.floats(name, &[m.rows(), m.cols()], m.values())
}
