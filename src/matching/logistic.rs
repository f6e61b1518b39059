//! Logistic regression, small and deterministic: Newton's method with an L2 penalty.

/// The logistic function.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The inverse of [`sigmoid`], kept finite.
#[must_use]
pub fn logit(p: f64) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

/// The inner product.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// What `weights` (the last one the constant) predict for `inputs`.
#[must_use]
pub fn predict(weights: &[f64], inputs: &[f64]) -> f64 {
    sigmoid(dot(weights, inputs) + weights.last().copied().unwrap_or(0.0))
}

/// One observation.
#[derive(Debug, Clone)]
pub struct Row {
    /// What is known.
    pub inputs: Vec<f64>,
    /// What came of it.
    pub outcome: bool,
    /// How much it counts.
    pub weight: f64,
}

/// Weights (the last one the constant) such that `sigmoid(weights · (x, 1))` predicts each row's outcome.
/// `penalty` pulls all weights but the constant to 0.
#[must_use]
pub fn fit(rows: &[Row], penalty: f64) -> Vec<f64> {
    let width = rows.first().map_or(0, |r| r.inputs.len()) + 1;
    let mut weights = vec![0.0; width];
    for _ in 0..50 {
        let mut slope = vec![0.0; width];
        let mut curve = vec![vec![0.0; width]; width];
        for Row { inputs, outcome, weight } in rows {
            let x: Vec<f64> = inputs.iter().copied().chain([1.0]).collect();
            let p = sigmoid(dot(&weights, &x));
            let error = f64::from(u8::from(*outcome)) - p;
            for i in 0..width {
                slope[i] += weight * error * x[i];
                for j in 0..width {
                    curve[i][j] += weight * p * (1.0 - p) * x[i] * x[j];
                }
            }
        }
        for i in 0..width - 1 {
            slope[i] -= penalty * weights[i];
            curve[i][i] += penalty;
        }
        curve[width - 1][width - 1] += 1e-6;
        let step = solve(curve, slope);
        weights.iter_mut().zip(&step).for_each(|(w, s)| *w += s);
        if step.iter().all(|s| s.abs() < 1e-8) {
            break;
        }
    }
    weights
}

/// Solves `a x = b` for a positive definite `a` (Gauss; such a matrix needs no pivots).
#[must_use]
pub fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    let head = |row: &[f64], i: usize| if row[i].abs() < 1e-12 { 1e-12 } else { row[i] };
    for i in 0..n {
        let above = a[i].clone();
        for row in i + 1..n {
            let factor = a[row][i] / head(&above, i);
            a[row].iter_mut().zip(&above).for_each(|(x, y)| *x -= factor * y);
            b[row] -= factor * b[i];
        }
    }
    for i in (0..n).rev() {
        let rest: f64 = (i + 1..n).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - rest) / head(&a[i], i);
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_odds_of_a_single_feature() {
        // 3 of 4 with the feature, 1 of 4 without: odds 3 and 1/3.
        let row = |x: f64, n: usize, of: usize| (0..of).map(move |i| Row { inputs: vec![x], outcome: i < n, weight: 1.0 });
        let rows: Vec<_> = row(1.0, 3, 4).chain(row(0.0, 1, 4)).collect();
        let weights = fit(&rows, 0.0);
        assert!((weights[1] - (1.0_f64 / 3.0).ln()).abs() < 1e-4, "{weights:?}");
        assert!((weights[0] + weights[1] - 3.0_f64.ln()).abs() < 1e-4, "{weights:?}");
    }
}
