//! What the cells of a column of labels are. As the page reads them (www/intake/labelled.ts).

use std::collections::HashSet;

use clap::ValueEnum;
use headstart::source::Label;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reading {
    Classes,
    Labels,
    Numbers,
}

/// So many different numbers are no names of classes, as 1 to 5 may be.
const MANY: usize = 10;

pub fn guess<'a>(cells: impl Iterator<Item = &'a str>) -> Reading {
    let cells: Vec<&str> = cells.collect();
    let numbers: Vec<f64> = cells.iter().filter_map(|cell| number(cell)).collect();
    // "unknown" here and there does not make them names.
    if !cells.is_empty() && numbers.len() as f64 >= 0.9 * cells.len() as f64 {
        let different: HashSet<u64> = numbers.iter().map(|n| n.to_bits()).collect();
        let names = numbers.iter().all(|n| n.fract() == 0.0) && different.len() <= MANY;
        return if names { Reading::Classes } else { Reading::Numbers };
    }
    // Of a single one with a mark in it nothing follows.
    if cells.iter().filter(|cell| several(cell).len() > 1).count() > 1 { Reading::Labels } else { Reading::Classes }
}

impl Reading {
    /// `None` for what is not of its kind.
    pub fn label(self, cell: &str) -> Option<Label> {
        match self {
            Reading::Classes => Some(Label::from(cell)),
            Reading::Labels => Some(Label::several(several(cell))),
            Reading::Numbers => number(cell).map(Label::Number),
        }
    }
}

fn several(cell: &str) -> Vec<String> {
    cell.split([';', '|']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok().filter(|n: &f64| n.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_classes_labels_or_numbers() {
        let kind = |cells: &[&str]| guess(cells.iter().copied());
        assert_eq!(kind(&["a", "b", "a"]), Reading::Classes);
        assert_eq!(kind(&["1", "2", "5", "1"]), Reading::Classes);
        assert_eq!(kind(&["1.5", "2", "5", "1"]), Reading::Numbers);
        assert_eq!(kind(&["a; b", "b|c", ""]), Reading::Labels);
        assert_eq!(kind(&["R&D; sales", "b", "c"]), Reading::Classes);
        assert_eq!(kind(&[]), Reading::Classes);
        assert_eq!(Reading::Labels.label("b|a; b"), Some(Label::several(vec!["a".into(), "b".into()])));
        assert_eq!(Reading::Numbers.label("many"), None);
    }
}
