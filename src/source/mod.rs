//! What the person gave: samples, their labels, and the ids that tell one content from another.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// sha256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// The id a content has by itself: the first 128 bits of its sha256. Equal bytes, equal id, on every machine.
pub fn content_id(bytes: &[u8]) -> String {
    sha256_hex(bytes)[..32].to_owned()
}

/// What came with a sample besides its content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The caller's id; the content id when there is none.
    pub id: Option<String>,
    pub name: Option<String>,
    pub label: Option<String>,
    /// Samples of one group (a webcam burst, a patient) belong on the same side of a split.
    pub group: Option<String>,
    /// Tags that results can be broken down by.
    pub slice: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    pub id: String,
    /// Content id: the key of its feature row.
    #[serde(skip)]
    pub content: String,
    pub name: Option<String>,
    pub label: Option<String>,
    pub group: Option<String>,
    pub slice: BTreeMap<String, String>,
}

/// What became of a sample that was given.
#[derive(Debug, Clone, PartialEq)]
pub enum Added {
    New(String),
    /// The content is here already, under this id and with its first label.
    Duplicate(String),
}

/// The samples in the order they came.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    list: Vec<Sample>,
    by_id: HashMap<String, usize>,
    by_content: HashMap<String, usize>,
}

impl Samples {
    /// Errors: `id-taken` when another content already has the caller's id.
    pub fn add(&mut self, content: &str, meta: Meta) -> Result<Added> {
        if let Some(sample) = self.with_content(content) {
            return Ok(Added::Duplicate(sample.id.clone()));
        }
        let id = meta.id.unwrap_or_else(|| content.to_owned());
        if self.by_id.contains_key(&id) {
            return Err(Error::IdTaken { id });
        }
        self.by_id.insert(id.clone(), self.list.len());
        self.by_content.insert(content.to_owned(), self.list.len());
        self.list.push(Sample {
            id: id.clone(),
            content: content.to_owned(),
            name: meta.name,
            label: meta.label,
            group: meta.group,
            slice: meta.slice,
        });
        Ok(Added::New(id))
    }

    pub fn with_content(&self, content: &str) -> Option<&Sample> {
        self.by_content.get(content).map(|&i| &self.list[i])
    }

    pub fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.list.iter()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All or nothing: an unknown id changes no label. Errors: `unknown-id`.
    pub fn relabel(&mut self, ids: &[String], label: Option<&str>) -> Result<()> {
        for index in self.indices(ids)? {
            self.list[index].label = label.map(str::to_owned);
        }
        Ok(())
    }

    /// All or nothing. Errors: `unknown-id`.
    pub fn remove(&mut self, ids: &[String]) -> Result<()> {
        let mut gone = vec![false; self.list.len()];
        for index in self.indices(ids)? {
            gone[index] = true;
        }
        let mut gone = gone.iter();
        self.list.retain(|_| !gone.next().unwrap());
        self.by_id = self.list.iter().enumerate().map(|(i, s)| (s.id.clone(), i)).collect();
        self.by_content = self.list.iter().enumerate().map(|(i, s)| (s.content.clone(), i)).collect();
        Ok(())
    }

    /// The classes in use, in order of first appearance.
    pub fn labels(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        self.list.iter().filter_map(|s| s.label.clone()).filter(|label| seen.insert(label.clone())).collect()
    }

    fn indices(&self, ids: &[String]) -> Result<Vec<usize>> {
        ids.iter()
            .map(|id| self.by_id.get(id).copied().ok_or_else(|| Error::UnknownId { id: id.clone() }))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(label: &str) -> Meta {
        Meta { label: Some(label.into()), ..Meta::default() }
    }

    #[test]
    fn the_same_content_keeps_its_first_label() {
        let mut samples = Samples::default();
        assert_eq!(samples.add("aa", labelled("cat")), Ok(Added::New("aa".into())));
        assert_eq!(samples.add("aa", labelled("dog")), Ok(Added::Duplicate("aa".into())));
        assert_eq!(samples.labels(), ["cat"]);
    }

    #[test]
    fn an_id_names_one_content() {
        let mut samples = Samples::default();
        let named = || Meta { id: Some("one".into()), ..labelled("cat") };
        samples.add("aa", named()).unwrap();
        assert_eq!(samples.add("bb", named()).unwrap_err().code(), "id-taken");
    }

    #[test]
    fn an_unknown_id_changes_nothing() {
        let mut samples = Samples::default();
        samples.add("aa", labelled("cat")).unwrap();
        let ids = ["aa".to_owned(), "zz".to_owned()];
        assert_eq!(samples.relabel(&ids, Some("dog")).unwrap_err().item(), Some("zz"));
        assert_eq!(samples.remove(&ids).unwrap_err().code(), "unknown-id");
        assert_eq!((samples.labels(), samples.len()), (vec!["cat".to_owned()], 1));
    }

    #[test]
    fn a_removed_sample_can_come_back() {
        let mut samples = Samples::default();
        for content in ["aa", "bb", "cc"] {
            samples.add(content, labelled(content)).unwrap();
        }
        samples.remove(&["aa".to_owned()]).unwrap();
        assert_eq!(samples.with_content("cc").unwrap().id, "cc");
        assert_eq!(samples.add("aa", labelled("dog")), Ok(Added::New("aa".into())));
        assert_eq!(samples.labels(), ["bb", "cc", "dog"]);
    }
}
