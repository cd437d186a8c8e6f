//! Project files: the page's own, read and written.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use headstart::export::{Moved, Project, SavedSample, Source, bad_project};
use headstart::learner::Learner;
use headstart::source::{Content, content_id};
use serde_json::{Value, json};

use crate::encoder::Encoder;
use crate::failure::{Failure, read, written};
use crate::given::{Data, Given, Item, no_columns};
use crate::lesson::Lesson;
use crate::options::{Everywhere, Intake, LongText, Out, Task};
use crate::pack::Pack;

/// MIME type of what came to a page as pixels: pkg/src/learner.ts.
const PIXELS: &str = "application/x-headstart-pixels";

pub fn is_project(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("headstart"))
}

/// Errors: `unreadable`, `bad-project`, `project-too-new`, `backbone-differs`, and those of a pack.
pub fn open(path: &Path, everywhere: &Everywhere) -> Result<Lesson, Failure> {
    take_up(path, everywhere).map_err(|failure| match failure.code {
        "bad-project" | "project-too-new" | "backbone-differs" => failure.of(path.display()),
        _ => failure,
    })
}

fn take_up(path: &Path, everywhere: &Everywhere) -> Result<Lesson, Failure> {
    let file = Arc::new(read(path)?);
    let project = Project::read(file.as_slice())?;
    let settings = project.settings();
    let said = |name: &str| settings.pointer(name).and_then(Value::as_str);
    let task = task(&project)?;
    let long_text = if said("/longText") == Some("windows") { LongText::Windows } else { LongText::Cut };
    let id = said("/backbone/id").ok_or_else(|| missing("backbone.id"))?;
    let sha256 = said("/backbone/sha256").ok_or_else(|| missing("backbone.sha256"))?;
    let pack = Pack::find(Some(everywhere.backbone.as_deref().unwrap_or(id)), task)?;
    if pack.sha256() != sha256 {
        let why = format!(
            "the project was made with the weights {sha256} of `{id}`, and here are {} of `{}`; give the folder of the others with \
             --backbone, or train anew from the samples",
            pack.sha256(),
            pack.manifest.id
        );
        return Err(Failure::new("backbone-differs", why));
    }
    let (tuned, target) = (project.tuned()?, project.target()?);
    let encoder = Encoder::open(pack, target.as_deref().or(tuned.as_deref()), long_text, everywhere)?;
    let seed = settings.get("seed").and_then(Value::as_u64).unwrap_or(0);
    let mut learner = Learner::new(encoder.pack.manifest.dim, seed);
    learner.restore_project(&project)?;
    let sources = sources(&project, &file)?;
    let model = settings.get("model").filter(|model| model.is_object()).cloned();
    let created = settings.get("created").and_then(Value::as_u64);
    Ok(Lesson {
        task,
        trained: project.state()?.is_some(),
        encoder,
        learner,
        sources,
        tuned,
        target,
        seed,
        long_text,
        negative: model.as_ref().and_then(|model| Some(model.get("negative")?.as_str()?.to_owned())),
        model,
        created,
        duplicates: 0,
        cut: 0,
    })
}

/// Its samples as they were given, for a model that may be another's: their labels and names, in the order they came.
///
/// Errors: `unreadable`, `bad-project`, `project-too-new`, `bad-option`.
pub fn samples(path: &Path, how: &Intake) -> Result<Given, Failure> {
    no_columns(how, "a project")?;
    if how.labels.is_some() {
        return Err(Failure::option("labels", "a project's labels are what they are"));
    }
    let file = Arc::new(read(path)?);
    let failed = |error: headstart::Error| Failure::from(error).of(path.display());
    let project = Project::read(file.as_slice()).map_err(failed)?;
    let (task, sources) = (task(&project).map_err(failed)?, sources(&project, &file).map_err(failed)?);
    let (mut items, mut rejected) = (Vec::new(), Vec::new());
    for sample in project.samples() {
        match sources.get(&sample.content) {
            Some(item) => items.push(item.clone()),
            None => rejected.push(Failure::new("bad-sample", "the project is without its picture").of(called(sample))),
        }
    }
    if how.task.is_some_and(|wanted| wanted != task) {
        return Err(Failure::option("task", format!("{} is a project of {}s", path.display(), task.name())));
    }
    Ok(Given { task, items, rejected })
}

fn task(project: &Project) -> Result<Task, headstart::Error> {
    match project.settings().pointer("/task").and_then(Value::as_str) {
        Some("image") => Ok(Task::Image),
        Some("text") => Ok(Task::Text),
        _ => Err(missing("task")),
    }
}

fn missing(name: &str) -> headstart::Error {
    bad_project("settings".into(), format!("`{name}` is missing, or none that we know"))
}

fn called(sample: &SavedSample) -> String {
    sample.name.clone().unwrap_or_else(|| sample.id.clone())
}

/// By content, what a project's samples were made from. Of pictures that were left out there is nothing.
fn sources(project: &Project, file: &Arc<Vec<u8>>) -> Result<HashMap<String, Item>, headstart::Error> {
    let mut raw: HashMap<&str, Data> = HashMap::new();
    for (source, at) in project.sources()? {
        let (file, range) = (file.clone(), at..at + source.bytes);
        let data = if source.kind == PIXELS { Data::Pixels(file, range) } else { Data::Within(file, range) };
        raw.insert(&source.content, data);
    }
    let (kept, head) = project.contents();
    let mut items = HashMap::new();
    for (i, sample) in project.samples().iter().enumerate() {
        let data = match kept.content(head, i)? {
            Content::Text(text) => Some(Data::Text(text)),
            Content::Picture(_) => raw.remove(sample.content.as_str()),
        };
        if let Some(data) = data {
            items.insert(sample.content.clone(), Item { name: called(sample), meta: sample.meta(), data });
        }
    }
    Ok(items)
}

/// Errors: `unwritable`, `unreadable` where a sample's file is another by now.
pub fn save(lesson: &Lesson, out: &Out) -> Result<(), Failure> {
    let path = &out.out;
    let sources = if out.no_samples { Vec::new() } else { pictures(lesson)? };
    let manifest = &lesson.encoder.pack.manifest;
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    // As the page's are: pkg/src/project.
    let settings = json!({
        "task": lesson.task.name(), "seed": lesson.seed, "longText": lesson.long_text.name(),
        "backbone": { "id": manifest.id, "sha256": lesson.encoder.pack.sha256(), "dim": manifest.dim, "from": manifest.id },
        "created": lesson.created.unwrap_or_else(now), "name": path.file_stem().map(|name| name.to_string_lossy()),
        "model": lesson.model,
    });
    let listed = sources.iter().map(|(source, _)| source.clone()).collect();
    let head = lesson.learner.project(
        settings,
        listed,
        Moved { tuned: lesson.tuned.as_deref(), target: lesson.target.as_deref() },
    )?;
    let failed = |e: std::io::Error| Failure::unwritable(path, e);
    written(path, |file| {
        file.write_all(&head).map_err(failed)?;
        for (source, item) in &sources {
            file.write_all(&bytes_of(source, item)?).map_err(failed)?;
        }
        Ok(())
    })
}

/// Of each sample that is a picture and can be had again.
fn pictures(lesson: &Lesson) -> Result<Vec<(Source, &Item)>, Failure> {
    let mut out = Vec::new();
    for sample in lesson.learner.samples() {
        let Some(item) = lesson.sources.get(&sample.content) else { continue };
        let bytes = match &item.data {
            Data::Text(_) | Data::TextFile(_) => continue,
            Data::Within(_, range) | Data::Pixels(_, range) => range.len(),
            Data::Picture(path) => {
                let size = std::fs::metadata(path).map_err(|e| Failure::unreadable(path, e))?.len();
                usize::try_from(size).map_err(|e| Failure::unreadable(path, e))?
            }
        };
        let kind = if matches!(item.data, Data::Pixels(..)) { PIXELS } else { mime(&item.name) }.to_owned();
        out.push((Source { content: sample.content.clone(), bytes, kind }, item));
    }
    Ok(out)
}

fn bytes_of(source: &Source, item: &Item) -> Result<Vec<u8>, Failure> {
    let bytes = match &item.data {
        Data::Within(file, range) | Data::Pixels(file, range) => return Ok(file[range.clone()].to_vec()),
        Data::Picture(path) => read(path)?,
        Data::Text(_) | Data::TextFile(_) => unreachable!("texts are in the head"),
    };
    if content_id(&bytes) != source.content {
        return Err(Failure::new("unreadable", "it is another picture by now; begin again").of(&item.name));
    }
    Ok(bytes)
}

fn mime(name: &str) -> &'static str {
    let ending = name.rsplit('.').next().unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "jpg" | "jpeg" | "jfif" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "bmp" => "image/bmp",
        _ => "",
    }
}
