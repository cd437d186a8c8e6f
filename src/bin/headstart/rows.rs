//! Feature rows as a table that other programs read: Parquet, or an Arrow file.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Encoding;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::encoder::Embedded;
use crate::failure::{Failure, unfinished};
use crate::options::Task;

/// A row of the table.
pub struct Row {
    /// The picture's path, or the text.
    pub what: String,
    pub label: Option<String>,
    pub embedded: Embedded,
}

pub struct Rows {
    path: PathBuf,
    /// Written under another name first: who finds the file finds all of it.
    unfinished: PathBuf,
    schema: SchemaRef,
    writer: Writer,
    dim: usize,
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Arrow(Box<FileWriter<File>>),
}

impl Rows {
    /// Columns `id`, `path` or `text`, `label`, `features`; `about` goes into the schema's metadata. Errors: `bad-option`, `unwritable`.
    pub fn create(path: &Path, task: Task, dim: usize, about: Vec<(String, String)>) -> Result<Self, Failure> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let what = if task == Task::Image { "path" } else { "text" };
        let value = Arc::new(Field::new("item", DataType::Float32, false));
        let fields = vec![
            Field::new("id", DataType::Utf8, false),
            Field::new(what, DataType::Utf8, false),
            Field::new("label", DataType::Utf8, true),
            Field::new("features", DataType::FixedSizeList(value, dim as i32), false),
        ];
        let schema = Arc::new(Schema::new_with_metadata(fields, about.into_iter().collect::<HashMap<_, _>>()));
        let unfinished = unfinished(path);
        let open = || File::create(&unfinished).map_err(|e| Failure::unwritable(path, e));
        let writer = match ending.as_str() {
            "parquet" => {
                // Features do not repeat: a dictionary of them is tried in vain.
                let features = ColumnPath::from(vec!["features".into(), "list".into(), "item".into()]);
                let properties = WriterProperties::builder()
                    .set_column_dictionary_enabled(features.clone(), false)
                    .set_column_encoding(features, Encoding::PLAIN)
                    .build();
                let writer = ArrowWriter::try_new(open()?, schema.clone(), Some(properties));
                Writer::Parquet(writer.map_err(|e| Failure::unwritable(path, e))?.into())
            }
            "arrow" | "feather" => {
                let writer = FileWriter::try_new(open()?, &schema);
                Writer::Arrow(writer.map_err(|e| Failure::unwritable(path, e))?.into())
            }
            _ => return Err(Failure::option("out", "a name that ends in .parquet or .arrow")),
        };
        Ok(Self { path: path.to_owned(), unfinished, schema, writer, dim })
    }

    /// A row group of them.
    pub fn write(&mut self, rows: &[Row]) -> Result<(), Failure> {
        let text =
            |of: &dyn Fn(&Row) -> Option<&str>| -> ArrayRef { Arc::new(rows.iter().map(of).collect::<StringArray>()) };
        let values: Vec<f32> = rows.iter().flat_map(|row| row.embedded.row.iter().copied()).collect();
        let DataType::FixedSizeList(value, _) = self.schema.field(3).data_type() else { unreachable!("made so") };
        let values: ArrayRef = Arc::new(Float32Array::from(values));
        let features = FixedSizeListArray::new(value.clone(), self.dim as i32, values, None);
        let columns = vec![
            text(&|row| Some(&row.embedded.id)),
            text(&|row| Some(&row.what)),
            text(&|row| row.label.as_deref()),
            Arc::new(features),
        ];
        let failed = |e: &dyn std::fmt::Display| Failure::unwritable(&self.path, e);
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|e| failed(&e))?;
        match &mut self.writer {
            Writer::Parquet(writer) => {
                writer.write(&batch).map_err(|e| failed(&e))?;
                // What is held until then is memory.
                writer.flush().map_err(|e| failed(&e))
            }
            Writer::Arrow(writer) => writer.write(&batch).map_err(|e| failed(&e)),
        }
    }

    pub fn finish(mut self) -> Result<(), Failure> {
        let failed = |e: &dyn std::fmt::Display| Failure::unwritable(&self.path, e);
        let file = match &mut self.writer {
            Writer::Parquet(writer) => {
                writer.finish().map_err(|e| failed(&e))?;
                writer.inner()
            }
            Writer::Arrow(writer) => {
                writer.finish().map_err(|e| failed(&e))?;
                writer.get_ref()
            }
        };
        // Otherwise a machine that goes down may leave the name, and not what is behind it.
        file.sync_all().map_err(|e| failed(&e))?;
        std::fs::rename(&self.unfinished, &self.path).map_err(|e| failed(&e))
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        // Where it was not finished; otherwise it has another name by now, and there is nothing to remove.
        let _ = std::fs::remove_file(&self.unfinished);
    }
}
