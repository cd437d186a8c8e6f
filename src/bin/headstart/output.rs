//! What a command says: one JSON document on stdout or lines for people, what was left out on stderr, and the exit status.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use headstart::metrics::Interval;
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::options::Everywhere;
use crate::progress::Progress;

/// Samples that could not be used are named one by one up to here; `--json` has all.
const NAMED: usize = 20;

pub struct Output {
    json: bool,
    quiet: bool,
    strict: bool,
    pub progress: Progress,
    /// As soon as it is known: who hears that nothing came of it wants to know why.
    rejected: Mutex<Vec<Failure>>,
}

/// What a command that has come to its end has to say.
pub struct Done {
    /// An object.
    pub json: Value,
    /// The same for people.
    pub text: String,
}

impl Done {
    pub fn new(result: impl Serialize, text: String) -> Self {
        Self { json: serde_json::to_value(result).expect("results are plain"), text }
    }
}

/// The fields of both.
pub fn merged(result: &impl Serialize, more: Value) -> Value {
    let mut all = serde_json::to_value(result).expect("results are plain");
    let (Some(into), Value::Object(more)) = (all.as_object_mut(), more) else { panic!("a result is an object") };
    into.extend(more);
    all
}

pub fn percent(part: &Interval) -> String {
    format!("{:.1} % ({:.1} to {:.1})", 100.0 * part.value, 100.0 * part.low, 100.0 * part.high)
}

/// A line on stdout, if there is something to say. Who has closed it has heard enough (`headstart predict … | head`).
fn say(line: &str) -> Result<(), Failure> {
    if line.is_empty() {
        return Ok(());
    }
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::unwritable(Path::new("stdout"), error)),
        _ => Ok(()),
    }
}

impl Output {
    pub fn new(everywhere: &Everywhere) -> Self {
        let Everywhere { json, quiet, strict, .. } = *everywhere;
        Self { json, quiet, strict, progress: Progress::new(quiet), rejected: Mutex::default() }
    }

    /// Samples that could not be used. They are told at the end, whatever that is.
    pub fn left_out(&self, rejected: impl IntoIterator<Item = Failure>) {
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).extend(rejected);
    }

    pub fn end(&self, done: Result<Done, Failure>) -> ExitCode {
        self.progress.end();
        let rejected = std::mem::take(&mut *self.rejected.lock().unwrap_or_else(PoisonError::into_inner));
        self.name(&rejected);
        match done {
            Ok(mut done) => {
                if self.json {
                    let object = done.json.as_object_mut().expect("a result is an object");
                    object.insert("rejected".into(), json!(rejected));
                    done.text = done.json.to_string();
                }
                match say(done.text.trim_end()) {
                    Err(failure) => self.end(Err(failure)),
                    Ok(()) if self.strict && !rejected.is_empty() => ExitCode::from(3),
                    Ok(()) => ExitCode::SUCCESS,
                }
            }
            Err(failure) => {
                eprintln!("headstart: {failure}");
                if self.json {
                    // Where stdout is what failed, stderr has said so.
                    let _ = say(&json!({ "error": failure, "rejected": rejected }).to_string());
                }
                ExitCode::FAILURE
            }
        }
    }

    fn name(&self, rejected: &[Failure]) {
        let named = if self.quiet { 0 } else { NAMED };
        rejected.iter().take(named).for_each(|failure| eprintln!("left out: {failure}"));
        match rejected.len().saturating_sub(named) {
            0 => {}
            more if named == 0 => eprintln!("left out: {more}"),
            more => eprintln!("left out: {more} more; --json names all"),
        }
    }
}
