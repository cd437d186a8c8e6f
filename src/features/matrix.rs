/// Rows of f32 on the host, one after another.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    cols: usize,
    values: Vec<f32>,
}

impl Matrix {
    pub fn new(cols: usize, values: Vec<f32>) -> Self {
        assert!(cols > 0 && values.len().is_multiple_of(cols), "{} values are no rows of {cols}", values.len());
        Self { cols, values }
    }

    pub fn with_capacity(cols: usize, rows: usize) -> Self {
        Self::new(cols, Vec::with_capacity(cols * rows))
    }

    pub fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.cols);
        self.values.extend_from_slice(row);
    }

    pub fn rows(&self) -> usize {
        self.values.len() / self.cols
    }

    pub fn cols(&self) -> usize {
        self.cols
    }

    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.cols..][..self.cols]
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.cols)
    }

    pub fn values(&self) -> &[f32] {
        &self.values
    }

    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    pub fn transposed(&self) -> Self {
        let rows = self.rows();
        Self::new(rows, (0..self.values.len()).map(|i| self.values[i % rows * self.cols + i / rows]).collect())
    }

    /// The rows named, in that order.
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut out = Self::with_capacity(self.cols, rows.len());
        rows.iter().for_each(|&r| out.push(self.row(r)));
        out
    }

    /// Every row divided by its L2 norm; a row of zeros stays one.
    pub fn normalised(mut self) -> Self {
        for row in self.values.chunks_exact_mut(self.cols) {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            if norm > 0.0 {
                row.iter_mut().for_each(|v| *v /= norm);
            }
        }
        self
    }
}

/// Sum of products. In eight lanes, because the compiler may not reorder a float sum by itself to use SIMD.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for i in 0..8 {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

/// Cosine similarity; 0 when either is a row of zeros.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms > 0.0 { dot(a, b) / norms } else { 0.0 }
}
