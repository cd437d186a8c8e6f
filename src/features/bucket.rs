//! Texts of like length together.

/// Padding that a bucket may have: one part in this many.
const WASTE: usize = 8;

/// Indices of `lengths` in groups, shortest first; a group has at most `tokens` tokens when padded to its longest (one
/// text may have more), and little padding.
pub fn buckets(lengths: &[usize], tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&i| lengths[i]);
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

#[cfg(test)]
mod tests {
    use super::buckets;

    #[test]
    fn every_text_is_in_one_bucket_of_like_length() {
        let lengths: Vec<usize> = (0..500).map(|i| 2 + (i * 7919) % 255).collect();
        let buckets = buckets(&lengths, 2048);
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
    fn a_text_over_the_limit_has_its_own() {
        assert_eq!(buckets(&[300, 300], 256), [[0], [1]]);
    }
}
