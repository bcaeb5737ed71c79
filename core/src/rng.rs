//! Randomness as part of the state, so that a replay draws the same numbers.

use std::time::Duration;

/// SplitMix64: small, seedable, good enough for jitter, ids and choices; never for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        // The bias of a plain remainder is far below what any use here could see.
        self.next_u64() % bound
    }

    /// How long to rest after so many failures in a row: doubled with every one after the first, a fifth more or less by
    /// chance, never over the bound (`org.apache.kafka.common.utils.ExponentialBackoff`).
    pub fn backoff(&mut self, failures: u32, first: Duration, bound: Duration) -> Duration {
        let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(bound);
        let percent = 80 + self.below(41) as u32;
        // Never none at all: what rests does not go on in the same turn.
        (doubled.saturating_mul(percent) / 100).min(bound).max(Duration::from_millis(1))
    }

    /// A fresh random identity (a version 4 UUID, as Kafka draws topic ids).
    pub fn uuid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next_u64().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next_u64().to_be_bytes());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_stay_under_their_bound() {
        let mut rng = Rng::new(1);
        let (first, bound) = (Duration::from_millis(100), Duration::from_secs(1));
        for (failures, doubled) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (u32::MAX, 1000)] {
            for _ in 0..100 {
                let rest = rng.backoff(failures, first, bound).as_millis();
                assert!((doubled * 8 / 10..=(doubled * 12 / 10).min(1000)).contains(&rest), "{failures} {rest}");
            }
        }
    }
}
