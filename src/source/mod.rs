//! What the person gave: samples, their labels, and the ids that tell one content from another.

mod content;
mod history;
mod label;
pub mod table;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
pub use content::{Content, Look, Picture, SMALL};
use history::{Change, History, Relabelled, Standing};
pub use label::Label;

/// sha256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha256_of([bytes])
}

/// The same of bytes that lie in several places.
pub fn sha256_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    parts.into_iter().for_each(|part| hash.update(part));
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// The id a content has by itself. Equal bytes, equal id, on every machine.
pub fn content_id(bytes: &[u8]) -> String {
    id_of_hash(&sha256_hex(bytes))
}

/// The same for a caller who has the sha256 already: its first 128 bits.
pub fn id_of_hash(sha256: &str) -> String {
    sha256.chars().take(32).collect()
}

/// What came with a sample besides its content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Meta {
    /// The caller's id; the content id when there is none.
    pub id: Option<String>,
    pub name: Option<String>,
    pub label: Option<Label>,
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
    pub label: Option<Label>,
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

/// The samples in the order they came, and what was done to them.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    list: Vec<Sample>,
    by_id: HashMap<String, usize>,
    by_content: HashMap<String, usize>,
    history: History,
}

impl Samples {
    /// Samples of one `call`, which is not used again, are one action to [`undo`](Self::undo). Where that is done while they are still
    /// coming, those that come later are taken back with the others.
    ///
    /// Errors: `id-taken` when another content already has the caller's id.
    pub fn add(&mut self, content: &str, meta: Meta, call: u64) -> Result<Added> {
        if let Some(sample) = self.with_content(content) {
            return Ok(Added::Duplicate(sample.id.clone()));
        }
        let id = meta.id.unwrap_or_else(|| content.to_owned());
        if self.by_id.contains_key(&id) {
            return Err(Error::IdTaken { id });
        }
        let sample = Sample {
            id: id.clone(),
            content: content.to_owned(),
            name: meta.name,
            label: meta.label.map(Label::tidy),
            group: meta.group,
            slice: meta.slice,
        };
        match self.history.standing(call) {
            Standing::In => {
                self.append(sample.clone());
                self.history.added(call, sample);
            }
            Standing::TakenBack => {
                let twin = self.history.taken_back().find(|s| s.content == content || s.id == id);
                match twin {
                    Some(twin) if twin.content == content => return Ok(Added::Duplicate(twin.id.clone())),
                    Some(_) => return Err(Error::IdTaken { id }),
                    None => self.history.join_taken_back(call, sample),
                }
            }
            Standing::Ended => {}
        }
        Ok(Added::New(id))
    }

    pub fn with_content(&self, content: &str) -> Option<&Sample> {
        self.by_content.get(content).map(|&i| &self.list[i])
    }

    pub fn with_id(&self, id: &str) -> Option<&Sample> {
        self.by_id.get(id).map(|&i| &self.list[i])
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
    pub fn relabel(&mut self, ids: &[String], label: Option<Label>) -> Result<()> {
        let label = label.map(Label::tidy);
        let mut changed = Vec::new();
        for index in self.indices(ids)? {
            let sample = &mut self.list[index];
            if sample.label == label {
                continue;
            }
            let before = std::mem::replace(&mut sample.label, label.clone());
            changed.push(Relabelled { id: sample.id.clone(), before, after: sample.label.clone() });
        }
        if !changed.is_empty() {
            self.history.push(Change::Relabelled(changed));
        }
        Ok(())
    }

    /// All or nothing. Errors: `unknown-id`.
    pub fn remove(&mut self, ids: &[String]) -> Result<()> {
        let mut places = self.indices(ids)?;
        places.sort_unstable();
        places.dedup();
        if !places.is_empty() {
            let removed = places.iter().map(|&place| (place, self.list[place].clone())).collect();
            self.take_out(&places);
            self.history.push(Change::Removed(removed));
        }
        Ok(())
    }

    /// Takes back the last action. False when there is none.
    pub fn undo(&mut self) -> bool {
        // The change is cloned because what it does to the list needs all of `self`.
        let Some(change) = self.history.undo().cloned() else {
            return false;
        };
        match change {
            Change::Added { samples, .. } => {
                let places: Vec<usize> = samples.iter().map(|s| self.by_id[&s.id]).collect();
                self.take_out(&places);
            }
            Change::Removed(samples) => self.put_back(samples),
            Change::Relabelled(changed) => changed.into_iter().rev().for_each(|c| self.set_label(&c.id, c.before)),
        }
        true
    }

    /// Does again what was taken back last. False when nothing was, or something else was done since.
    pub fn redo(&mut self) -> bool {
        let Some(change) = self.history.redo().cloned() else {
            return false;
        };
        match change {
            Change::Added { samples, .. } => samples.into_iter().for_each(|s| self.append(s)),
            // By id: what came in between may stand elsewhere now.
            Change::Removed(samples) => {
                self.take_out(&samples.iter().map(|(_, s)| self.by_id[&s.id]).collect::<Vec<_>>());
            }
            Change::Relabelled(changed) => changed.into_iter().for_each(|c| self.set_label(&c.id, c.after)),
        }
        true
    }

    /// What was done so far can be neither taken back nor done again.
    pub fn forget_history(&mut self) {
        self.history = History::default();
    }

    /// The classes in use, in order of first appearance.
    pub fn labels(&self) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        let names = self.list.iter().flat_map(|s| s.label.iter().flat_map(Label::names));
        names.filter(|name| seen.insert(name.as_str())).cloned().collect()
    }

    fn indices(&self, ids: &[String]) -> Result<Vec<usize>> {
        ids.iter().map(|id| self.by_id.get(id).copied().ok_or_else(|| Error::UnknownId { id: id.clone() })).collect()
    }

    fn append(&mut self, sample: Sample) {
        self.by_id.insert(sample.id.clone(), self.list.len());
        self.by_content.insert(sample.content.clone(), self.list.len());
        self.list.push(sample);
    }

    fn set_label(&mut self, id: &str, label: Option<Label>) {
        self.list[self.by_id[id]].label = label;
    }

    fn take_out(&mut self, places: &[usize]) {
        let mut gone = vec![false; self.list.len()];
        places.iter().for_each(|&place| gone[place] = true);
        let mut gone = gone.iter();
        self.list.retain(|_| !gone.next().unwrap());
        self.index();
    }

    /// Samples with the places they had, ascending.
    fn put_back(&mut self, samples: Vec<(usize, Sample)>) {
        let mut kept = std::mem::take(&mut self.list).into_iter();
        for (place, sample) in samples {
            self.list.extend(kept.by_ref().take(place - self.list.len()));
            self.list.push(sample);
        }
        self.list.extend(kept);
        self.index();
    }

    fn index(&mut self) {
        self.by_id = self.list.iter().enumerate().map(|(i, s)| (s.id.clone(), i)).collect();
        self.by_content = self.list.iter().enumerate().map(|(i, s)| (s.content.clone(), i)).collect();
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
        assert_eq!(samples.add("aa", labelled("cat"), 0), Ok(Added::New("aa".into())));
        assert_eq!(samples.add("aa", labelled("dog"), 0), Ok(Added::Duplicate("aa".into())));
        assert_eq!(samples.labels(), ["cat"]);
    }

    #[test]
    fn a_list_of_labels_has_no_order_and_names_each_once() {
        let mut samples = Samples::default();
        let several = |names: &[&str]| Label::Several(names.iter().map(|n| n.to_string()).collect());
        samples.add("aa", Meta { label: Some(several(&["dog", "cat", "dog"])), ..Meta::default() }, 0).unwrap();
        assert_eq!(samples.labels(), ["cat", "dog"]);
        samples.relabel(&["aa".to_owned()], Some(several(&["cat", "dog"]))).unwrap();
        assert!(samples.undo() && samples.is_empty(), "the same set is no change");
    }

    #[test]
    fn an_id_names_one_content() {
        let mut samples = Samples::default();
        let named = || Meta { id: Some("one".into()), ..labelled("cat") };
        samples.add("aa", named(), 0).unwrap();
        assert_eq!(samples.add("bb", named(), 0).unwrap_err().code(), "id-taken");
    }

    #[test]
    fn an_unknown_id_changes_nothing() {
        let mut samples = Samples::default();
        samples.add("aa", labelled("cat"), 0).unwrap();
        let ids = ["aa".to_owned(), "zz".to_owned()];
        assert_eq!(samples.relabel(&ids, Some("dog".into())).unwrap_err().item(), Some("zz"));
        assert_eq!(samples.remove(&ids).unwrap_err().code(), "unknown-id");
        assert_eq!((samples.labels(), samples.len()), (vec!["cat".to_owned()], 1));
    }

    #[test]
    fn a_removed_sample_can_come_back() {
        let mut samples = Samples::default();
        for content in ["aa", "bb", "cc"] {
            samples.add(content, labelled(content), 0).unwrap();
        }
        samples.remove(&["aa".to_owned()]).unwrap();
        assert_eq!(samples.with_content("cc").unwrap().id, "cc");
        assert_eq!(samples.add("aa", labelled("dog"), 0), Ok(Added::New("aa".into())));
        assert_eq!(samples.labels(), ["bb", "cc", "dog"]);
    }

    /// Every state that a run of random actions passes through comes back on the way down, and again on the way up.
    #[test]
    fn undo_and_redo_pass_through_the_same_states() {
        let mut samples = Samples::default();
        let mut state = 7_u64;
        let mut random = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        let mut states = vec![snapshot(&samples)];
        for action in 0..60 {
            let here: Vec<String> = samples.iter().map(|s| s.id.clone()).collect();
            let some: Vec<String> = here.iter().filter(|_| random(3) == 0).cloned().collect();
            match random(3) {
                0 => samples.relabel(&some, Some(["cat", "dog"][random(2)].into())).unwrap(),
                1 if here.len() > 12 => samples.remove(&some).unwrap(),
                _ => (0..1 + random(4)).for_each(|i| {
                    samples.add(&format!("{action}-{i}"), labelled("cat"), action).unwrap();
                }),
            }
            if *states.last().unwrap() != snapshot(&samples) {
                states.push(snapshot(&samples));
            }
        }
        assert!(states.len() > 40);
        for state in states.iter().rev().skip(1) {
            assert!(samples.undo());
            assert_eq!(&snapshot(&samples), state);
        }
        assert!(!samples.undo());
        for state in &states[1..] {
            assert!(samples.redo());
            assert_eq!(&snapshot(&samples), state);
        }
        assert!(!samples.redo());
    }

    #[test]
    fn a_new_action_ends_redo() {
        let mut samples = Samples::default();
        samples.add("aa", labelled("cat"), 0).unwrap();
        assert!(samples.undo());
        samples.add("bb", labelled("cat"), 1).unwrap();
        assert!(!samples.redo());
        assert_eq!(samples.len(), 1);
    }

    /// Found by an audit: undo during an `add` took back the first half of it, for ever, and the other half stayed.
    #[test]
    fn an_add_is_one_action_whatever_is_done_while_it_comes() {
        let mut samples = Samples::default();
        let ids = |samples: &Samples| samples.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
        samples.add("aa", labelled("cat"), 0).unwrap();
        samples.add("bb", labelled("cat"), 1).unwrap();
        assert!(samples.undo());
        assert_eq!(samples.add("cc", labelled("cat"), 1), Ok(Added::New("cc".into())));
        assert_eq!(samples.add("cc", labelled("dog"), 1), Ok(Added::Duplicate("cc".into())));
        let taken = Meta { id: Some("bb".into()), ..labelled("cat") };
        assert_eq!(samples.add("dd", taken, 1).unwrap_err().code(), "id-taken");
        assert_eq!(ids(&samples), ["aa"]);
        assert!(samples.redo());
        samples.add("ee", labelled("cat"), 1).unwrap();
        assert_eq!(ids(&samples), ["aa", "bb", "cc", "ee"]);
        // What is done to some of them in between does not part them.
        samples.relabel(&["bb".to_owned()], Some("dog".into())).unwrap();
        samples.remove(&["cc".to_owned()]).unwrap();
        samples.add("ff", labelled("cat"), 1).unwrap();
        assert!(samples.undo() && samples.undo());
        assert_eq!((ids(&samples).len(), samples.labels().len()), (5, 1));
        assert!(samples.undo());
        assert_eq!(ids(&samples), ["aa"]);
        assert!(samples.redo() && samples.redo() && samples.redo() && !samples.redo());
        assert_eq!(ids(&samples), ["aa", "bb", "ee", "ff"]);
        assert_eq!(samples.labels(), ["cat", "dog"]);
        // Once it cannot be done again, the rest of it comes to nothing.
        samples.add("gg", labelled("cat"), 2).unwrap();
        assert!(samples.undo());
        samples.relabel(&["aa".to_owned()], Some("dog".into())).unwrap();
        samples.add("hh", labelled("cat"), 2).unwrap();
        assert_eq!(ids(&samples), ["aa", "bb", "ee", "ff"]);
        assert!(!samples.redo());
    }

    #[test]
    fn two_adds_at_once_are_two_actions() {
        let mut samples = Samples::default();
        let ids = |samples: &Samples| samples.iter().map(|s| s.id.clone()).collect::<Vec<_>>();
        for (content, call) in [("a1", 1), ("b1", 2), ("a2", 1), ("b2", 2), ("a3", 1)] {
            samples.add(content, labelled("cat"), call).unwrap();
        }
        samples.remove(&["b1".to_owned()]).unwrap();
        assert!(samples.undo() && samples.undo());
        assert_eq!(ids(&samples), ["a1", "a2", "a3"]);
        assert!(samples.undo() && samples.is_empty() && !samples.undo());
        assert!(samples.redo() && samples.redo() && samples.redo());
        assert_eq!(ids(&samples), ["a1", "a2", "a3", "b2"]);
    }

    /// A content that is taken out and comes again with the same call is put back once.
    #[test]
    fn what_comes_again_after_it_was_removed_is_another_action() {
        let mut samples = Samples::default();
        samples.add("aa", labelled("cat"), 1).unwrap();
        samples.remove(&["aa".to_owned()]).unwrap();
        samples.add("aa", labelled("dog"), 1).unwrap();
        assert!(samples.undo() && samples.is_empty());
        assert!(samples.undo());
        assert_eq!(samples.labels(), ["cat"]);
        assert!(samples.undo() && samples.is_empty() && !samples.undo());
        assert!(samples.redo() && samples.redo() && samples.redo());
        assert_eq!(samples.labels(), ["dog"]);
    }

    #[test]
    fn what_changes_nothing_is_no_action() {
        let mut samples = Samples::default();
        samples.add("aa", labelled("cat"), 0).unwrap();
        samples.relabel(&["aa".to_owned()], Some("cat".into())).unwrap();
        samples.remove(&[]).unwrap();
        assert!(samples.undo());
        assert!(samples.is_empty());
    }

    fn snapshot(samples: &Samples) -> Vec<(String, Option<Label>)> {
        for sample in samples.iter() {
            assert_eq!(samples.with_content(&sample.content).unwrap().id, sample.id);
        }
        samples.iter().map(|s| (s.id.clone(), s.label.clone())).collect()
    }
}
