//! Wall time, and the CPU time of the thread where the system tells it.

use std::{fs, time::Instant};

#[derive(Debug, Default)]
pub struct Times {
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

impl Times {
    pub async fn measure<T>(&mut self, work: impl Future<Output = T>) -> T {
        let (begun, cpu) = (Instant::now(), cpu());
        let done = work.await;
        self.wall.push(begun.elapsed().as_secs_f64() * 1e3);
        self.cpu.push(self::cpu() - cpu);
        done
    }

    /// Milliseconds: a tenth of the rounds were faster.
    pub fn wall(&self) -> f64 {
        p10(&self.wall)
    }

    /// Milliseconds; not a number where the system does not tell.
    pub fn cpu(&self) -> f64 {
        p10(&self.cpu)
    }
}

fn p10(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 10).copied().unwrap_or(f64::NAN)
}

/// What this thread has run so far, in milliseconds; Linux tells it in a file.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    nanos.map_or(f64::NAN, |nanos| nanos / 1e6)
}
