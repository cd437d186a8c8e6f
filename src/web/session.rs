//! The learner behind the face.

use js_sys::Float32Array;
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::contents::{Contents, KeptPicture};
use super::convert::{from_js, to_js};
use crate::error::Error;
use crate::features::Matrix;
use crate::judge::{
    AdaptationStage, Decision, Evaluation, Examination, ExaminationStage, Stage, Trial, TrialStage, Tuning, TuningStage,
};
use crate::learn::tune::Tuned as Trained;
use crate::learn::{Progress, Recipe, Step};
use crate::learner::{Adapting, Given, Learner, Training};
use crate::source::{Added, Content, Label, Meta};

/// [`Learner`], with the one long job that may be under way.
#[wasm_bindgen]
pub struct Session {
    pub(super) learner: Learner,
    job: Option<Job>,
    tuning: Option<Box<Tuned>>,
}

/// A fine-tuning whose trainings run elsewhere.
struct Tuned {
    tuning: Tuning,
    /// Of its samples.
    contents: Vec<String>,
    decision: Option<Decision>,
}

/// Of a fine-tuning's trainings.
#[derive(serde::Serialize)]
struct Plan {
    contents: Vec<String>,
    /// Of the guard.
    trainings: usize,
    /// Whether the one of the guard is that of all samples too.
    blind: bool,
}

/// What batch norms are estimated anew with.
#[derive(serde::Serialize)]
struct Wanted {
    source: Vec<String>,
}

enum Job {
    Training(Training),
    Evaluation(Box<Evaluation>),
    Trial(Trial),
    Examination(Box<Examination>),
    Tuning(Box<Tuning>),
    Adaptation(Box<Adapting>),
}

#[wasm_bindgen]
impl Session {
    #[wasm_bindgen(constructor)]
    pub fn new(dim: usize, seed: f64) -> Session {
        Self { learner: Learner::new(dim, seed as u64), job: None, tuning: None }
    }

    pub fn row(&self, content: &str) -> Option<Float32Array> {
        self.learner.row(content).map(Float32Array::from)
    }

    /// By the tuned backbone, where there is one.
    #[wasm_bindgen(js_name = tunedRow)]
    pub fn tuned_row(&self, content: &str) -> Option<Float32Array> {
        self.learner.tuned_row(content).map(Float32Array::from)
    }

    #[wasm_bindgen(js_name = insertTuned)]
    pub fn insert_tuned(&mut self, content: &str, row: Vec<f32>) {
        self.learner.insert_tuned(content, &row);
    }

    #[wasm_bindgen(js_name = isTuned)]
    pub fn is_tuned(&self) -> bool {
        self.learner.is_tuned()
    }

    /// Contents of samples that lack a tuned row.
    pub fn untuned(&self) -> Vec<String> {
        self.learner.untuned()
    }

    /// Of a content that has a row and is a text.
    pub fn text(&self, content: &str) -> Option<String> {
        match &**self.learner.content(content)? {
            Content::Text(text) => Some(text.clone()),
            Content::Picture(_) => None,
        }
    }

    /// Of a picture that has a row, without its pixels.
    pub fn kept(&self, content: &str) -> Option<KeptPicture> {
        match &**self.learner.content(content)? {
            Content::Picture(picture) => Some(KeptPicture(picture.clone())),
            Content::Text(_) => None,
        }
    }

    /// → `{ id, duplicate }`. What is added with one `call` is one action to undo.
    /// `kept`: of this one content.
    pub fn add(
        &mut self,
        content: &str,
        meta: JsValue,
        row: Vec<f32>,
        kept: &Contents,
        call: f64,
    ) -> JsResult<JsValue> {
        let meta: Meta = from_js("sample", &meta)?;
        #[derive(serde::Serialize)]
        struct Outcome {
            id: String,
            duplicate: bool,
        }
        let outcome = match self.learner.add(content, meta, Some((&row, (*kept.list()[0]).clone())), call as u64)? {
            Added::New(id) => Outcome { id, duplicate: false },
            Added::Duplicate(id) => Outcome { id, duplicate: true },
        };
        to_js(&outcome)
    }

    pub fn samples(&self) -> JsResult<JsValue> {
        to_js(&self.learner.samples().collect::<Vec<_>>())
    }

    pub fn labels(&self) -> Vec<String> {
        self.learner.labels()
    }

    /// `label`: a name, a list of them, a number, or `null` for none.
    pub fn relabel(&mut self, ids: Vec<String>, label: JsValue) -> JsResult<()> {
        let label: Option<Label> = from_js("label", &label)?;
        Ok(self.learner.relabel(&ids, label)?)
    }

    pub fn remove(&mut self, ids: Vec<String>) -> JsResult<()> {
        Ok(self.learner.remove(&ids)?)
    }

    pub fn undo(&mut self) -> bool {
        self.learner.undo()
    }

    pub fn redo(&mut self) -> bool {
        self.learner.redo()
    }

    /// A bounded piece of what has to be done before a job: → `[done, total]`, or nothing when all is done.
    pub fn prepare(&mut self) -> Option<Vec<usize>> {
        self.learner.prepare().map(|(done, total)| vec![done, total])
    }

    #[wasm_bindgen(js_name = startTraining)]
    pub fn start_training(&mut self, recipe: JsValue) -> JsResult<()> {
        let recipe: Recipe = from_js("train", &recipe)?;
        self.job = Some(Job::Training(self.learner.train(recipe)?));
        Ok(())
    }

    #[wasm_bindgen(js_name = startEvaluation)]
    pub fn start_evaluation(&mut self, folds: usize, repeats: Option<usize>, seed: Option<f64>) -> JsResult<()> {
        let evaluation = self.learner.evaluate(folds, repeats, seed.map(|s| s as u64))?;
        self.job = Some(Job::Evaluation(Box::new(evaluation)));
        Ok(())
    }

    #[wasm_bindgen(js_name = startVerdict)]
    pub fn start_verdict(&mut self) -> JsResult<()> {
        self.job = Some(Job::Trial(self.learner.verdict()?));
        Ok(())
    }

    #[wasm_bindgen(js_name = startDoctor)]
    pub fn start_doctor(&mut self) -> JsResult<()> {
        self.job = Some(Job::Examination(Box::new(self.learner.examine()?)));
        Ok(())
    }

    /// `skip`: contents that cannot be read again.
    #[wasm_bindgen(js_name = startTuning)]
    pub fn start_tuning(&mut self, recipe: JsValue, skip: Vec<String>) -> JsResult<()> {
        self.tuning = None;
        self.job = Some(Job::Tuning(Box::new(self.learner.tune(from_js("fineTune", &recipe)?, &skip)?)));
        Ok(())
    }

    /// The training without a fold, or of all samples, for a `TuneBench`.
    #[wasm_bindgen(js_name = tuneJob)]
    pub fn tune_job(&self, fold: Option<usize>) -> JsResult<JsValue> {
        to_js(&self.tuned()?.tuning.job(fold))
    }

    /// An epoch on the samples named, of which the bench must hold those alone.
    #[wasm_bindgen(js_name = costJob)]
    pub fn cost_job(&self, rows: Vec<usize>) -> JsResult<JsValue> {
        to_js(&self.tuned()?.tuning.cost_job(&rows))
    }

    /// What the training without a fold made.
    #[wasm_bindgen(js_name = takeFold)]
    pub fn take_fold(&mut self, fold: usize, features: Vec<f32>, outcome: JsValue) -> JsResult<()> {
        let trained = self.trained(features, outcome)?;
        self.tuned_mut()?.tuning.take(fold, trained);
        Ok(())
    }

    /// After all folds, a piece of the work: → nothing, and in the end what the guard saw.
    pub fn decide(&mut self) -> JsResult<JsValue> {
        let tuned = self.tuned_mut()?;
        let Some(decision) = tuned.tuning.decide()? else { return Ok(JsValue::UNDEFINED) };
        let guarded = to_js(&decision.guarded);
        tuned.decision = Some(decision);
        guarded
    }

    /// `features`, `outcome`: of the training on all samples; without them the frozen backbone's head becomes the model, `why` as
    /// the reason where the guard has none.
    #[wasm_bindgen(js_name = finishTuning)]
    pub fn finish_tuning(&mut self, features: Option<Vec<f32>>, outcome: JsValue, why: &str) -> JsResult<JsValue> {
        let whole = features.map(|features| self.trained(features, outcome)).transpose()?;
        let Tuned { tuning, contents, decision } = *self.tuning.take().ok_or(Error::NotTrained)?;
        to_js(&self.learner.finish_tuning(tuning, decision, &contents, whole, why)?)
    }

    /// `metas`: one for each row of the target, with a label where it is known.
    #[wasm_bindgen(js_name = startAdaptation)]
    pub fn start_adaptation(
        &mut self,
        ids: Vec<String>,
        metas: JsValue,
        rows: Vec<f32>,
        kept: &Contents,
    ) -> JsResult<()> {
        let metas: Vec<Meta> = from_js("samples", &metas)?;
        let given = Given { ids, metas, x: self.matrix(rows), contents: kept.list().to_vec() };
        self.job = Some(Job::Adaptation(Box::new(self.learner.adapt(given)?)));
        Ok(())
    }

    /// While an adaptation waits for it: what a backbone with batch norms estimated anew makes of some of the target, `which`
    /// of all. Without, it goes on at the next step all the same.
    #[wasm_bindgen(js_name = takeRenormed)]
    pub fn take_renormed(&mut self, which: Vec<usize>, rows: Vec<f32>) {
        let x = self.matrix(rows);
        if let Some(Job::Adaptation(adapting)) = &mut self.job {
            adapting.renormed(&which, &x);
        }
    }

    /// Whether the model looks at samples by such a backbone.
    #[wasm_bindgen(js_name = isRenormed)]
    pub fn is_renormed(&self) -> bool {
        self.learner.is_renormed()
    }

    /// A bounded piece of the job: → `{ stage, done, total, … }` or `{ result }`. Of an adaptation that waits for batch norms estimated
    /// anew, the result is `{ source }`: contents of samples to make them of. The job then goes on.
    pub fn step(&mut self) -> JsResult<JsValue> {
        #[derive(serde::Serialize)]
        #[serde(untagged)]
        enum Event<R: serde::Serialize> {
            Way(Progress),
            Done { result: R },
        }
        let way =
            |stage, done, total| to_js(&Event::<()>::Way(Progress { stage, done, total, loss: None, guard: None }));
        let mut job = self.job.take().ok_or(Error::NotTrained)?;
        let answer = match &mut job {
            Job::Training(training) => match training.step() {
                Step::Progress(progress) => to_js(&Event::<()>::Way(progress)),
                Step::Done(fitted) => {
                    let Job::Training(training) = job else { unreachable!("matched above") };
                    return to_js(&Event::Done { result: self.learner.finish(training, *fitted) });
                }
            },
            Job::Evaluation(evaluation) => match evaluation.step()? {
                Stage::Progress { done, total } => way("evaluate", done, total),
                Stage::Done(result) => return to_js(&Event::Done { result }),
            },
            Job::Trial(trial) => match trial.step()? {
                TrialStage::Progress { row, done, total } => way(row, done, total),
                TrialStage::Done(result) => return to_js(&Event::Done { result }),
            },
            Job::Examination(examination) => match examination.step()? {
                ExaminationStage::Progress { done, total } => way("examine", done, total),
                ExaminationStage::Done(result) => return to_js(&Event::Done { result }),
            },
            Job::Tuning(tuning) => match tuning.step()? {
                TuningStage::Progress { done, total } => way("fit heads", done, total),
                TuningStage::Ready => {
                    let Job::Tuning(tuning) = job else { unreachable!("matched above") };
                    let contents = self.learner.contents_of(&tuning);
                    let plan =
                        Plan { contents: contents.clone(), trainings: tuning.trainings(), blind: tuning.blind() };
                    self.tuning = Some(Box::new(Tuned { tuning: *tuning, contents, decision: None }));
                    return to_js(&Event::Done { result: plan });
                }
            },
            Job::Adaptation(adapting) => match adapting.step()? {
                AdaptationStage::Progress(progress) => to_js(&Event::<()>::Way(progress)),
                AdaptationStage::Renorm => to_js(&Event::Done { result: Wanted { source: adapting.source() } }),
                AdaptationStage::Done(adapted) => {
                    let Job::Adaptation(adapting) = job else { unreachable!("matched above") };
                    return to_js(&Event::Done { result: self.learner.finish_adaptation(*adapting, *adapted) });
                }
            },
        };
        self.job = Some(job);
        answer
    }

    /// Drops what is under way; the model stays as it was.
    pub fn cancel(&mut self) {
        self.job = None;
    }

    /// `metas`: one for each row, with a label.
    #[wasm_bindgen(js_name = evaluateOn)]
    pub fn evaluate_on(&self, ids: Vec<String>, metas: JsValue, rows: Vec<f32>, kept: &Contents) -> JsResult<JsValue> {
        let metas: Vec<Meta> = from_js("samples", &metas)?;
        let given = Given { ids, metas, x: self.matrix(rows), contents: kept.list().to_vec() };
        to_js(&self.learner.evaluate_on(given)?)
    }

    pub fn predict(&self, rows: Vec<f32>, kept: &Contents, reject: Option<f64>) -> JsResult<JsValue> {
        to_js(&self.learner.predict(&self.matrix(rows), kept.list(), reject)?)
    }

    /// The whole sample first, then without each of its parts: → `{ label, weights, nearest }`.
    pub fn explain(&self, rows: Vec<f32>, kept: &Contents) -> JsResult<JsValue> {
        to_js(&self.learner.explain(&self.matrix(rows), kept.list())?)
    }

    /// The same from a picture's feature map.
    #[wasm_bindgen(js_name = explainPicture)]
    pub fn explain_picture(&self, map: Vec<f32>, kept: &Contents) -> JsResult<JsValue> {
        to_js(&self.learner.explain_picture(&self.matrix(map), &kept.list()[0])?)
    }

    pub fn projection(&self) -> JsResult<JsValue> {
        to_js(&self.learner.projection())
    }

    fn trained(&self, features: Vec<f32>, outcome: JsValue) -> JsResult<Trained> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Outcome {
            mirror: bool,
            gave_up: bool,
            epochs: usize,
        }
        let Outcome { mirror, gave_up, epochs } = from_js("outcome", &outcome)?;
        Ok(Trained { features: self.matrix(features), mirror, gave_up, epochs })
    }

    fn tuned(&self) -> JsResult<&Tuned> {
        Ok(self.tuning.as_deref().ok_or(Error::NotTrained)?)
    }

    fn tuned_mut(&mut self) -> JsResult<&mut Tuned> {
        Ok(self.tuning.as_deref_mut().ok_or(Error::NotTrained)?)
    }

    pub(super) fn learner(&self) -> &Learner {
        &self.learner
    }

    fn matrix(&self, rows: Vec<f32>) -> Matrix {
        Matrix::new(self.learner.dim(), rows)
    }
}
