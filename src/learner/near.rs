//! Which samples are nearly the same.

use std::collections::{BTreeMap, HashMap};

use super::Learner;
use crate::judge::NearDuplicates;
use crate::metrics::{groups, sort};
use crate::source::{Content, Sample};

/// Two rows are near-duplicates when their cosine distance is below this part of what two rows have in the mean. Pictures
/// of one burst are below; the nearest two of 970 photographs of garments are at 0.16, and of 48 drawings at 0.13. Of texts
/// only spelling, case or a word may differ.
const NEAR: [f32; 2] = [0.12, 0.05];

impl Learner {
    /// Near-duplicates among the samples as pairs of the store's rows, with their cosines.
    pub(super) fn near_pairs(&self) -> Vec<(usize, usize, f32)> {
        let mut samples: Vec<&Sample> = self.samples.iter().collect();
        // So that the mean's last bits do not depend on which came first.
        sort(&mut samples, |a, b| a.content.cmp(&b.content));
        let places: Vec<usize> =
            samples.iter().map(|s| self.rows.place(&s.content).expect("a sample has a row")).collect();
        let n = places.len();
        if n < 2 {
            return Vec::new();
        }
        let mut mean = vec![0f32; self.dim()];
        for &place in &places {
            let row = self.rows.at(place);
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / norm / n as f32);
        }
        // The mean cosine of two rows is the squared length of the mean row, but for each with itself.
        let squared: f32 = mean.iter().map(|v| v * v).sum();
        let apart = 1.0 - (n as f32 * squared - 1.0) / (n - 1) as f32;
        let kind = usize::from(matches!(**self.rows.content(0), Content::Text(_)));
        // Rows that are all the same are near too, whatever rounding says.
        let least = (1.0 - NEAR[kind] * apart).min(0.9999);
        let near = |a: usize| self.near.of(a).iter().map(move |&(cosine, b)| (a, b, cosine));
        places.into_iter().flat_map(near).filter(|&(_, _, cosine)| cosine >= least).collect()
    }

    /// Samples that are linked by near-duplicates, those with differing labels first.
    pub(super) fn near_duplicates(&self) -> Vec<NearDuplicates> {
        let list: Vec<&Sample> = self.samples.iter().collect();
        let at: HashMap<usize, usize> =
            list.iter().enumerate().filter_map(|(i, s)| Some((self.rows.place(&s.content)?, i))).collect();
        let pairs: Vec<(usize, usize, f32)> = self
            .near_pairs()
            .into_iter()
            .filter_map(|(a, b, cosine)| Some((*at.get(&a)?, *at.get(&b)?, cosine)))
            .collect();
        let numbers = groups(&vec![None; list.len()], pairs.iter().map(|&(a, b, _)| (a, b)));
        let mut found: BTreeMap<usize, (Vec<usize>, f32)> = BTreeMap::new();
        numbers.iter().enumerate().for_each(|(i, &g)| found.entry(g).or_insert((Vec::new(), 1.0)).0.push(i));
        for (a, _, cosine) in pairs {
            let least = &mut found.get_mut(&numbers[a]).expect("every sample has a group").1;
            *least = least.min(cosine);
        }
        let mut found: Vec<NearDuplicates> = found
            .into_values()
            .filter(|(members, _)| members.len() > 1)
            .map(|(members, similarity)| NearDuplicates {
                ids: members.iter().map(|&i| list[i].id.clone()).collect(),
                similarity,
                labels_differ: members.iter().any(|&i| list[i].label != list[members[0]].label),
            })
            .collect();
        sort(&mut found, |a, b| b.labels_differ.cmp(&a.labels_differ).then(b.similarity.total_cmp(&a.similarity)));
        found
    }
}
