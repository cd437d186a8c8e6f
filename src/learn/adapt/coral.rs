//! Rows with the mean and the covariance of others: `(x − m) · (S + λI)^-½ (T + μI)^½ + n`.

use super::{Spectrum, minus, plus};
use crate::backbone::kernels::{Packed, Then};
use crate::features::Matrix;

/// λ and μ over the mean variance of a dimension. With fewer rows than dimensions most directions have no variance of their
/// own to match, so that only those count that clearly do. Over 112 draws of 12 pairs of domains, whole and at 8 to 50 a class,
/// accuracy on the target is 7.3 points up in the mean with 10, and 7.1 with 3; with 1 nusax_english → nusax_javanese has three less.
const RIDGE: f32 = 10.0;

/// `x` has the mean and covariance of `from`. Where rows do not vary at all, only the mean is moved.
pub fn recoloured(x: Matrix, from: &Spectrum, to: &Spectrum) -> Matrix {
    let mut x = minus(x, from.mean());
    if from.variance() > 0.0 && to.variance() > 0.0 {
        x = power(&power(&x, from, -0.5), to, 0.5);
    }
    plus(x, to.mean())
}

/// `x · (C + λI)^exponent`: along the axes by their variances, across them as if there were none.
fn power(x: &Matrix, of: &Spectrum, exponent: f32) -> Matrix {
    let (axes, rows) = (of.axes(), x.rows());
    let ridge = RIDGE * of.variance() / x.cols() as f32;
    let across = ridge.powf(exponent);
    let scales: Vec<f32> = of.variances().iter().map(|v| (v + ridge).powf(exponent) - across).collect();
    let mut along = vec![0.0; rows * axes.rows()];
    Packed::from_rows(axes.values(), &vec![0.0; axes.rows()]).apply(x.values(), rows, &mut along, Then::Nothing);
    for row in along.chunks_exact_mut(axes.rows()) {
        row.iter_mut().zip(&scales).for_each(|(v, scale)| *v *= scale);
    }
    let rest: Vec<f32> = x.values().iter().map(|v| v * across).collect();
    let mut out = Matrix::new(x.cols(), vec![0.0; rest.len()]);
    let back = Packed::from_columns(axes.values(), axes.rows(), x.cols());
    back.apply(&along, rows, out.values_mut(), Then::Add(&rest));
    out
}
