//! Products of matrices for a block of samples.
//!
//! Values are stored feature by feature, each with a value for every sample of the block, so that
//! vectors run along the samples: a layer of any size fills them. Tiles of the result stay in
//! registers (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS
//! 34 (2008) 12).

use pulp::Simd;

use crate::error::Error;
use crate::memory;
use crate::mlp::{Activation, tanh};

/// Samples of a block; a multiple of the lanes of any two vectors.
pub(crate) const BLOCK: usize = 128;
/// Rows and vectors of a tile: enough sums to hide the latency of an addition.
const ROWS: usize = 6;
const VECTORS: usize = 2;
/// Rows of the tile in `add_gradient`, which has one sum for each weight.
const OUTER: usize = 4;
const INNER: usize = 3;

/// The rows of a matrix in groups; each group has an array for each column.
#[derive(Debug, Default)]
pub(crate) struct PackedMatrix {
    rows: usize,
    columns: usize,
    groups: Vec<[f32; ROWS]>,
}

impl PackedMatrix {
    /// Copies a matrix; `value` takes a row and a column.
    pub(crate) fn pack(
        &mut self,
        rows: usize,
        columns: usize,
        value: impl Fn(usize, usize) -> f32,
    ) -> Result<(), Error> {
        (self.rows, self.columns) = (rows, columns);
        let groups = rows.div_ceil(ROWS);
        memory::grow(&mut self.groups, groups * columns)?;
        for (group, arrays) in self.groups.chunks_exact_mut(columns).enumerate() {
            for (column, array) in arrays.iter_mut().enumerate() {
                for (at, own) in array.iter_mut().enumerate() {
                    let row = group * ROWS + at;
                    *own = if row < rows { value(row, column) } else { 0.0 };
                }
            }
        }
        Ok(())
    }
}

/// What becomes of the sums of a product.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Finish<'a> {
    /// Adds a bias, and applies the activation.
    Layer(&'a [f32], Option<Activation>),
    /// Multiplies with the derivative of the activation, given what it returned.
    Derivative(&'a [f32], Activation),
}

/// Multiplies a matrix with the values of a block.
#[inline(always)]
pub(crate) fn multiply<S: Simd>(
    simd: S,
    matrix: &PackedMatrix,
    from: &[f32],
    finish: Finish<'_>,
    to: &mut [f32],
) {
    let width = BLOCK / S::F32_LANES;
    let from = S::as_simd_f32s(from).0;
    let to = S::as_mut_simd_f32s(to).0;
    let zero = simd.splat_f32s(0.0);
    let one = simd.splat_f32s(1.0);
    let groups = matrix.groups.chunks_exact(matrix.columns);
    let mut first = 0;
    for arrays in groups {
        let rows = ROWS.min(matrix.rows - first);
        let mut column = 0;
        while column + VECTORS <= width {
            let mut sums = [[zero; VECTORS]; ROWS];
            for (weights, values) in arrays.iter().zip(from.chunks_exact(width)) {
                let values = &values[column..column + VECTORS];
                for row in 0..ROWS {
                    let weight = simd.splat_f32s(weights[row]);
                    for at in 0..VECTORS {
                        sums[row][at] = simd.mul_add_e_f32s(weight, values[at], sums[row][at]);
                    }
                }
            }
            for (row, sums) in sums.iter().enumerate().take(rows) {
                let start = (first + row) * width + column;
                for at in 0..VECTORS {
                    let sum = sums[at];
                    to[start + at] = match finish {
                        Finish::Layer(biases, activation) => {
                            let sum = simd.add_f32s(sum, simd.splat_f32s(biases[first + row]));
                            match activation {
                                None => sum,
                                Some(Activation::Tanh) => tanh(simd, sum),
                                Some(Activation::Relu) => simd.max_f32s(sum, zero),
                            }
                        }
                        Finish::Derivative(values, Activation::Tanh) => {
                            let value = S::as_simd_f32s(values).0[start + at];
                            let slope = simd.sub_f32s(one, simd.mul_f32s(value, value));
                            simd.mul_f32s(sum, slope)
                        }
                        Finish::Derivative(values, Activation::Relu) => {
                            let value = S::as_simd_f32s(values).0[start + at];
                            let is_positive = simd.greater_than_f32s(value, zero);
                            simd.select_f32s(is_positive, sum, zero)
                        }
                    };
                }
            }
            column += VECTORS;
        }
        first += rows;
    }
}

/// Adds to the gradient of a layer: the products of the derivatives of its outputs with its inputs,
/// summed over the samples.
#[inline(always)]
pub(crate) fn add_gradient<S: Simd>(
    simd: S,
    derivatives: &[f32],
    inputs: &[f32],
    weights: &mut [f32],
    biases: &mut [f32],
) {
    let width = BLOCK / S::F32_LANES;
    let derivatives = S::as_simd_f32s(derivatives).0;
    let inputs = S::as_simd_f32s(inputs).0;
    let zero = simd.splat_f32s(0.0);
    let (rows, columns) = (biases.len(), weights.len() / biases.len());
    let mut row = 0;
    while row < rows {
        // Where rows are left over, the last one is computed more than once and written once.
        let mut outer = [&derivatives[..0]; OUTER];
        for at in 0..OUTER {
            outer[at] = &derivatives[(row + at).min(rows - 1) * width..][..width];
        }
        let mut column = 0;
        while column < columns {
            let mut inner = [&inputs[..0]; INNER];
            for at in 0..INNER {
                inner[at] = &inputs[(column + at).min(columns - 1) * width..][..width];
            }
            let mut sums = [[zero; INNER]; OUTER];
            let mut vector = 0;
            while vector < width {
                for r in 0..OUTER {
                    for c in 0..INNER {
                        sums[r][c] =
                            simd.mul_add_e_f32s(outer[r][vector], inner[c][vector], sums[r][c]);
                    }
                }
                vector += 1;
            }
            for (r, sums) in sums.iter().enumerate().take(rows - row) {
                for (c, &sum) in sums.iter().enumerate().take(columns - column) {
                    weights[(row + r) * columns + column + c] += simd.reduce_sum_f32s(sum);
                }
            }
            column += INNER;
        }
        for (r, values) in outer.iter().enumerate().take(rows - row) {
            let mut sum = zero;
            for &value in *values {
                sum = simd.add_f32s(sum, value);
            }
            biases[row + r] += simd.reduce_sum_f32s(sum);
        }
        row += OUTER;
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    /// Numbers that look random, from -0.5 to 0.5.
    fn numbers(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| next()).collect()
    }

    struct Products<'a> {
        matrix: &'a PackedMatrix,
        from: &'a [f32],
        biases: &'a [f32],
        to: &'a mut [f32],
        gradient: &'a mut [f32],
        sums: &'a mut [f32],
    }

    impl WithSimd for Products<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            let finish = Finish::Layer(self.biases, None);
            multiply(simd, self.matrix, self.from, finish, self.to);
            add_gradient(simd, self.to, self.from, self.gradient, self.sums);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "takes many minutes in Miri")]
    fn products_of_all_shapes_are_sums_of_products() {
        for (rows, columns) in [(1, 1), (1, 64), (2, 5), (6, 7), (13, 3), (64, 64)] {
            let weights = numbers(rows * columns, 1);
            let (from, biases) = (numbers(columns * BLOCK, 2), numbers(rows, 3));
            let mut matrix = PackedMatrix::default();
            let packed = matrix.pack(rows, columns, |row, column| weights[row * columns + column]);
            assert_eq!(packed, Ok(()));
            let mut to = vec![f32::NAN; rows * BLOCK];
            let (mut gradient, mut sums) = (vec![1.0; rows * columns], vec![2.0; rows]);
            Arch::new().dispatch(Products {
                matrix: &matrix,
                from: &from,
                biases: &biases,
                to: &mut to,
                gradient: &mut gradient,
                sums: &mut sums,
            });
            for row in 0..rows {
                let own = |sample: usize| {
                    let products = (0..columns)
                        .map(|at| weights[row * columns + at] * from[at * BLOCK + sample]);
                    biases[row] + products.sum::<f32>()
                };
                let values: Vec<f32> = (0..BLOCK).map(own).collect();
                let close = |one: f32, other: f32| (one - other).abs() < 1e-4;
                assert!((0..BLOCK).all(|at| close(values[at], to[row * BLOCK + at])));
                assert!(close(sums[row], 2.0 + values.iter().sum::<f32>()));
                for column in 0..columns {
                    let inputs = &from[column * BLOCK..(column + 1) * BLOCK];
                    let products = values.iter().zip(inputs).map(|(a, b)| a * b);
                    let expected = 1.0 + products.sum::<f32>();
                    assert!(close(gradient[row * columns + column], expected));
                }
            }
        }
    }
}
