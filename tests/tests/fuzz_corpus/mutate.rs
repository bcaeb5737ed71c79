//! Changes to bytes as a fuzzer makes them, by a fixed seed.

use ottla_core::rng::Rng;

/// Numbers at which lengths, counts and offsets turn around.
const EDGES: &[i64] = &[
    0,
    1,
    -1,
    2,
    -2,
    5,
    127,
    128,
    -128,
    255,
    256,
    32_767,
    -32_768,
    65_535,
    65_536,
    100_000,
    1 << 20,
    1 << 24,
    0x7fff_ffff,
    -0x8000_0000,
    0xffff_ffff,
    i64::MAX,
    i64::MIN,
];
const BYTES_MAX: usize = 32 * 1024;

pub struct Mutator(Rng);

impl Mutator {
    pub fn new(seed: u64) -> Self {
        Self(Rng::new(seed))
    }

    /// One of `inputs` with one to six changes.
    pub fn change(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = inputs[self.below(inputs.len())].clone();
        for _ in 0..=self.below(6) {
            self.change_once(&mut bytes, inputs);
            bytes.truncate(BYTES_MAX);
        }
        bytes
    }

    fn change_once(&mut self, bytes: &mut Vec<u8>, inputs: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let len = 1 + self.below(16);
        let range = at..(at + len).min(bytes.len());
        match self.below(9) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(range)),
            2 => {
                let part: Vec<u8> = bytes[range].to_vec();
                bytes.splice(at..at, part);
            }
            3 => {
                let random: Vec<u8> = (0..len).map(|_| self.0.next_u64() as u8).collect();
                bytes.splice(at..at, random);
            }
            4 => {
                let other = &inputs[self.below(inputs.len())];
                let from = self.below(other.len() + 1);
                let part = other[from..(from + 8 * len).min(other.len())].to_vec();
                bytes.splice(range, part);
            }
            5 | 6 => self.write_edge(bytes, at),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }

    /// A number of 1, 2, 4 or 8 bytes at an edge, in the wire's order.
    fn write_edge(&mut self, bytes: &mut [u8], at: usize) {
        let number = EDGES[self.below(EDGES.len())].to_be_bytes();
        let width = 1 << self.below(4);
        for (byte, edge) in bytes[at..].iter_mut().zip(&number[8 - width..]) {
            *byte = *edge;
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.0.next_u64() % bound as u64) as usize
    }
}
