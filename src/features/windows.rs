//! Long texts, embedded in parts.

use super::Matrix;

/// One embedding a text from those of its windows: their mean by number of tokens, divided by its L2 norm.
///
/// `rows` and `lengths` are of the windows, text after text; `windows` says how many each text has.
pub fn join_windows(rows: &Matrix, lengths: &[usize], windows: &[usize]) -> Matrix {
    assert!(rows.rows() == lengths.len() && windows.iter().sum::<usize>() == lengths.len(), "every window is a text's");
    let mut out = Matrix::with_capacity(rows.cols(), windows.len());
    let mut at = 0;
    for &count in windows {
        let mut sum = vec![0f32; rows.cols()];
        for window in at..at + count {
            sum.iter_mut().zip(rows.row(window)).for_each(|(s, v)| *s += v * lengths[window] as f32);
        }
        out.push(&sum);
        at += count;
    }
    out.normalised()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_count_by_their_tokens() {
        let rows = Matrix::new(2, vec![1.0, 0.0, 0.0, 1.0, 0.6, 0.8]);
        let joined = join_windows(&rows, &[4, 3, 9], &[2, 1]);
        for (got, want) in joined.values().iter().zip([0.8, 0.6, 0.6, 0.8]) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
    }
}
