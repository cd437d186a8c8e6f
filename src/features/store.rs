//! Feature rows by content id, each with what is kept of the content itself. A sample that is removed and comes back, or gets another label, is not computed again.

use std::collections::HashMap;
use std::sync::Arc;

use super::Matrix;
use crate::source::Content;

const ROWS_PER_CHUNK: usize = 256;

/// Rows in chunks: one growing vector would copy itself at every doubling, and wasm memory never shrinks again.
#[derive(Debug, Clone)]
pub struct RowStore {
    dim: usize,
    chunks: Vec<Vec<f32>>,
    contents: Vec<Arc<Content>>,
    index: HashMap<String, usize>,
}

impl RowStore {
    pub fn new(dim: usize) -> Self {
        Self { dim, chunks: Vec::new(), contents: Vec::new(), index: HashMap::new() }
    }

    pub fn dim(&self) -> usize {
        self.dim
    }

    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    pub fn contains(&self, content: &str) -> bool {
        self.index.contains_key(content)
    }

    pub fn get(&self, content: &str) -> Option<&[f32]> {
        Some(self.at(self.place(content)?))
    }

    /// The number of a content's row, in the order they were inserted.
    pub fn place(&self, content: &str) -> Option<usize> {
        self.index.get(content).copied()
    }

    pub fn at(&self, i: usize) -> &[f32] {
        &self.chunks[i / ROWS_PER_CHUNK][i % ROWS_PER_CHUNK * self.dim..][..self.dim]
    }

    /// The rows named, in that order.
    pub fn select(&self, rows: &[usize]) -> Matrix {
        let mut out = Matrix::with_capacity(self.dim, rows.len());
        rows.iter().for_each(|&i| out.push(self.at(i)));
        out
    }

    pub fn content(&self, i: usize) -> &Arc<Content> {
        &self.contents[i]
    }

    /// Keeps the row; the first one given for a content stays.
    pub fn insert(&mut self, content: &str, row: &[f32], kept: Content) {
        assert_eq!(row.len(), self.dim, "a row has the backbone's width");
        if self.contains(content) {
            return;
        }
        let i = self.index.len();
        if i.is_multiple_of(ROWS_PER_CHUNK) {
            self.chunks.push(Vec::with_capacity(ROWS_PER_CHUNK * self.dim));
        }
        self.chunks[i / ROWS_PER_CHUNK].extend_from_slice(row);
        self.contents.push(Arc::new(kept));
        self.index.insert(content.to_owned(), i);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_across_chunks() {
        let mut store = RowStore::new(3);
        let row = |i: usize| [i as f32, -1.0, 0.5];
        for i in 0..600 {
            store.insert(&i.to_string(), &row(i), Content::Text(i.to_string()));
        }
        store.insert("7", &[9.0; 3], Content::Text("other".into()));
        assert_eq!(**store.content(7), Content::Text("7".into()));
        assert_eq!(store.len(), 600);
        assert!((0..600).all(|i| store.get(&i.to_string()) == Some(&row(i))));
        assert_eq!(store.get("600"), None);
    }
}
