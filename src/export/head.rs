//! What a head is made of, as named tensors. The last dimension runs fastest.
//!
//! | head | tensors |
//! |---|---|
//! | linear, prototype | `head.weight` `[outputs, dim]`, `head.bias` `[outputs]`; on unit rows |
//! | mlp | `head.first.weight` `[64, dim]`, `head.first.bias`, `head.second.weight` `[outputs, 64]`, `head.second.bias`; on unit rows |
//! | knn | `head.rows` `[n, dim]` of length 1, `head.truth` `[n, outputs]` |
//! | scratch, pictures | `head.parameters`: layer after layer weights and biases, see `learn/scratch/cnn.rs` |
//! | scratch, texts | `head.grams` `[n]`: hashes, ascending; `head.idf` `[n]`, `head.weight` `[n, outputs]`, `head.bias` |

use super::file::{File, Values, Writer};
use crate::error::Result;
use crate::features::Matrix;
use crate::learn::{Affine, Cnn, HIDDEN, Head, HeadKind, Kind, Knn, Link, Mlp, Recipe, Scratch, Vocabulary, Words};

/// `prefix`: what their names begin with.
pub fn write_head<'a>(to: &mut Writer<'a>, prefix: &str, head: &'a Head) {
    let name = |part: &str| format!("{prefix}head.{part}");
    match head {
        Head::Linear(Affine { weight, bias, .. }) | Head::Prototype(Affine { weight, bias, .. }) => {
            to.matrix(name("weight"), weight);
            to.f32(name("bias"), &[bias.len()], bias);
        }
        Head::Mlp(Mlp { first, first_bias, second, second_bias, .. }) => {
            to.matrix(name("first.weight"), first);
            to.f32(name("first.bias"), &[first_bias.len()], first_bias);
            to.matrix(name("second.weight"), second);
            to.f32(name("second.bias"), &[second_bias.len()], second_bias);
        }
        Head::Knn(Knn { rows, truth, .. }) => {
            to.matrix(name("rows"), rows);
            to.matrix(name("truth"), truth);
        }
        Head::Scratch(Scratch::Cnn(Cnn { parameters, .. })) => {
            to.f32(name("parameters"), &[parameters.len()], parameters);
        }
        Head::Scratch(Scratch::Words(Words { classes, vocabulary: Vocabulary { grams, idf }, weight, bias })) => {
            to.tensor(name("grams"), &[grams.len()], Values::U64(vec![grams]));
            to.f32(name("idf"), &[idf.len()], idf);
            to.f32(name("weight"), &[grams.len(), *classes], weight);
            to.f32(name("bias"), &[bias.len()], bias);
        }
    }
}

/// The head that this recipe gave, for rows of width `dim`. Errors: the file's, naming a tensor.
pub fn read_head(file: &File, prefix: &str, recipe: &Recipe, kind: Kind, outputs: usize, dim: usize) -> Result<Head> {
    let name = |part: &str| format!("{prefix}head.{part}");
    let matrix = |part: &str, rows: Option<usize>, cols: usize| file.matrix(&name(part), rows, cols);
    let vector = |part: &str, length: usize| file.f32(&name(part), &[Some(length)]);
    let affine = || -> Result<Affine> {
        let weight = matrix("weight", Some(outputs), dim)?;
        Ok(Affine { weight, bias: vector("bias", outputs)?, link: Link::of(kind) })
    };
    Ok(match recipe.head {
        HeadKind::Linear => Head::Linear(affine()?),
        HeadKind::Prototype => Head::Prototype(affine()?),
        HeadKind::Mlp => Head::Mlp(Mlp {
            first: matrix("first.weight", Some(HIDDEN), dim)?,
            first_bias: vector("first.bias", HIDDEN)?,
            second: matrix("second.weight", Some(outputs), HIDDEN)?,
            second_bias: vector("second.bias", outputs)?,
            link: Link::of(kind),
        }),
        HeadKind::Knn => {
            let rows: Matrix = matrix("rows", None, dim)?;
            if rows.rows() == 0 {
                return Err(file.error(&name("rows"), "it has no row".into()));
            }
            let truth = matrix("truth", Some(rows.rows()), outputs)?;
            Head::Knn(Knn { k: recipe.k.min(rows.rows()), rows, truth })
        }
        HeadKind::Scratch if file.has(&name("parameters")) => {
            Head::Scratch(Scratch::Cnn(Cnn { classes: outputs, parameters: vector("parameters", Cnn::size(outputs))? }))
        }
        HeadKind::Scratch => {
            let grams = file.u64(&name("grams"), &[None])?;
            let idf = vector("idf", grams.len())?;
            let weight = file.f32(&name("weight"), &[Some(grams.len()), Some(outputs)])?;
            let bias = vector("bias", outputs)?;
            Head::Scratch(Scratch::Words(Words {
                classes: outputs,
                vocabulary: Vocabulary { grams, idf },
                weight,
                bias,
            }))
        }
    })
}
