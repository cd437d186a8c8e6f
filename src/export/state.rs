//! What a learner is besides its samples: the model, and what the guard of a fine-tuning saw.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::contents::{Entry, Kept, KeptContents, write_contents};
use super::file::{File, Values, Writer};
use super::head::{read_head, write_head};
use super::project::{bad_project, check_version};
use crate::error::Result;
use crate::features::Matrix;
use crate::judge::{Example, GuardRows, Model, Novelty};
use crate::learn::{Fitted, Kind, Recipe};
use crate::source::Content;

const FORMAT: &str = "headstart-state";
/// Where names of its tensors begin.
pub(super) const MODEL: &str = "model/";
const GONE: &str = "model/gone.";

/// What there is to save.
pub struct SavedModel<'a> {
    pub model: &'a Model,
    /// Of a backbone that was tuned.
    pub guard: Option<&'a GuardRows>,
    /// Contents that the model was trained on and that no sample has any more.
    pub gone: Vec<Kept<'a>>,
}

/// What was saved.
#[derive(Debug)]
pub struct State {
    pub model: Model,
    pub guard: Option<GuardRows>,
    pub gone: Vec<Gone>,
}

/// A content that no sample has.
#[derive(Debug)]
pub struct Gone {
    pub id: String,
    pub row: Vec<f32>,
    pub tuned: Option<Vec<f32>>,
    pub content: Content,
}

/// All of it that is no tensor.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wire {
    kind: Kind,
    classes: Vec<String>,
    chosen: BTreeMap<String, f64>,
    reason: String,
    recipe: Recipe,
    /// The recipe's, which is not for a caller to choose.
    temperature: Option<f64>,
    origin: f64,
    trained_on: Vec<Example>,
    #[serde(default)]
    pub renormed: bool,
    pub guard: Option<WireGuard>,
    gone: Vec<Entry>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WireGuard {
    ids: Vec<String>,
    folds: Vec<usize>,
}

/// A file of its own.
pub fn write_state(saved: &SavedModel) -> Result<Vec<u8>> {
    let mut to = Writer::default();
    let wire = write_model(&mut to, saved);
    wrap(to, &wire)
}

/// The same from the tensors of a project.
pub(super) fn wrap(to: Writer, wire: &Wire) -> Result<Vec<u8>> {
    let state = serde_json::to_string(wire).expect("names and numbers are JSON");
    to.write(&[("format", FORMAT.to_owned()), ("version", "1".to_owned()), ("state", state)], &[])
}

pub(super) fn write_model<'a>(to: &mut Writer<'a>, saved: &SavedModel<'a>) -> Wire {
    let SavedModel { model, guard, gone } = saved;
    let Model { fitted, recipe, novelty, origin, trained_on, renormed } = model;
    let name = |part: &str| format!("{MODEL}{part}");
    write_head(to, MODEL, &fitted.head);
    to.matrix(name("novelty.means"), &novelty.means);
    to.f32(name("novelty.heldOut"), &[novelty.held_out.len()], &novelty.held_out);
    to.tensor(name("residuals"), &[fitted.residuals.len()], Values::F64(vec![&fitted.residuals]));
    let dim = novelty.means.cols();
    if let Some(guard) = guard {
        let folds = guard.by_fold.iter().map(|x| x.values()).collect();
        to.tensor(name("guard.rows"), &[guard.by_fold.len(), guard.ids.len(), dim], Values::F32(folds));
    }
    Wire {
        kind: fitted.kind,
        classes: fitted.classes.clone(),
        chosen: fitted.chosen.clone(),
        reason: fitted.reason.clone(),
        recipe: recipe.clone(),
        temperature: recipe.temperature,
        origin: *origin,
        trained_on: trained_on.clone(),
        renormed: *renormed,
        guard: guard.map(|guard| WireGuard { ids: guard.ids.clone(), folds: guard.folds.clone() }),
        gone: match gone.is_empty() {
            true => Vec::new(),
            false => write_contents(to, GONE, gone, dim),
        },
    }
}

/// For rows of width `dim`. Errors: `bad-project`, `project-too-new`.
pub fn read_state(bytes: &[u8], dim: usize) -> Result<State> {
    let file = File::parse(bytes, bad_project)?;
    check_version(&file, FORMAT)?;
    file.check_hash()?;
    let json = file.metadata("state").ok_or_else(|| file.error("state", "it is missing".into()))?;
    let wire = serde_json::from_str(json).map_err(|e| file.error("state", e.to_string()))?;
    read_model(&file, wire, dim)
}

pub(super) fn read_model(file: &File, wire: Wire, dim: usize) -> Result<State> {
    let wrong = |what: &str, why: &str| file.error(&format!("{MODEL}{what}"), why.to_owned());
    let Wire { kind, classes, chosen, reason, mut recipe, temperature, origin, trained_on, renormed, guard, gone } =
        wire;
    let name = |part: &str| format!("{MODEL}{part}");
    recipe.temperature = temperature;
    recipe.check().map_err(|e| wrong("recipe", &e.to_string()))?;
    if !recipe.head.learns(kind) {
        return Err(wrong("recipe", "its head does not learn such labels"));
    }
    if classes.is_empty() != (kind == Kind::Numbers) {
        return Err(wrong("classes", "there is one for each output of the head, and none of numbers"));
    }
    if classes.iter().collect::<HashSet<_>>().len() != classes.len() {
        return Err(wrong("classes", "one is listed twice"));
    }
    if dim == 0 {
        return Err(wrong("novelty.means", "rows have no width"));
    }
    let novelty = Novelty {
        means: file.matrix(&name("novelty.means"), None, dim)?,
        held_out: file.f32(&name("novelty.heldOut"), &[None])?,
    };
    let guard = guard.map(|WireGuard { ids, folds }| -> Result<GuardRows> {
        let shape = [None, Some(ids.len()), Some(dim)];
        let (tensor, values) = (name("guard.rows"), file.f32(&name("guard.rows"), &shape)?);
        let parts = file.shape(&tensor)?[0];
        if parts < 2 || folds.len() != ids.len() || folds.iter().any(|&fold| fold >= parts) {
            return Err(wrong("guard.folds", "there is one for each sample, and rows of each"));
        }
        let by_fold = values.chunks_exact((ids.len() * dim).max(1)).map(|x| Matrix::new(dim, x.to_vec())).collect();
        Ok(GuardRows { ids, by_fold, folds })
    });
    let guard = guard.transpose()?;
    let gone = match gone.is_empty() {
        true => Vec::new(),
        false => {
            let kept = KeptContents::new(file, GONE, gone, dim)?;
            let one = |i: usize| -> Result<Gone> {
                let (row, tuned) = (kept.row(file, i)?, kept.tuned_row(file, i)?);
                Ok(Gone { id: kept.id(i).to_owned(), row, tuned, content: kept.content(file, i)? })
            };
            (0..kept.len()).map(one).collect::<Result<_>>()?
        }
    };
    let head = read_head(file, MODEL, &recipe, kind, classes.len().max(1), dim)?;
    let residuals = file.f64(&name("residuals"), &[None])?;
    // How held-out samples fared was told when it was trained; nothing asks again.
    let fitted = Fitted { head, kind, classes, chosen, held_out: None, residuals, reason };
    Ok(State { model: Model { fitted, recipe, novelty, origin, trained_on, renormed }, guard, gone })
}
