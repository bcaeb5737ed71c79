//! One fixed list of inputs, played to a broker over storage that answers at once. Whatever the machine does must be the
//! same on every target: a native test and a test in the browser compare their digests with the same number.

use bytes::Bytes;
use futures::FutureExt;
use ottla_core::{
    effect::{Effect, Frame, Input, Listener, NodeAnswer, NodeCall, WriteOp},
    host::{MemoryStorage, Storage},
    ids::ConnectionId,
    machine::Machine,
    rng::Rng,
    time::{Instant, Now, Timestamp},
};

use crate::frames::{self, FetchFrom};

/// How far ahead a deadline may lie for the script to wait for it.
const PATIENCE: u64 = 10_000_000;

/// How the plain broker's effects sum up, on every target.
pub const PLAIN_EFFECTS: u64 = 0x1e27_db11_5e45_8b29;

/// A broker after the script.
#[derive(Clone, Debug)]
pub struct Played<M> {
    pub machine: M,
    /// FNV-1a over every effect in order, bytes included.
    pub effects: u64,
    /// Turns it took.
    pub turns: u64,
}

/// Plays the script to a broker that was just made.
pub fn play<M: Machine<Call = NodeCall, Answer = NodeAnswer>>(machine: M) -> Played<M> {
    let mut player = Player {
        played: Played { machine, effects: 0xcbf2_9ce4_8422_2325, turns: 0 },
        storage: MemoryStorage::default(),
        now: 1_000_000,
        rng: Rng::new(7),
    };
    player.tick_until_quiet();
    player.open(1);
    player.open(2);
    player.everyday();
    player.mistakes();
    player.turn(Input::Closed { connection: ConnectionId(2) });
    player.tick_until_quiet();
    player.turn(Input::Call(NodeCall::Stop));
    player.tick_until_quiet();
    player.played
}

struct Player<M> {
    played: Played<M>,
    storage: MemoryStorage,
    /// Microseconds.
    now: u64,
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
        self.tick_until_quiet();
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
            self.open(connection);
            self.send(connection, request);
        }
    }

    fn open(&mut self, connection: u64) {
        let peer = format!("script:{connection}");
        self.turn(Input::Opened { connection: ConnectionId(connection), listener: Listener::Client, peer });
    }

    /// In pieces, as a network may deliver it.
    fn send(&mut self, connection: u64, mut request: &[u8]) {
        while !request.is_empty() {
            let len = (1 + self.rng.below(2_000) as usize).min(request.len());
            let (piece, rest) = request.split_at(len);
            request = rest;
            self.turn(Input::Bytes { connection: ConnectionId(connection), bytes: Bytes::copy_from_slice(piece) });
        }
    }

    /// Ticks at every deadline that is near.
    fn tick_until_quiet(&mut self) {
        let end = self.now + PATIENCE;
        while let Some(deadline) = self.played.machine.next_deadline().filter(|deadline| deadline.0 < end) {
            self.now = self.now.max(deadline.0);
            self.turn(Input::Tick);
        }
    }

    /// One turn, and those that storage's answers make of it.
    fn turn(&mut self, input: Input<NodeCall>) {
        let mut inputs = vec![input];
        while !inputs.is_empty() {
            let mut effects = Vec::new();
            self.now += 100;
            let wall = Timestamp(1_700_000_000_000 + (self.now / 1_000) as i64);
            let now = Now { monotonic: Instant(self.now), wall };
            self.played.machine.handle(now, inputs.remove(0), &mut effects);
            self.played.turns += 1;
            inputs.extend(effects.into_iter().filter_map(|effect| self.perform(effect)));
        }
    }

    fn perform(&mut self, effect: Effect<NodeAnswer>) -> Option<Input<NodeCall>> {
        const AT_ONCE: &str = "storage in memory answers at once";
        match effect {
            Effect::Write { connection, frame } => self.sum(1, connection.0, frame.parts()),
            Effect::Pause { connection } => self.sum(2, connection.0, &[]),
            Effect::Resume { connection } => self.sum(3, connection.0, &[]),
            Effect::Close { connection } => self.sum(4, connection.0, &[]),
            Effect::Dial { dial, .. } => self.sum(5, dial.0, &[]),
            Effect::Commit { io, ops, sync } => {
                self.sum(6, io.0 * 2 + u64::from(sync), &[]);
                ops.iter().for_each(|op| self.sum_op(op));
                let result = self.storage.commit(ops, sync).now_or_never().expect(AT_ONCE);
                return Some(result.map_or_else(|why| Input::Failed { io, why }, |()| Input::Committed { io }));
            }
            Effect::Load { io, file, at, len } => {
                self.sum(7, at ^ len.rotate_left(32), &[Bytes::copy_from_slice(file.as_bytes())]);
                let result = self.storage.load(file, at, len).now_or_never().expect(AT_ONCE);
                return Some(result.map_or_else(|why| Input::Failed { io, why }, |bytes| Input::Loaded { io, bytes }));
            }
            Effect::List { io, prefix } => {
                self.sum(8, io.0, &[Bytes::copy_from_slice(prefix.as_bytes())]);
                let result = self.storage.list(prefix).now_or_never().expect(AT_ONCE);
                return Some(
                    result.map_or_else(|why| Input::Failed { io, why }, |entries| Input::Listed { io, entries }),
                );
            }
            Effect::Answer(NodeAnswer::Ready) => self.sum(9, 0, &[]),
            Effect::Answer(NodeAnswer::Recovering { done, total }) => self.sum(10, done ^ total.rotate_left(32), &[]),
            Effect::Answer(NodeAnswer::Stopped) => self.sum(11, 0, &[]),
            Effect::Answer(NodeAnswer::CannotOpen(_)) => self.sum(12, 0, &[]),
        }
        None
    }

    fn sum_op(&mut self, op: &WriteOp) {
        let (kind, number, file, bytes) = match op {
            WriteOp::Append { file, at, bytes } => (20, *at, file, bytes.clone()),
            WriteOp::Truncate { file, len } => (21, *len, file, Frame::default()),
            WriteOp::Rename { from, to } => (22, 0, from, Bytes::copy_from_slice(to.as_bytes()).into()),
            WriteOp::Remove { file } => (23, 0, file, Frame::default()),
            WriteOp::Put { file, bytes } => (24, 0, file, bytes.clone().into()),
        };
        self.sum(kind, number, &[Bytes::copy_from_slice(file.as_bytes())]);
        self.sum(kind, bytes.len(), bytes.parts());
    }

    /// How bytes are split in parts makes no difference.
    fn sum(&mut self, kind: u8, number: u64, parts: &[Bytes]) {
        let number = number.to_le_bytes();
        let bytes = [kind].into_iter().chain(number).chain(parts.iter().flatten().copied());
        self.played.effects =
            bytes.fold(self.played.effects, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    }
}
