//! Sorting, compiled once. The standard library's sorts are generic: each kind of item and each comparison is a copy of four to eight
//! kilobytes in a wasm module, and with fifty of them they were a tenth of it.

use std::cmp::Ordering;

/// 0 to below `n` in the order that `by` puts them in; equal ones stay as they are.
pub fn order(n: usize, by: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| by(a, b));
    order
}

/// Items in the order that `by` puts them in; equal ones stay as they are.
pub fn sort<T>(items: &mut Vec<T>, mut by: impl FnMut(&T, &T) -> Ordering) {
    let order = order(items.len(), &mut |a, b| by(&items[a], &items[b]));
    let mut taken: Vec<Option<T>> = std::mem::take(items).into_iter().map(Some).collect();
    items.extend(order.into_iter().map(|i| taken[i].take().expect("each has one place")));
}

/// Smallest first.
pub fn ascending(values: &mut [f64]) {
    values.sort_unstable_by(f64::total_cmp);
}

/// Smallest first.
pub fn ascending_f32(values: &mut [f32]) {
    values.sort_unstable_by(f32::total_cmp);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_and_equal_ones_stay_in_their_order() {
        let mut items: Vec<(u8, usize)> = [3, 1, 2, 1, 3, 2].into_iter().zip(0..).collect();
        sort(&mut items, |a, b| a.0.cmp(&b.0));
        assert_eq!(items, [(1, 1), (1, 3), (2, 2), (2, 5), (3, 0), (3, 4)]);
        assert_eq!(order(4, &mut |a, b| b.cmp(&a)), [3, 2, 1, 0]);
    }
}
