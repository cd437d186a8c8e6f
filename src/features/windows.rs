//! Long texts, embedded in parts.

use super::Matrix;

/// The embedding of a text from those of its windows: their mean by number of tokens, divided by its L2 norm.
pub fn join_windows(windows: &Matrix, lengths: &[usize]) -> Matrix {
    assert_eq!(windows.rows(), lengths.len(), "every window has a length");
    let mut sum = vec![0f32; windows.cols()];
    for (row, &length) in windows.iter().zip(lengths) {
        sum.iter_mut().zip(row).for_each(|(s, v)| *s += v * length as f32);
    }
    Matrix::new(windows.cols(), sum).normalised()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_count_by_their_tokens() {
        let joined = join_windows(&Matrix::new(2, vec![1.0, 0.0, 0.0, 1.0]), &[4, 3]);
        for (got, want) in joined.values().iter().zip([0.8, 0.6]) {
            assert!((got - want).abs() < 1e-6, "{got} {want}");
        }
    }
}
