//! One fixed list of inputs, played to a broker over storage that answers at once. Whatever the machine does must be the
//! same on every target: a native test and a test in the browser compare their digests with the same number.

use bytes::Bytes;
use ottla_core::{
    effect::{Address, NodeAnswer, NodeCall},
    host::MemoryStorage,
    machine::Machine,
    node::{Node, NodeOptions},
    rng::Rng,
};

use crate::{
    driven::Driven,
    frames::{self, FetchFrom},
};

/// How the plain broker's effects sum up, on every target.
pub const PLAIN_EFFECTS: u64 = 0x1e27_db11_5e45_8b29;
/// And the real one's, and its trace.
pub const NODE_EFFECTS: u64 = 0x53db_bd92_6551_8c68;
pub const NODE_TRACE: u64 = 0x58ac_593a_b8ee_eeb1;

/// The broker that the script is played to.
pub fn node() -> Node {
    Node::new(NodeOptions { seed: 7, ..NodeOptions::new(Address { host: "script".to_owned(), port: 9092 }) })
}

/// Plays the script to a broker that was just made.
pub fn play<M: Machine<Call = NodeCall, Answer = NodeAnswer>>(machine: M) -> Driven<M> {
    let mut player = Player { driven: Driven::start(machine, MemoryStorage::default()), rng: Rng::new(7) };
    player.driven.open(1);
    player.driven.open(2);
    player.everyday();
    player.mistakes();
    player.driven.hang_up(2);
    player.driven.tick_until_quiet();
    player.driven.call(NodeCall::Stop);
    player.driven.tick_until_quiet();
    player.driven
}

struct Player<M> {
    driven: Driven<M>,
    rng: Rng,
}

impl<M: Machine<Call = NodeCall, Answer = NodeAnswer>> Player<M> {
    fn everyday(&mut self) {
        self.send(1, &frames::api_versions(1));
        self.send(1, &frames::create_topic(2, "script", 3, &[("flush.messages", "1")]));
        self.send(1, &frames::metadata(3, "script", false));
        let fetch = FetchFrom { topic: "script", partition: 1, offset: 0, wait: 500, bytes_min: 1, bytes_max: 1 << 20 };
        self.send(2, &frames::fetch(4, fetch));
        for number in 0..40_i32 {
            let value = vec![number as u8; self.rng.below(3_000) as usize];
            let batch = frames::batch(1_700_000_000_000 + i64::from(number), &[&value, b"", b"three"]);
            self.send(1, &frames::produce(10 + number, [-1, 1, 0][number as usize % 3], "script", number % 3, &batch));
        }
        for partition in 0..3 {
            self.send(1, &frames::list_offsets(60, "script", partition, -1));
            self.send(2, &frames::fetch(61, FetchFrom { partition, bytes_max: 4_000, ..fetch }));
        }
        // Nothing more comes, so that this one waits out its time.
        self.send(2, &frames::fetch(62, FetchFrom { offset: 42, ..fetch }));
        self.driven.tick_until_quiet();
    }

    /// Each on a connection of its own, which it may cost.
    fn mistakes(&mut self) {
        let mut torn = frames::batch(1, &[b"torn"]).to_vec();
        let last = torn.len() - 1;
        torn[last] ^= 1;
        let from = FetchFrom { topic: "script", partition: 9, offset: 0, wait: 0, bytes_min: 1, bytes_max: 1 << 20 };
        let requests = [
            frames::produce(70, -1, "script", 0, &torn),
            frames::produce(71, -1, "nowhere", 0, &frames::batch(1, &[b"lost"])),
            frames::fetch(72, from),
            frames::fetch(73, FetchFrom { partition: 0, offset: 1 << 40, ..from }),
            frames::create_topic(74, "script", 1, &[]),
            frames::create_topic(75, "not a name", 1, &[]),
            frames::request(999, 0, 76, b""),
            frames::request(18, 99, 77, b""),
            Bytes::from_static(&[0xff; 64]),
            Bytes::from_static(&[0; 16]),
            frames::delete_topic(78, "script"),
        ];
        for (index, request) in requests.iter().enumerate() {
            let connection = 10 + index as u64;
            self.driven.open(connection);
            self.send(connection, request);
        }
    }

    /// In pieces, as a network may deliver it.
    fn send(&mut self, connection: u64, mut request: &[u8]) {
        while !request.is_empty() {
            let len = (1 + self.rng.below(2_000) as usize).min(request.len());
            let (piece, rest) = request.split_at(len);
            request = rest;
            self.driven.send(connection, piece);
        }
    }
}
