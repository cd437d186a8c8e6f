//! Contents with their rows and what is kept of them, as tensors and a list.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::file::{File, Values, Writer};
use crate::error::Result;
use crate::source::{Content, Look, Picture, SMALL};

/// A content with all that a learner has of it.
pub struct Kept<'a> {
    /// Content id.
    pub id: &'a str,
    pub row: &'a [f32],
    /// By the tuned backbone, where there is one that has seen it.
    pub tuned: Option<&'a [f32]>,
    pub content: &'a Content,
}

/// One of the list: a picture has a `look`, a text the `bytes` of its UTF-8.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look: Option<Look>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tuned: bool,
}

/// Tensors `rows` `[n, dim]`, `tuned.rows` `[those that are tuned, dim]`, `small` `[pictures, 32, 32, 3]`, `texts` `[bytes]`, each in
/// the order of the list.
pub(super) fn write_contents<'a>(to: &mut Writer<'a>, prefix: &str, kept: &[Kept<'a>], dim: usize) -> Vec<Entry> {
    let rows: Vec<&[f32]> = kept.iter().map(|k| k.row).collect();
    let tuned: Vec<&[f32]> = kept.iter().filter_map(|k| k.tuned).collect();
    let (mut small, mut texts) = (Vec::new(), Vec::new());
    for kept in kept {
        match kept.content {
            Content::Picture(picture) => small.push(picture.small.as_slice()),
            Content::Text(text) => texts.push(text.as_bytes()),
        }
    }
    to.tensor(format!("{prefix}rows"), &[rows.len(), dim], Values::F32(rows));
    if !tuned.is_empty() {
        to.tensor(format!("{prefix}tuned.rows"), &[tuned.len(), dim], Values::F32(tuned));
    }
    if !small.is_empty() {
        to.tensor(format!("{prefix}small"), &[small.len(), SMALL, SMALL, 3], Values::U8(small));
    }
    if !texts.is_empty() {
        to.tensor(format!("{prefix}texts"), &[texts.iter().map(|t| t.len()).sum()], Values::U8(texts));
    }
    let entry = |kept: &Kept| {
        let (look, bytes) = match kept.content {
            Content::Picture(picture) => (Some(picture.look), None),
            Content::Text(text) => (None, Some(text.len())),
        };
        Entry { id: kept.id.to_owned(), look, bytes, tuned: kept.tuned.is_some() }
    };
    kept.iter().map(entry).collect()
}

/// Where each of a list's contents lies in a file. It was checked that all of it is there.
#[derive(Debug, Default)]
pub struct KeptContents {
    prefix: String,
    dim: usize,
    places: Vec<Place>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug)]
struct Place {
    id: String,
    tuned: Option<usize>,
    part: Part,
}

#[derive(Debug)]
enum Part {
    Picture(usize, Look),
    Text(Range<usize>),
}

impl KeptContents {
    /// Errors: the file's, naming a tensor.
    pub(super) fn new(file: &File, prefix: &str, list: Vec<Entry>, dim: usize) -> Result<Self> {
        let mut this = Self { prefix: prefix.to_owned(), dim, ..Self::default() };
        let (mut tuned, mut pictures, mut end) = (0, 0, 0usize);
        let next = |counter: &mut usize| std::mem::replace(counter, *counter + 1);
        for (i, Entry { id, look, bytes, tuned: is_tuned }) in list.into_iter().enumerate() {
            let wrong = |why: &str| file.error(&format!("{prefix}contents"), format!("`{id}` {why}"));
            let part = match (look, bytes) {
                (Some(look), None) => Part::Picture(next(&mut pictures), look),
                (None, Some(bytes)) => {
                    let start = end;
                    end = end.checked_add(bytes).ok_or_else(|| wrong("is too long"))?;
                    Part::Text(start..end)
                }
                _ => return Err(wrong("is neither a picture nor a text")),
            };
            if this.by_id.insert(id.clone(), i).is_some() {
                return Err(wrong("is listed twice"));
            }
            this.places.push(Place { id, tuned: is_tuned.then(|| next(&mut tuned)), part });
        }
        let n = this.places.len();
        file.f32_bytes(&this.name("rows"), &[Some(n), Some(dim)])?;
        if tuned > 0 {
            file.f32_bytes(&this.name("tuned.rows"), &[Some(tuned), Some(dim)])?;
        }
        if pictures > 0 {
            file.u8(&this.name("small"), &[Some(pictures), Some(SMALL), Some(SMALL), Some(3)])?;
        }
        if this.places.iter().any(|place| matches!(place.part, Part::Text(_))) {
            let name = this.name("texts");
            let texts = std::str::from_utf8(file.u8(&name, &[Some(end)])?);
            let texts = texts.map_err(|_| file.error(&name, "it is not UTF-8".into()))?;
            let whole = |place: &Place| match &place.part {
                Part::Text(range) => texts.get(range.clone()).is_some(),
                Part::Picture(..) => true,
            };
            if let Some(place) = this.places.iter().find(|place| !whole(place)) {
                return Err(file.error(&name, format!("`{}` ends within a character", place.id)));
            }
        }
        Ok(this)
    }

    fn name(&self, tensor: &str) -> String {
        format!("{}{tensor}", self.prefix)
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Its number in the list.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub fn id(&self, i: usize) -> &str {
        &self.places[i].id
    }

    /// `file`: the one they are in, here and below.
    pub fn row(&self, file: &File, i: usize) -> Result<Vec<f32>> {
        self.row_of(file, "rows", i)
    }

    pub fn tuned_row(&self, file: &File, i: usize) -> Result<Option<Vec<f32>>> {
        self.places[i].tuned.map(|row| self.row_of(file, "tuned.rows", row)).transpose()
    }

    pub fn content(&self, file: &File, i: usize) -> Result<Content> {
        Ok(match &self.places[i].part {
            Part::Picture(picture, look) => {
                let size = SMALL * SMALL * 3;
                let small = file.raw(&self.name("small"))?.2[picture * size..][..size].to_vec();
                Content::Picture(Picture { small, look: *look })
            }
            Part::Text(range) => {
                let bytes = &file.raw(&self.name("texts"))?.2[range.clone()];
                Content::Text(String::from_utf8_lossy(bytes).into_owned())
            }
        })
    }

    fn row_of(&self, file: &File, tensor: &str, row: usize) -> Result<Vec<f32>> {
        let bytes = &file.raw(&self.name(tensor))?.2[4 * row * self.dim..][..4 * self.dim];
        Ok(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
    }
}
