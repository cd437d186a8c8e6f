//! A part of the samples, the same on every machine.

use std::ops::Range;
use std::str::FromStr;

/// The `i`th of `n` runs of samples in their order, as even as can be: one after another they are all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shard {
    /// From 1.
    pub i: usize,
    pub n: usize,
}

impl Shard {
    pub fn of(self, samples: usize) -> Range<usize> {
        // In u128: a product of two counts.
        let at = |i: usize| (samples as u128 * i as u128 / self.n as u128) as usize;
        at(self.i - 1)..at(self.i)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (i, n) = text.split_once('/').ok_or("i/n, as 1/4")?;
        let number =
            |text: &str| text.parse::<usize>().map_err(|_| format!("`{text}` is no whole number; i/n, as 1/4"));
        let (i, n) = (number(i)?, number(n)?);
        if !(1..=n).contains(&i) {
            return Err(format!("the first number is from 1 to the second, as 1/{}", n.max(1)));
        }
        Ok(Self { i, n })
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn shards_are_all_samples_in_their_order() {
        for (samples, n) in [(0, 1), (7, 3), (3, 7), (970, 8), (100, 100)] {
            let all: Vec<usize> = (1..=n).flat_map(|i| Shard { i, n }.of(samples)).collect();
            assert_eq!(all, (0..samples).collect::<Vec<_>>(), "{samples} in {n}");
            let sizes: Vec<usize> = (1..=n).map(|i| Shard { i, n }.of(samples).len()).collect();
            assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
        }
    }

    #[test]
    fn what_is_no_shard_says_so() {
        assert_eq!("2/4".parse(), Ok(Shard { i: 2, n: 4 }));
        for bad in ["", "1", "0/4", "5/4", "1/0", "a/4", "1/4/2"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
