//! What was done to the samples, so that it can be taken back and done again.

use super::{Label, Sample};

/// One action, with all that is needed to go either way.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// Samples that came in at the end of the list. `call` tells which `add` they came with.
    Added {
        call: u64,
        samples: Vec<Sample>,
    },
    /// Samples that were taken out, with the places they had, ascending.
    Removed(Vec<(usize, Sample)>),
    Relabelled(Vec<Relabelled>),
}

#[derive(Debug, Clone)]
pub(super) struct Relabelled {
    pub id: String,
    pub before: Option<Label>,
    pub after: Option<Label>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct History {
    done: Vec<Change>,
    undone: Vec<Change>,
}

impl History {
    /// A new action. What was taken back before it can no longer be done again: it may not fit any more.
    pub fn push(&mut self, change: Change) {
        self.undone.clear();
        match (self.done.last_mut(), change) {
            // Five hundred pictures that were dropped together go together.
            (Some(Change::Added { call, samples }), Change::Added { call: same, samples: more }) if *call == same => {
                samples.extend(more);
            }
            (_, change) => self.done.push(change),
        }
    }

    /// The action to take back now; it counts as undone.
    pub fn undo(&mut self) -> Option<&Change> {
        self.undone.push(self.done.pop()?);
        self.undone.last()
    }

    /// The action to do again now; it counts as done.
    pub fn redo(&mut self) -> Option<&Change> {
        self.done.push(self.undone.pop()?);
        self.done.last()
    }
}
