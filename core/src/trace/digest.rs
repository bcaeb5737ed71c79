//! One number for everything that happened: equal on every platform, or something is not deterministic.

use super::{Traced, event::Field};

/// FNV-1a over the compact form of the events.
#[derive(Clone, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    pub fn add(&mut self, traced: &Traced) {
        self.word(traced.at.0);
        self.word(traced.node.0 as u64);
        self.bytes(traced.event.name().as_bytes());
        traced.event.each_field(|_, field| match field {
            Field::Number(number) => self.word(number as u64),
            Field::Word(word) => self.bytes(word.as_bytes()),
            Field::Topic(topic) => self.bytes(&topic.0),
        });
    }

    pub fn value(&self) -> u64 {
        self.0
    }

    fn word(&mut self, word: u64) {
        self.bytes(&word.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
