//! Which column is what, where nobody said.

use std::collections::HashSet;

use super::Cells;

const TEXT: [&str; 13] = [
    "text",
    "sentence",
    "utterance",
    "content",
    "review",
    "message",
    "comment",
    "tweet",
    "query",
    "question",
    "body",
    "description",
    "title",
];
const LABEL: [&str; 10] =
    ["label", "class", "category", "intent", "sentiment", "target", "topic", "tag", "labels", "rating"];
/// Rows looked at: enough to tell, and quick on a million.
const LOOK: usize = 500;
/// Of so few rows nobody can say what repeats.
const FEW: usize = 6;
/// Characters of the longest name that a header is expected to have.
const NAME: usize = 40;

/// A first row that names one of the columns we look for, or whose cells are short and none of them comes again below it.
pub fn is_header(rows: &[Cells]) -> bool {
    let Some((first, others)) = rows.split_first() else { return false };
    if first.values.iter().flatten().any(|cell| is_name(cell)) {
        return true;
    }
    if others.is_empty() {
        return false;
    }
    first.values.iter().enumerate().all(|(column, cell)| {
        let cell = cell.as_deref().unwrap_or("");
        let again = others.iter().take(LOOK).any(|row| row.values.get(column).and_then(Option::as_deref) == Some(cell));
        !cell.is_empty() && cell.chars().count() <= NAME && !again
    }) && others.iter().take(LOOK).any(|row| row.values.iter().flatten().any(|cell| cell.chars().count() > NAME))
}

/// A sentence has commas too. A table's first row names a column we look for; or all rows have the same number of cells, and
/// one column has values that come again and again.
pub fn looks_like_table(rows: &[Cells]) -> bool {
    let Some(first) = rows.first() else { return false };
    let columns = first.values.len();
    if columns < 2 || first.values.iter().flatten().any(|cell| is_name(cell)) {
        return columns > 1;
    }
    let even = rows.iter().all(|row| row.values.len() == columns);
    // The first may be a header, whose names come once.
    let below = &rows[1..];
    even && below.len() > 3 && (0..columns).any(|c| 2 * distinct(below, c) <= below.len().min(LOOK))
}

/// The column with a name for texts, or else the longest that has not a name for labels; none of those `spoken_for`, as
/// long as there is another.
pub fn text(names: &[String], rows: &[Cells], spoken_for: &[usize]) -> usize {
    let free = || (0..names.len()).filter(|column| !spoken_for.contains(column));
    let called = |column: usize, wanted: &str| names[column].eq_ignore_ascii_case(wanted);
    let named = TEXT.iter().find_map(|wanted| free().find(|&column| called(column, wanted)));
    let is_label = |column: usize| LABEL.iter().any(|wanted| called(column, wanted));
    let longest = || free().rev().max_by_key(|&column| (!is_label(column), length(rows, column)));
    named.or_else(longest).unwrap_or(0)
}

/// `None` when no other column repeats its values, or (in a handful of rows, where nothing repeats) has short ones.
pub fn label(names: &[String], rows: &[Cells], text: usize) -> Option<usize> {
    let others = || (0..names.len()).filter(|&column| column != text);
    let named = LABEL.iter().find_map(|wanted| others().find(|&column| names[column].eq_ignore_ascii_case(wanted)));
    named.or_else(|| {
        let seen = rows.len().min(LOOK);
        others()
            .filter(|&column| length(rows, column) > 0)
            .filter(|&column| 2 * distinct(rows, column) <= seen || seen < FEW && longest(rows, column) <= NAME)
            .min_by_key(|&column| distinct(rows, column))
    })
}

fn is_name(cell: &str) -> bool {
    TEXT.iter().chain(&LABEL).any(|name| cell.trim().eq_ignore_ascii_case(name))
}

fn cells(rows: &[Cells], column: usize) -> impl Iterator<Item = &str> {
    rows.iter().take(LOOK).filter_map(move |row| row.values.get(column)?.as_deref())
}

fn longest(rows: &[Cells], column: usize) -> usize {
    cells(rows, column).map(|cell| cell.chars().count()).max().unwrap_or(0)
}

fn distinct(rows: &[Cells], column: usize) -> usize {
    cells(rows, column).collect::<HashSet<_>>().len()
}

fn length(rows: &[Cells], column: usize) -> usize {
    cells(rows, column).map(str::len).sum()
}
