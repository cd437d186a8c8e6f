//! Learners that are put away and taken up again, and project files.

use js_sys::{Float32Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use super::JsResult;
use super::convert::{from_js, to_js};
use super::session::Session;
use crate::error::Error;
use crate::export::{Moved, Project, Source, bad_project, head_of};
use crate::source::Content;

#[wasm_bindgen]
impl Session {
    /// The sample with this content, as [`Session::samples`] lists it. Nothing where it was removed or taken back.
    pub fn sample(&self, content: &str) -> JsResult<JsValue> {
        self.learner.sample(content).map_or(Ok(JsValue::UNDEFINED), |sample| to_js(sample))
    }

    /// Content id of the sample with this id.
    #[wasm_bindgen(js_name = contentOf)]
    pub fn content_of(&self, id: &str) -> Option<String> {
        self.learner.content_id(id).map(str::to_owned)
    }

    /// All that is not samples, rows or the tuned tensors. Empty before any training.
    pub fn state(&self) -> JsResult<Uint8Array> {
        Ok(self.learner.state()?.as_slice().into())
    }

    /// After the samples are in; the tuned rows come after it. Throws `bad-project`; then nothing has changed.
    #[wasm_bindgen(js_name = restoreState)]
    pub fn restore_state(&mut self, bytes: &[u8]) -> JsResult<()> {
        Ok(self.learner.restore_state(bytes)?)
    }

    /// What was done so far can be neither taken back nor done again.
    #[wasm_bindgen(js_name = forgetHistory)]
    pub fn forget_history(&mut self) {
        self.learner.forget_history();
    }

    /// A project file up to its raw samples, which are to follow in the order of `sources`: `{ content, bytes, type }` of each.
    /// `tuned`, `target`: the tensors of the tuned backbone, and of one whose batch norms were estimated anew.
    #[wasm_bindgen(js_name = projectHead)]
    pub fn project_head(
        &self,
        settings: JsValue,
        sources: JsValue,
        tuned: Option<Vec<u8>>,
        target: Option<Vec<u8>>,
    ) -> JsResult<Uint8Array> {
        let (settings, sources) = (from_js("settings", &settings)?, from_js("sources", &sources)?);
        let moved = Moved { tuned: tuned.as_deref(), target: target.as_deref() };
        Ok(self.learner.project(settings, sources, moved)?.as_slice().into())
    }

    /// Takes up all of a project, in the place of what there is. Throws `bad-project`; then nothing has changed.
    #[wasm_bindgen(js_name = restoreProject)]
    pub fn restore_project(&mut self, file: &ProjectFile) -> JsResult<()> {
        Ok(self.learner.restore_project(&file.0)?)
    }
}

/// A project file, without its raw samples.
#[wasm_bindgen]
pub struct ProjectFile(Project<'static>);

#[wasm_bindgen]
impl ProjectFile {
    /// `head`: the whole file, or at least all before its raw samples. Throws `bad-project`, `project-too-new`.
    #[wasm_bindgen(constructor)]
    pub fn new(head: Vec<u8>) -> JsResult<ProjectFile> {
        Ok(Self(Project::read_head(head)?))
    }

    /// Bytes that the constructor needs. `start`: the file's first 8 bytes, a little-endian u64, and as many as that says.
    #[wasm_bindgen(js_name = headLength)]
    pub fn head_length(start: &[u8]) -> JsResult<f64> {
        Ok(head_of(start, bad_project)? as f64)
    }

    /// Bytes that the whole file must have.
    pub fn length(&self) -> f64 {
        self.0.length() as f64
    }

    pub fn settings(&self) -> JsResult<JsValue> {
        to_js(self.0.settings())
    }

    /// → `{ id, content, label, name, group, slice }` of each, in the order they came.
    pub fn samples(&self) -> JsResult<JsValue> {
        to_js(&self.0.samples())
    }

    pub fn row(&self, content: &str) -> JsResult<Float32Array> {
        let (kept, file) = self.0.contents();
        Ok(kept.row(file, self.place(content)?)?.as_slice().into())
    }

    #[wasm_bindgen(js_name = tunedRow)]
    pub fn tuned_row(&self, content: &str) -> JsResult<Option<Float32Array>> {
        let (kept, file) = self.0.contents();
        Ok(kept.tuned_row(file, self.place(content)?)?.map(|row| row.as_slice().into()))
    }

    /// → `{ text }`, or `{ small, look }` of a picture.
    pub fn kept(&self, content: &str) -> JsResult<Object> {
        let (kept, file) = self.0.contents();
        let object = Object::new();
        let set = |key: &str, value: JsValue| {
            // Fails only for a frozen object, and this one is new.
            let _ = Reflect::set(&object, &key.into(), &value);
        };
        match kept.content(file, self.place(content)?)? {
            Content::Text(text) => set("text", text.into()),
            Content::Picture(picture) => {
                set("small", Uint8Array::from(picture.small.as_slice()).into());
                set("look", to_js(&picture.look)?);
            }
        }
        Ok(object)
    }

    /// For [`Session::restore_state`]; empty where nothing was trained.
    pub fn state(&self) -> JsResult<Uint8Array> {
        Ok(self.0.state_file()?.as_slice().into())
    }

    /// The tensors of the tuned backbone, a safetensors file.
    pub fn tuned(&self) -> JsResult<Option<Uint8Array>> {
        Ok(self.0.tuned()?.map(|file| file.as_slice().into()))
    }

    /// Those of the backbone whose batch norms were estimated anew for a target domain.
    pub fn target(&self) -> JsResult<Option<Uint8Array>> {
        Ok(self.0.target()?.map(|file| file.as_slice().into()))
    }

    /// → `{ content, type, offset, bytes }` of each raw sample, `offset` from the start of the file.
    pub fn sources(&self) -> JsResult<JsValue> {
        #[derive(serde::Serialize)]
        struct Placed<'a> {
            content: &'a str,
            #[serde(rename = "type")]
            kind: &'a str,
            offset: usize,
            bytes: usize,
        }
        let sources = self.0.sources()?;
        let sources = sources.iter().map(|(Source { content, bytes, kind }, offset)| Placed {
            content,
            kind,
            offset: *offset,
            bytes: *bytes,
        });
        to_js(&sources.collect::<Vec<_>>())
    }

    fn place(&self, content: &str) -> JsResult<usize> {
        Ok(self.0.contents().0.place(content).ok_or_else(|| Error::UnknownId { id: content.to_owned() })?)
    }
}
