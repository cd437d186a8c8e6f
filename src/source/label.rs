//! What a sample is said to be.

use std::fmt;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Label {
    /// One class.
    Class(String),
    /// Any number of them, none included; sorted, each once.
    Several(Vec<String>),
    /// A quantity.
    Number(f64),
}

impl Label {
    pub fn several(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self::Several(names)
    }

    /// The classes it names.
    pub fn names(&self) -> &[String] {
        match self {
            Self::Class(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
            Self::Number(_) => &[],
        }
    }

    /// As it should be: lists sorted, each name once.
    pub fn tidy(self) -> Self {
        match self {
            Self::Several(names) => Self::several(names),
            label => label,
        }
    }
}

impl From<&str> for Label {
    fn from(name: &str) -> Self {
        Self::Class(name.to_owned())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(name) => write!(f, "{name}"),
            Self::Several(names) if names.is_empty() => write!(f, "none"),
            Self::Several(names) => write!(f, "{}", names.join(", ")),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}
