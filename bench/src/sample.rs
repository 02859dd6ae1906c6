//! Exact order statistics. The values of a run fit into a few megabytes, so no histogram is needed.

/// Sorted values.
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    /// Sorts the values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The smallest value that `percent` % of the values do not exceed; 0 if there are no values.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }

    /// The 50th percentile.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(50)
    }

    /// The mean; `None` if there are no values.
    pub(crate) fn mean(&self) -> Option<f64> {
        (!self.0.is_empty()).then(|| self.0.iter().sum::<f64>() / self.0.len() as f64)
    }

    /// The largest value.
    pub(crate) fn max(&self) -> f64 {
        self.percentile(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_of_the_sample() {
        let sample = Sample::of((1..=200).rev().map(f64::from));
        assert_eq!([sample.median(), sample.percentile(99), sample.max()], [100.0, 198.0, 200.0]);
        let one = Sample::of([7.0]);
        assert_eq!([one.median(), one.percentile(99), one.max()], [7.0; 3]);
        assert_eq!(Sample::of([]).max(), 0.0);
    }
}
