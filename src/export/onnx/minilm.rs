//! all-MiniLM-L6-v2: `input_ids`, `attention_mask` → `features`.

use super::graph::{Dim, FLOAT, Graph, INT64, float, int, ints};
use crate::backbone::minilm::{DIM, EPSILON, HEAD, HEADS, LAYERS, WORDS};
use crate::error::Result;
use crate::export::weights::Stored;

/// What is added to the score of a token that is none.
const NOTHING: f32 = -1e9;

pub fn add(graph: &mut Graph, stored: &Stored) -> Result<()> {
    for name in ["input_ids", "attention_mask"] {
        graph.input(name, INT64, &[Dim::Any("batch"), Dim::Any("tokens")]);
    }
    graph.output("features", FLOAT, &[Dim::Any("batch"), Dim::Of(DIM)]);
    let mask = graph.cast("mask", "attention_mask", FLOAT);
    let hidden = hidden_scores(graph, &mask);
    let mut net = Net { graph, stored };
    let mut x = net.embeddings()?;
    for layer in 0..LAYERS {
        x = net.layer(&x, &format!("encoder.layer.{layer}"), &hidden)?;
    }
    // The mean over the tokens: what it is divided by goes out again with the length.
    let last = graph.integers("last", &[-1]);
    let mask = graph.add("mask.column", "Unsqueeze", &[&mask, &last], vec![]);
    let real = graph.add("real", "Mul", &[&x, &mask], vec![]);
    let tokens = graph.integers("tokens.axis", &[1]);
    let sum = graph.add("sum", "ReduceSum", &[&real, &tokens], vec![int("keepdims", 0)]);
    let unit = graph.normalised("unit", &sum);
    graph.add("features", "Identity", &[&unit], vec![]);
    Ok(())
}

/// `[batch, 1, 1, tokens]`: 0 for a token, and for padding what keeps anybody from looking at it.
fn hidden_scores(graph: &mut Graph, mask: &str) -> String {
    let (one, nothing) = (graph.scalar("1", 1.0), graph.scalar("nothing", NOTHING));
    let padding = graph.add("padding", "Sub", &[&one, mask], vec![]);
    let scores = graph.add("padding.scores", "Mul", &[&padding, &nothing], vec![]);
    let axes = graph.integers("padding.axes", &[1, 2]);
    graph.add("padding.hidden", "Unsqueeze", &[&scores, &axes], vec![])
}

struct Net<'a> {
    graph: &'a mut Graph,
    stored: &'a Stored<'a>,
}

impl Net<'_> {
    fn embeddings(&mut self) -> Result<String> {
        let words = self.graph.rows(self.stored, WORDS, "input_ids", "words")?;
        let positions = self.graph.weight(self.stored, "embeddings.position_embeddings.weight")?;
        let types = self.graph.weight(self.stored, "embeddings.token_type_embeddings.weight")?;
        let first = self.graph.constant("first", INT64, &[], 0i64.to_le_bytes().to_vec());
        let only = self.graph.add("token_type", "Gather", &[&types, &first], vec![]);
        let positions = self.graph.add("positions", "Add", &[&positions, &only], vec![]);
        let tokens = self.graph.add("tokens", "Shape", &["input_ids"], vec![int("start", 1), int("end", 2)]);
        let start = self.graph.integers("start", &[0]);
        let positions = self.graph.add("positions.used", "Slice", &[&positions, &start, &tokens], vec![]);
        let x = self.graph.add("embedded", "Add", &[&words, &positions], vec![]);
        self.norm(&x, "embeddings.LayerNorm")
    }

    fn layer(&mut self, x: &str, name: &str, hidden: &str) -> Result<String> {
        // Query and value: token by token; key: the other way round.
        let query = self.heads(x, &format!("{name}.attention.self.query"), [0, 2, 1, 3])?;
        let key = self.heads(x, &format!("{name}.attention.self.key"), [0, 2, 3, 1])?;
        let value = self.heads(x, &format!("{name}.attention.self.value"), [0, 2, 1, 3])?;
        let graph = &mut *self.graph;
        let scale = graph.scalar("score.scale", 1.0 / (HEAD as f32).sqrt());
        let scores = graph.add(&format!("{name}.products"), "MatMul", &[&query, &key], vec![]);
        let scores = graph.add(&format!("{name}.scores"), "Mul", &[&scores, &scale], vec![]);
        let scores = graph.add(&format!("{name}.scores.hidden"), "Add", &[&scores, hidden], vec![]);
        let parts = graph.add(&format!("{name}.parts"), "Softmax", &[&scores], vec![int("axis", -1)]);
        let mixed = graph.add(&format!("{name}.mixed"), "MatMul", &[&parts, &value], vec![]);
        let by_token = vec![ints("perm", &[0, 2, 1, 3])];
        let mixed = graph.add(&format!("{name}.mixed.tokens"), "Transpose", &[&mixed], by_token);
        let shape = graph.integers("tokens.shape", &[0, 0, DIM as i64]);
        let mixed = graph.add(&format!("{name}.mixed.rows"), "Reshape", &[&mixed, &shape], vec![]);
        let y = self.linear(&mixed, &format!("{name}.attention.output.dense"))?;
        let y = self.graph.add(&format!("{name}.attended"), "Add", &[&y, x], vec![]);
        let x = self.norm(&y, &format!("{name}.attention.output.LayerNorm"))?;
        let inner = self.linear(&x, &format!("{name}.intermediate.dense"))?;
        let inner = self.graph.gelu(&format!("{name}.gelu"), &inner);
        let y = self.linear(&inner, &format!("{name}.output.dense"))?;
        let y = self.graph.add(&format!("{name}.thought"), "Add", &[&y, &x], vec![]);
        self.norm(&y, &format!("{name}.output.LayerNorm"))
    }

    fn heads(&mut self, x: &str, name: &str, order: [usize; 4]) -> Result<String> {
        let y = self.linear(x, name)?;
        let shape = self.graph.integers("heads.shape", &[0, 0, HEADS as i64, HEAD as i64]);
        let y = self.graph.add(&format!("{name}.heads"), "Reshape", &[&y, &shape], vec![]);
        Ok(self.graph.add(&format!("{name}.ordered"), "Transpose", &[&y], vec![ints("perm", &order)]))
    }

    fn linear(&mut self, x: &str, name: &str) -> Result<String> {
        let weight = self.graph.weight(self.stored, &format!("{name}.weight"))?;
        let bias = self.graph.weight(self.stored, &format!("{name}.bias"))?;
        let turned = vec![ints("perm", &[1, 0])];
        let weight = self.graph.add(&format!("{name}.weight.turned"), "Transpose", &[&weight], turned);
        let y = self.graph.add(&format!("{name}.product"), "MatMul", &[x, &weight], vec![]);
        Ok(self.graph.add(name, "Add", &[&y, &bias], vec![]))
    }

    fn norm(&mut self, x: &str, name: &str) -> Result<String> {
        let gamma = self.graph.weight(self.stored, &format!("{name}.weight"))?;
        let beta = self.graph.weight(self.stored, &format!("{name}.bias"))?;
        let attributes = vec![int("axis", -1), float("epsilon", EPSILON as f32)];
        Ok(self.graph.add(name, "LayerNormalization", &[x, &gamma, &beta], attributes))
    }
}
