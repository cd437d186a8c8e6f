//! What was done to the samples, so that it can be taken back and done again.

use std::collections::HashSet;

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
    /// Calls that were taken back and cannot be done again.
    ended: HashSet<u64>,
}

/// What has become of the samples that an `add` has brought so far.
#[derive(Debug, PartialEq)]
pub(super) enum Standing {
    In,
    TakenBack,
    /// Taken back, and something else was done since.
    Ended,
}

impl History {
    /// A new action. What was taken back before it can no longer be done again: it may not fit any more.
    pub fn push(&mut self, change: Change) {
        self.end_undone();
        self.done.push(change);
    }

    /// The same for a sample that came with a `call`.
    pub fn added(&mut self, call: u64, sample: Sample) {
        self.end_undone();
        // Five hundred pictures that were dropped together go together, whatever was done while they came.
        for change in self.done.iter_mut().rev() {
            match change {
                Change::Added { call: same, samples } if *same == call => return samples.push(sample),
                // One that was taken out and came again is not the same action twice.
                Change::Removed(gone) if gone.iter().any(|(_, s)| s.id == sample.id || s.content == sample.content) => {
                    break;
                }
                _ => {}
            }
        }
        self.done.push(Change::Added { call, samples: vec![sample] });
    }

    pub fn standing(&self, call: u64) -> Standing {
        let of_call = |change: &Change| matches!(change, Change::Added { call: same, .. } if *same == call);
        if self.undone.iter().any(of_call) {
            Standing::TakenBack
        } else if self.ended.contains(&call) {
            Standing::Ended
        } else {
            Standing::In
        }
    }

    /// Samples that were taken back with the `add` that they came with.
    pub fn taken_back(&self) -> impl Iterator<Item = &Sample> {
        self.undone.iter().flat_map(|change| match change {
            Change::Added { samples, .. } => samples.as_slice(),
            _ => &[],
        })
    }

    /// A sample of a call that was taken back: it comes in with the others if that is done again.
    pub fn join_taken_back(&mut self, call: u64, sample: Sample) {
        for change in &mut self.undone {
            if let Change::Added { call: same, samples } = change
                && *same == call
            {
                return samples.push(sample);
            }
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

    fn end_undone(&mut self) {
        for change in self.undone.drain(..) {
            if let Change::Added { call, .. } = change {
                self.ended.insert(call);
            }
        }
    }
}
