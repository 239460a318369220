//! One measured value.

use serde::{Deserialize, Serialize};

/// The measured cost of a piece of work over so many rows, for one entrant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    pub work: String,
    pub rows: usize,
    pub entrant: String,
    pub value: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Microseconds a call: the tenth percentiles of wall and CPU time.
    Time { wall: f64, cpu: f64 },
    /// Bytes a call, a row or an account, as the work says.
    Bytes(f64),
    /// The number of times that something happened.
    Count(f64),
}

impl Value {
    /// The one number by which entrants are compared.
    pub fn main(self) -> f64 {
        match self {
            Self::Time { wall, .. } => wall,
            Self::Bytes(value) | Self::Count(value) => value,
        }
    }

    pub fn cpu(self) -> Option<f64> {
        match self {
            Self::Time { cpu, .. } => Some(cpu),
            _ => None,
        }
    }
}

/// The value below which a share of them lies. There must be one.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[(values.len() as f64 * share) as usize]
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn a_percentile_leaves_its_share_below() {
        let values: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert_eq!([0.1, 0.5, 0.99].map(|share| percentile(&values, share)), [10.0, 50.0, 99.0]);
        assert_eq!(percentile(&[3.0], 0.99), 3.0);
    }
}
