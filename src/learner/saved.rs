//! Learners that are put away and taken up again: what a restored one says is bit for bit what the saved one said.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::Learner;
use super::tuned::TunedRows;
use crate::error::Result;
use crate::export::{
    Gone, Kept, Moved, NewProject, Project, SavedModel, SavedSample, Source, State, read_state, write_project,
    write_state,
};
use crate::source::Added;

impl Learner {
    /// The model, and what else there is besides samples, their rows and the tuned tensors. Empty before any training.
    ///
    /// Errors: `bad-option` where it is too large for a file.
    pub fn state(&self) -> Result<Vec<u8>> {
        self.saved_model().map_or_else(|| Ok(Vec::new()), |saved| write_state(&saved))
    }

    /// Takes up a [`state`](Self::state) again, in the place of what there is; the samples are there. After one with a tuned
    /// backbone the tuned rows are still to come ([`insert_tuned`](Self::insert_tuned)).
    ///
    /// Samples that it was trained on, that were removed later and of which no row is left are no longer among the nearest.
    /// Errors: `bad-project`, `project-too-new`; then nothing has changed.
    pub fn restore_state(&mut self, bytes: &[u8]) -> Result<()> {
        let state = match bytes.is_empty() {
            true => None,
            false => Some(read_state(bytes, self.dim())?),
        };
        self.take_up(state);
        Ok(())
    }

    /// What was done so far can be neither taken back nor done again.
    pub fn forget_history(&mut self) {
        self.samples.forget_history();
    }

    /// A project file, up to where its raw samples begin: they are to follow in the order of `sources`. `settings`: what the caller
    /// wants to know again. `moved`: the tensors of what the model predicts by.
    ///
    /// Errors: `bad-option`.
    pub fn project(&self, settings: Value, sources: Vec<Source>, moved: Moved) -> Result<Vec<u8>> {
        let contents = self.samples.iter().map(|sample| self.kept(&sample.content).expect("a sample has a row"));
        write_project(NewProject {
            settings,
            samples: self.samples.iter().map(SavedSample::from).collect(),
            contents: contents.collect(),
            dim: self.dim(),
            model: self.saved_model(),
            moved,
            sources,
        })
    }

    /// Takes up a project, in the place of what there is. Nothing of it can be taken back.
    ///
    /// Errors: `bad-project`; then nothing has changed.
    pub fn restore_project(&mut self, project: &Project) -> Result<()> {
        let (kept, file) = project.contents();
        if project.dim() != self.dim() {
            let why = format!("they have {} values each, this backbone's have {}", project.dim(), self.dim());
            return Err(file.error("rows", why));
        }
        let mut new = Learner::new(self.dim(), self.seed);
        for (i, sample) in project.samples().iter().enumerate() {
            let row = kept.row(file, i)?;
            let added = new.add(&sample.content, sample.meta(), Some((&row, kept.content(file, i)?)), 0);
            if !matches!(added, Ok(Added::New(_))) {
                return Err(file.error("samples", format!("`{}` is not the only one of its kind", sample.id)));
            }
        }
        new.take_up(project.state()?);
        for (i, sample) in project.samples().iter().enumerate() {
            if let Some(row) = kept.tuned_row(file, i)? {
                new.insert_tuned(&sample.content, &row);
            }
        }
        new.forget_history();
        *self = new;
        Ok(())
    }

    fn take_up(&mut self, state: Option<State>) {
        (self.model, self.tuned) = (None, None);
        let Some(State { mut model, guard, gone }) = state else { return };
        let mut tuned: HashMap<String, Vec<f32>> = HashMap::new();
        for Gone { id, row, tuned: by_tuned, content } in gone {
            self.rows.insert(&id, &row, content);
            by_tuned.map(|row| tuned.insert(id, row));
        }
        let samples: HashSet<&str> = self.samples.iter().map(|s| s.content.as_str()).collect();
        model.trained_on.retain(|example| {
            let content = example.content.as_str();
            // A sample's tuned row can be made again; of a content that no sample has, it is here or nowhere.
            samples.contains(content)
                || if guard.is_some() { tuned.contains_key(content) } else { self.rows.contains(content) }
        });
        self.model = Some(model);
        self.tuned = guard.map(|guard| TunedRows { rows: tuned, guard });
    }

    fn saved_model(&self) -> Option<SavedModel<'_>> {
        let model = self.model.as_ref()?;
        let mut seen: HashSet<&str> = self.samples.iter().map(|s| s.content.as_str()).collect();
        let contents = model.trained_on.iter().map(|example| example.content.as_str());
        let gone = contents.filter(|content| seen.insert(content)).filter_map(|content| self.kept(content)).collect();
        Some(SavedModel { model, guard: self.tuned.as_ref().map(|tuned| &tuned.guard), gone })
    }

    fn kept<'a>(&'a self, id: &'a str) -> Option<Kept<'a>> {
        Some(Kept { id, row: self.row(id)?, tuned: self.tuned_row(id), content: self.content(id)? })
    }
}
