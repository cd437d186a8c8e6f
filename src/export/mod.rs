//! Model → file, and back: everything that leaves is a safetensors file, which any program can read.

mod contents;
mod file;
mod head;
mod project;
mod state;

pub use contents::{Kept, KeptContents};
pub use file::{Broken, File, SOURCE, Values, Writer, head_of};
pub use head::{read_head, write_head};
pub use project::{NewProject, Project, SavedSample, Source, bad_project, write_project};
pub use state::{Gone, SavedModel, State, read_state, write_state};
