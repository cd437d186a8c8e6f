//! Self-training: target rows with the class that a head says they are, where it is surest (Yarowsky 1995; class by class,
//! so that the commonest does not crowd out the others: Zou et al. 2018).

use std::sync::Arc;

use crate::features::Matrix;
use crate::learn::Dataset;
use crate::metrics::{Probabilities, sort};
use crate::source::Content;

/// Part of the rows of each class that are believed.
const BELIEVED: f64 = 0.5;

/// The source and the rows of the target that `said` is surest of, with the classes it says.
pub fn with_surest(source: &Dataset, target: &Matrix, contents: &[Arc<Content>], said: &Probabilities) -> Dataset {
    let classes: Vec<usize> = (0..said.rows()).map(|row| said.top(row)).collect();
    let mut believed = Vec::new();
    for class in 0..said.classes {
        let mut rows: Vec<usize> = (0..classes.len()).filter(|&row| classes[row] == class).collect();
        sort(&mut rows, |&a, &b| said.row(b)[class].total_cmp(&said.row(a)[class]).then(a.cmp(&b)));
        rows.truncate((rows.len() as f64 * BELIEVED).ceil() as usize);
        believed.extend(rows);
    }
    believed.sort_unstable();
    let labelled: Vec<(usize, usize)> = believed.into_iter().map(|row| (row, classes[row])).collect();
    with_rows(source, target, contents, &labelled)
}

/// The source and rows of the target, `(row, class)`; each is a group of its own, and none has an id.
pub fn with_rows(source: &Dataset, target: &Matrix, contents: &[Arc<Content>], labelled: &[(usize, usize)]) -> Dataset {
    let mut data = source.clone();
    let next = data.groups.iter().max().map_or(0, |m| m + 1);
    for (i, &(row, class)) in labelled.iter().enumerate() {
        data.x.push(target.row(row));
        data.y.push(class);
        data.ids.push(String::new());
        data.groups.push(next + i);
        data.contents.push(contents[row].clone());
    }
    data
}
