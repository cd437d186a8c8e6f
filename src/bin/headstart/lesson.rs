//! Samples in a learner, with the backbone that saw them: from a project, or from a folder or table.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use headstart::features::Matrix;
use headstart::learn::{Recipe, Step};
use headstart::learner::{Given as Elsewhere, Learner, TrainResult};
use headstart::source::{Added, Content, Meta};
use serde::Serialize;
use serde_json::{Value, json};

use crate::encoder::{Embedded, Encoder};
use crate::failure::Failure;
use crate::given::{Data, Given, Item, given};
use crate::machine::Machine;
use crate::options::{Chance, Everywhere, Intake, LongText, Task};
use crate::output::{Output, merged};
use crate::pack::Pack;
use crate::project;

pub struct Lesson {
    pub task: Task,
    pub encoder: Encoder,
    pub learner: Learner,
    /// By content: where it can be had again. Without it a sample predicts and cannot be tuned.
    pub sources: HashMap<String, Item>,
    /// The stages that were tuned.
    pub tuned: Option<Vec<u8>>,
    /// Those whose batch norms were estimated anew for a target domain, where the model predicts by them.
    pub target: Option<Vec<u8>>,
    pub seed: u64,
    pub long_text: LongText,
    pub trained: bool,
    /// The class of samples that are of no kind.
    pub negative: Option<String>,
    /// As `ModelInfo` of the package, for the page.
    pub model: Option<Value>,
    /// When the project was begun, in milliseconds since 1970.
    pub created: Option<u64>,
    pub duplicates: usize,
    /// Texts that were cut.
    pub cut: usize,
}

impl Lesson {
    /// From a project file or from samples.
    pub fn open(
        path: &Path,
        reading: &Intake,
        chance: &Chance,
        everywhere: &Everywhere,
        output: &Output,
    ) -> Result<Self, Failure> {
        if project::is_project(path) {
            reading.long_text_of_model()?;
            if chance.per_class.is_some() {
                return Err(Failure::option("per-class", "it draws from a folder or a table, and this is a project"));
            }
            let mut lesson = project::open(path, everywhere)?;
            lesson.seed = chance.seed.unwrap_or(lesson.seed);
            return Ok(lesson);
        }
        let (seed, long_text) = (chance.seed.unwrap_or(0), reading.long_text.unwrap_or_default());
        let mut given = given(path, reading)?;
        output.left_out(std::mem::take(&mut given.rejected));
        if let Some(per_class) = chance.per_class {
            given.draw(per_class, seed);
        }
        let pack = Pack::find(everywhere.backbone.as_deref(), given.task)?;
        let encoder = Encoder::open(pack, None, long_text, everywhere)?;
        let learner = Learner::new(encoder.pack.manifest.dim, seed);
        let mut lesson = Self {
            task: given.task,
            encoder,
            learner,
            sources: HashMap::new(),
            tuned: None,
            target: None,
            seed,
            long_text,
            trained: false,
            negative: None,
            model: None,
            created: None,
            duplicates: 0,
            cut: 0,
        };
        lesson.add(given.items, output)?;
        Ok(lesson)
    }

    fn add(&mut self, items: Vec<Item>, output: &Output) -> Result<(), Failure> {
        output.progress.stage("embed", items.len());
        let rows = self.encoder.rows(&items, &output.progress)?;
        for (mut item, embedded) in items.into_iter().zip(rows) {
            let Embedded { id, kept, row, cut } = match embedded {
                Ok(embedded) => embedded,
                Err(failure) => {
                    output.left_out([failure]);
                    continue;
                }
            };
            if let Content::Text(text) = &kept {
                // Its file may be another when it is looked at again.
                item.data = Data::Text(text.clone());
            }
            match self.learner.add(&id, item.meta.clone(), Some((&row, kept)), 0) {
                Ok(Added::New(_)) => {
                    self.cut += usize::from(cut.is_some());
                    self.sources.insert(id, item);
                }
                Ok(Added::Duplicate(_)) => self.duplicates += 1,
                Err(error) => output.left_out([Failure::from(error).of(&item.name)]),
            }
        }
        Ok(())
    }

    pub fn train(&mut self, recipe: Recipe, output: &Output) -> Result<TrainResult, Failure> {
        self.negative = recipe.negative.clone();
        let mut training = self.learner.train(recipe)?;
        loop {
            match training.step() {
                Step::Progress(progress) => output.progress.at(progress.done, progress.total, progress.stage),
                Step::Done(fitted) => {
                    self.trained = true;
                    let result = self.learner.finish(training, *fitted);
                    // Of a model that is no longer there.
                    self.target = None;
                    return Ok(result);
                }
            }
        }
    }

    /// What the model came from, for whoever opens the project.
    pub fn remember(&mut self, result: &impl Serialize, seconds: f64) {
        let result = merged(result, json!({ "seconds": seconds }));
        let negative = self.negative.clone();
        self.model = Some(json!({
            "result": result, "tuned": self.learner.is_tuned(), "adapted": null, "negative": negative, "stale": false,
        }));
    }

    /// Loads the backbone that samples are seen by: for predictions the target's, where there is one.
    pub fn look(&mut self, predict: bool, everywhere: &Everywhere) -> Result<(), Failure> {
        let target = self.target.as_deref().filter(|_| predict);
        self.encoder.machine = Machine::open(&self.encoder.pack, target.or(self.tuned.as_deref()), everywhere)?;
        Ok(())
    }

    /// Takes `tuned`, a tuned backbone's tensors, for the backbone from now on, and has it see what it was not trained on.
    pub fn adopt(&mut self, tuned: Vec<u8>, everywhere: &Everywhere, output: &Output) -> Result<(), Failure> {
        self.tuned = Some(tuned);
        self.look(false, everywhere)?;
        let contents = self.learner.untuned();
        let items: Vec<Item> = contents.iter().map(|content| self.sources[content].clone()).collect();
        output.progress.stage("embed", items.len());
        for (content, embedded) in contents.iter().zip(self.encoder.rows(&items, &output.progress)?) {
            self.learner.insert_tuned(content, &embedded?.row);
        }
        Ok(())
    }

    /// Rows of other samples, by the backbone as it is now, and which could be used.
    pub fn elsewhere(&self, given: Given, output: &Output) -> Result<(Vec<Item>, Elsewhere), Failure> {
        if given.task != self.task {
            let why = format!("the project is for {}s, and these are {}s", self.task.name(), given.task.name());
            return Err(Failure::new("bad-option", why).of("samples"));
        }
        let Given { items, rejected, .. } = given;
        output.left_out(rejected);
        output.progress.stage("embed", items.len());
        let rows = self.encoder.rows(&items, &output.progress)?;
        let mut elsewhere = Elsewhere {
            ids: Vec::new(),
            metas: Vec::new(),
            x: Matrix::with_capacity(self.learner.dim(), items.len()),
            contents: Vec::new(),
        };
        let mut used = Vec::with_capacity(items.len());
        for (item, embedded) in items.into_iter().zip(rows) {
            match embedded {
                Ok(Embedded { kept, row, .. }) => {
                    elsewhere.ids.push(item.name.clone());
                    elsewhere.metas.push(Meta { id: None, ..item.meta.clone() });
                    elsewhere.x.push(&row);
                    elsewhere.contents.push(kept.into());
                    used.push(item);
                }
                Err(failure) => output.left_out([failure]),
            }
        }
        Ok((used, elsewhere))
    }

    /// By sample id, what it is called: ids are of contents.
    pub fn names(&self) -> BTreeMap<&str, &str> {
        self.learner.samples().filter_map(|sample| Some((sample.id.as_str(), sample.name.as_deref()?))).collect()
    }

    /// For people.
    pub fn counts(&self) -> String {
        let samples = self.learner.samples().count();
        let labels = self.learner.labels().len();
        let mut text = format!("{samples} samples");
        if labels > 0 {
            text += &format!(", {labels} labels");
        }
        if self.duplicates > 0 {
            text += &format!(", {} duplicates left out", self.duplicates);
        }
        if self.cut > 0 {
            text += &format!(", {} texts cut", self.cut);
        }
        text
    }
}
