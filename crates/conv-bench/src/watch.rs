//! Wall and CPU time of a piece of work.

use std::{
    hint::black_box,
    ops::{AddAssign, Div},
    time::Instant,
};

use rustix::time::{ClockId, clock_gettime};

/// The processes whose CPU time counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cpu {
    /// This thread's: work that leaves nothing to others.
    Thread,
    /// The process's: a database has threads of its own.
    Process,
}

impl Cpu {
    fn clock(self) -> ClockId {
        match self {
            Self::Thread => ClockId::ThreadCPUTime,
            Self::Process => ClockId::ProcessCPUTime,
        }
    }

    fn micros(self) -> f64 {
        let time = clock_gettime(self.clock());
        time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
    }
}

/// Returns the processor time of this process so far, in microseconds.
pub fn process_micros() -> f64 {
    Cpu::Process.micros()
}

/// Microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    pub wall: f64,
    pub cpu: f64,
}

impl AddAssign for Times {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

impl Div<f64> for Times {
    type Output = Self;

    fn div(self, by: f64) -> Self {
        Self { wall: self.wall / by, cpu: self.cpu / by }
    }
}

/// Adds up the times of the calls it is given; the time between them is not counted.
#[derive(Debug)]
pub struct Watch {
    cpu: Cpu,
    pub total: Times,
}

impl Watch {
    pub fn new(cpu: Cpu) -> Self {
        Self { cpu, total: Times::default() }
    }

    pub fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let (cpu, begun) = (self.cpu.micros(), Instant::now());
        let done = black_box(work());
        let wall = begun.elapsed().as_secs_f64() * 1e6;
        self.total += Times { wall, cpu: self.cpu.micros() - cpu };
        done
    }
}
