//! Which texts go through a backbone together.

use crate::metrics::order;

/// Padding that a bucket may have: one part in this many.
const WASTE: usize = 8;

/// Indices of `lengths` in groups, shortest first; a group has at most `tokens` tokens when padded to its longest (one
/// text may have more), and little padding.
pub fn alike(lengths: &[usize], tokens: usize) -> Vec<Vec<usize>> {
    let order = order(lengths.len(), &mut |a, b| lengths[a].cmp(&lengths[b]));
    let mut out: Vec<Vec<usize>> = Vec::new();
    for i in order {
        let length = lengths[i];
        match out.last_mut() {
            // The first is the shortest, and this one would be the longest.
            Some(bucket)
                if (bucket.len() + 1) * length <= tokens && (length - lengths[bucket[0]]) * WASTE <= length =>
            {
                bucket.push(i);
            }
            _ => out.push(vec![i]),
        }
    }
    out
}

/// Indices of `lengths` in groups of at most `tokens` tokens without padding, as they come; one text may have more.
pub fn in_turn(lengths: &[usize], tokens: usize) -> Vec<Vec<usize>> {
    let mut out: Vec<Vec<usize>> = Vec::new();
    let mut room = 0;
    for (i, &length) in lengths.iter().enumerate() {
        match out.last_mut() {
            Some(group) if length <= room => group.push(i),
            _ => {
                out.push(vec![i]);
                room = tokens;
            }
        }
        room = room.saturating_sub(length);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{alike, in_turn};

    #[test]
    fn every_text_is_in_one_bucket_of_like_length() {
        let lengths: Vec<usize> = (0..500).map(|i| 2 + (i * 7919) % 255).collect();
        let buckets = alike(&lengths, 2048);
        let mut all: Vec<usize> = buckets.concat();
        all.sort_unstable();
        assert_eq!(all, (0..500).collect::<Vec<_>>());
        for bucket in &buckets {
            let longest = bucket.iter().map(|&i| lengths[i]).max().unwrap();
            let padded = bucket.len() * longest;
            let real: usize = bucket.iter().map(|&i| lengths[i]).sum();
            assert!(bucket.len() == 1 || padded <= 2048);
            assert!((padded - real) * 8 <= padded, "{padded} for {real}");
        }
        assert!(buckets.len() < 60, "{} passes", buckets.len());
    }

    #[test]
    fn in_turn_they_fill_the_room() {
        assert_eq!(in_turn(&[3, 4, 4, 1, 20, 2, 8], 8), [vec![0, 1], vec![2, 3], vec![4], vec![5], vec![6]]);
    }

    #[test]
    fn a_text_over_the_limit_has_its_own() {
        assert_eq!(alike(&[300, 300], 256), [[0], [1]]);
    }
}
