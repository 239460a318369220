//! Damage to files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fastrand::Rng;

/// A description of the damage and its place.
#[derive(Debug)]
pub(super) struct Harm(#[expect(dead_code, reason = "is printed")] String);

/// Harms the files of a database.
pub(super) fn suffer(folder: &Path, seed: u64) -> Vec<Harm> {
    let mut random = Rng::with_seed(seed);
    let count = if random.u8(0..4) == 0 { random.usize(2..5) } else { 1 };
    (0..count).map(|_| one(folder, &mut random)).collect()
}

fn one(folder: &Path, random: &mut Rng) -> Harm {
    let path = victim(folder, random);
    let name = path.strip_prefix(folder).unwrap().display();
    let mut bytes = fs::read(&path).unwrap();
    let at = random.usize(0..bytes.len().max(1));
    let what = match random.u8(0..10) {
        _ if bytes.is_empty() => {
            bytes = vec![random.u8(..); 16];
            "was empty, has bytes".to_owned()
        }
        0..=3 => {
            let bits = random.usize(1..9);
            for _ in 0..bits {
                let at = random.usize(0..bytes.len());
                bytes[at] ^= 1 << random.u8(0..8);
            }
            format!("{bits} bits flipped")
        }
        4..=5 => {
            bytes.truncate(at);
            format!("cut at {at}")
        }
        6..=7 => {
            let length = *random.choice(&[512, 4096, 65_536]).unwrap();
            let at = at / length * length;
            let end = bytes.len().min(at + length);
            bytes[at..end].fill(0);
            format!("zeros in {at}..{end}")
        }
        8 => {
            let length = random.usize(1..5000);
            bytes.extend(std::iter::repeat_with(|| random.u8(..)).take(length));
            format!("{length} bytes appended")
        }
        _ => {
            fs::remove_file(&path).unwrap();
            return Harm(format!("{name}: removed"));
        }
    };
    fs::write(&path, bytes).unwrap();
    Harm(format!("{name}: {what}"))
}

/// Mostly sled's data, which is most of the bytes.
fn victim(folder: &Path, random: &mut Rng) -> PathBuf {
    let mut all = files(folder);
    all.extend(files(&folder.join("rows")));
    all.sort_unstable();
    let data = folder.join("rows/db");
    if random.bool() && data.exists() { data } else { random.choice(all).unwrap() }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).collect()
}
