//! One number for everything that happened: equal on every platform, or something is not deterministic.

use super::{Traced, event::Field};

/// A word at a time over the compact form of the events (the multiplier is that of rustc's hasher).
#[derive(Clone, Debug)]
pub struct Digest(u64);

const START: u64 = 0xcbf2_9ce4_8422_2325;
const MULTIPLIER: u64 = 0x517c_c1b7_2722_0a95;

impl Default for Digest {
    fn default() -> Self {
        Self(START)
    }
}

impl Digest {
    pub fn add(&mut self, traced: &Traced) {
        self.word(traced.at.0);
        self.word(traced.node.0 as u64);
        self.word(traced.event.name_hash());
        traced.event.each_field(|_, field| match field {
            Field::Number(number) => self.word(number as u64),
            Field::Word(word) => self.word(hash_of(word)),
            Field::Topic(topic) => {
                let id = u128::from_be_bytes(topic.0);
                self.word(id as u64);
                self.word((id >> 64) as u64);
            }
        });
    }

    /// Bytes with their length, so that where one piece ends and the next begins counts.
    pub fn add_bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        for piece in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.word(u64::from_le_bytes(word));
        }
    }

    pub fn value(&self) -> u64 {
        self.0
    }

    fn word(&mut self, word: u64) {
        self.0 = mixed(self.0, word);
    }
}

const fn mixed(state: u64, word: u64) -> u64 {
    (state.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER)
}

/// One word for a name.
pub const fn hash_of(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (mut state, mut at) = (START, 0);
    while at < bytes.len() {
        state = mixed(state, bytes[at] as u64);
        at += 1;
    }
    state
}
