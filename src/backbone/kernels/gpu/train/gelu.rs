//! GELU by the error function, exactly, of values that stay as they are.

use burn::cubecl;
use cubecl::prelude::*;

use super::super::{Buffer, units};

pub fn gelu(x: &Buffer) -> Buffer {
    launch(x, None)
}

/// `slopes` times the derivative at `x`.
pub fn gelu_back(x: &Buffer, slopes: &Buffer) -> Buffer {
    launch(x, Some(slopes))
}

fn launch(x: &Buffer, slopes: Option<&Buffer>) -> Buffer {
    let out = x.room(x.len());
    let (count, dim) = units(x.len() / 4);
    // Safety: a unit stays inside of the buffers, which are of one size.
    unsafe {
        each::launch_unchecked(
            &x.0.client,
            count,
            dim,
            x.0.clone().into_buffer_arg(),
            slopes.map(|slopes| slopes.0.clone().into_buffer_arg()).into(),
            out.0.clone().into_buffer_arg(),
            x.len() / 4,
            slopes.is_some(),
        );
    }
    out
}

#[cube(launch_unchecked)]
fn each(
    x: &[Vector<f32, Const<4>>],
    slopes: ComptimeOption<&[Vector<f32, Const<4>>]>,
    out: &mut [Vector<f32, Const<4>>],
    len: usize,
    #[comptime] back: bool,
) {
    if ABSOLUTE_POS >= len {
        terminate!();
    }
    let x = x[ABSOLUTE_POS];
    let half = Vector::<f32, Const<4>>::new(0.5f32);
    let inverse_root_of_two = Vector::<f32, Const<4>>::new(comptime!(std::f32::consts::FRAC_1_SQRT_2));
    // The normal distribution, and x times its density.
    let below = half * (Vector::new(1.0f32) + Vector::erf(x * inverse_root_of_two));
    let density = Vector::<f32, Const<4>>::new(0.398_942_3f32);
    let slope: ComptimeOption<Vector<f32, Const<4>>> = slopes.as_ref().map(|slopes| slopes[ABSOLUTE_POS]);
    if back {
        let bell = Vector::exp(x * x * Vector::new(-0.5f32));
        out[ABSOLUTE_POS] = (below + x * density * bell) * slope.unwrap_or(x);
    } else {
        out[ABSOLUTE_POS] = x * below;
    }
}
