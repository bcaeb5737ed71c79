//! The faults of a seed, each with its time.
//!
//! They come from a stream of their own: a world that is told the same faults in words, and draws none, is the same world.

use std::time::Duration;

use super::Fault;
use crate::{
    rng::Rng,
    time::Instant,
    wire::Api,
    world::{
        network::{Path, Peer},
        swarm::{Row, Swarm},
    },
};

/// All kinds that a world of one broker knows.
pub const FAULTS: [&str; 29] = [
    "N1", "N2", "N3", "N4", "N5", "N6", "N7", "N8", "K1", "K2", "K3", "K4", "K5", "K6", "K8", "D1", "D2", "D3", "D4",
    "D5", "D6", "D7", "I1", "I2", "I4", "I5", "I6", "I7", "I8",
];

/// After which nothing more is promised of a log, or of all of a disk.
pub const LOSSY: [&str; 6] = ["K5", "D2", "D3", "D4", "I6", "I8"];

/// None happens in the last seconds, so that most have an end.
const QUIET_END: Duration = Duration::from_secs(2);
/// However long its world lasts.
const DRAWN_MAX: usize = 4_000;
/// Sets the stream of faults apart from those of everything else.
const STREAM: u64 = 0xfa_0175;

pub(in crate::world) fn draw(swarm: &Swarm) -> Vec<(Instant, Fault)> {
    let mut drawing = Drawing { swarm, rng: Rng::new(swarm.seed ^ STREAM), spared: 0, drawn: Vec::new() };
    let (end, every) = (swarm.duration.saturating_sub(QUIET_END), swarm.fault_every.as_micros() as u64);
    let mut at = Instant(every / 2);
    while at < Instant(0) + end && !swarm.faults.is_empty() && drawing.drawn.len() < DRAWN_MAX {
        let code = drawing.one_of(&swarm.faults);
        drawing.fault(at, code);
        at = at + Duration::from_micros(every / 2 + drawing.rng.below(every + 1));
    }
    drawing.drawn
}

struct Drawing<'a> {
    swarm: &'a Swarm,
    rng: Rng,
    /// The first so many brokers are not befallen.
    spared: u32,
    drawn: Vec<(Instant, Fault)>,
}

impl Drawing<'_> {
    fn fault(&mut self, at: Instant, code: &str) {
        // Voters known by their ids alone promise nothing without their disks: it befalls others, or is a mere kill.
        let is_lossy = self.swarm.voters > 0 && self.takes_what_is_durable(code);
        let code = if is_lossy && self.swarm.brokers == self.swarm.voters { "K1" } else { code };
        self.spared = if is_lossy && code != "K1" { self.swarm.voters } else { 0 };
        let fault = match code.as_bytes()[0] {
            b'N' if code == "N5" => return self.partition(at),
            b'N' if code == "N6" => return self.swizzle(at),
            b'N' => self.of_network(code),
            b'K' => self.of_process(code),
            b'D' if code == "D2" => return self.rot(at),
            b'D' => self.of_disk(code),
            _ => self.of_database(code),
        };
        self.drawn.push((at, fault));
    }

    fn takes_what_is_durable(&self, code: &str) -> bool {
        LOSSY.contains(&code) || self.swarm.row == Row::CommitRelaxed && ["K2", "D6"].contains(&code)
    }

    fn of_network(&mut self, code: &str) -> Fault {
        let visitor = self.visitor();
        match code {
            "N1" if self.is_between_brokers() => {
                let from = self.server();
                let to = (from + 1 + self.below(u64::from(self.swarm.brokers) - 1) as u32) % self.swarm.brokers;
                let path = Path { from: Peer::Server(from), to: Peer::Server(to), is_both: self.below(2) == 0 };
                Fault::Silence { path: path.in_order() }
            }
            "N1" => Fault::Silence { path: self.path(visitor) },
            "N2" if self.below(2) == 0 => Fault::Abandon { visitor, late: self.millis(20_000) },
            "N2" => Fault::Replay { visitor, after: self.millis(60_000) },
            "N3" => {
                let (one_in, most) = (1 + self.below(10) as u32, self.millis(1_500));
                Fault::Lag { one_in, most, duration: self.millis(10_000) }
            }
            "N4" => {
                let api = match self.is_between_brokers() {
                    true => self.one_of(&[Api::Vote, Api::BeginQuorumEpoch, Api::Fetch, Api::BrokerHeartbeat]),
                    false => self.one_of(&[Api::Produce, Api::Fetch, Api::Metadata, Api::InitProducerId]),
                };
                let api = api.key();
                Fault::SlowApi { api, most: self.millis(60_000), duration: self.millis(10_000) }
            }
            "N7" => Fault::Reset { visitor },
            _ => Fault::Hostile { server: self.server(), frames: 1 + self.below(20) as u32 },
        }
    }

    fn of_process(&mut self, code: &str) -> Fault {
        let server = self.server();
        match code {
            "K1" => Fault::Kill { server, down: self.millis(3_000) },
            "K2" => Fault::PowerLoss { server, down: self.millis(3_000) },
            "K3" => Fault::Restart { server, down: self.millis(2_000) },
            "K4" => Fault::Pause { server, duration: self.millis(8_000) },
            "K5" => Fault::ReplaceDisk { server, down: self.millis(3_000) },
            "K6" => Fault::ClockStep { server, millis: self.hours() },
            _ => {
                let (request_bytes, hot_bytes) = (self.below(2_000), self.below(2_000));
                Fault::LowMemory { server, request_bytes, hot_bytes, duration: self.millis(10_000) }
            }
        }
    }

    fn of_disk(&mut self, code: &str) -> Fault {
        let server = self.server();
        match code {
            "D1" if self.below(3) == 0 => Fault::StorageLost { server },
            "D1" => Fault::StorageFails { server, calls: 1 + self.below(3) as u32 },
            "D3" if self.below(2) == 0 => Fault::Misdirect { server },
            "D3" => Fault::Misread { server },
            "D4" => Fault::LoseWrite { server },
            "D5" => Fault::DiskFull { server, room: self.below(3_000), duration: self.millis(6_000) },
            "D6" => Fault::ForgetNames { server, down: self.millis(3_000) },
            _ => Fault::SlowDisk { server, times: 2 + self.below(200) as u32, duration: self.millis(5_000) },
        }
    }

    fn of_database(&mut self, code: &str) -> Fault {
        let server = self.server();
        let times = self.below(4) as u32;
        match code {
            "I1" => Fault::Quota { server, calls: 1 + times },
            "I2" => Fault::Abort { server, calls: 1 + times },
            "I4" => Fault::ConnectionLost { server, times },
            "I5" => Fault::Unopened { server, times: 1 + times },
            "I6" => Fault::Evict { server },
            "I7" => Fault::Blocked { server, duration: self.millis(5_000) },
            _ => Fault::MemoryOnly { server, room: 20_000 + self.below(200_000) },
        }
    }

    /// N5: a visitor, some of them or all of them are cut off, in one direction or in both; or brokers from each other.
    fn partition(&mut self, at: Instant) {
        if self.is_between_brokers() {
            return self.partition_brokers(at);
        }
        let (mode, alone) = (self.below(3), self.visitor());
        let (duration, path) = (self.millis(8_000), self.path(alone));
        for visitor in 0..self.swarm.visitors {
            let is_cut = match mode {
                0 => visitor == alone,
                1 => self.below(2) == 0,
                _ => true,
            };
            if is_cut {
                let other = |peer| if peer == Peer::Visitor(alone) { Peer::Visitor(visitor) } else { peer };
                let path = Path { from: other(path.from), to: other(path.to), ..path };
                self.drawn.push((at, Fault::Cut { path, duration }));
            }
        }
    }

    /// One broker is cut off from the others, or one half from the other half.
    fn partition_brokers(&mut self, at: Instant) {
        let (alone, is_half, is_both) = (self.server(), self.below(2) == 0, self.below(2) == 0);
        let duration = self.millis(8_000);
        let here: Vec<bool> =
            (0..self.swarm.brokers).map(|server| if is_half { self.below(2) == 0 } else { server == alone }).collect();
        for (from, to) in (0..self.swarm.brokers).flat_map(|from| (0..self.swarm.brokers).map(move |to| (from, to))) {
            if here[from as usize] && !here[to as usize] {
                let path = Path { from: Peer::Server(from), to: Peer::Server(to), is_both };
                self.drawn.push((at, Fault::Cut { path: path.in_order(), duration }));
            }
        }
    }

    /// N6: links are clogged one after the other, and freed in an order of their own (FoundationDB's "swizzle").
    fn swizzle(&mut self, at: Instant) {
        let number = self.server();
        let server = Peer::Server(number);
        let mut begin = at;
        let others = match self.is_between_brokers() {
            true => (0..self.swarm.brokers).filter(|other| *other != number).map(Peer::Server).collect(),
            false => (0..self.swarm.visitors).map(Peer::Visitor).collect::<Vec<Peer>>(),
        };
        for other in others {
            for (from, to) in [(other, server), (server, other)] {
                if self.below(3) > 0 {
                    let (path, duration) = (Path { from, to, is_both: false }, self.millis(4_000));
                    self.drawn.push((begin, Fault::Clog { path, duration }));
                    begin = begin + self.millis(500);
                }
            }
        }
    }

    /// Half of the links that faults befall, where there are such links.
    fn is_between_brokers(&mut self) -> bool {
        self.swarm.brokers > 1 && self.below(2) == 0
    }

    /// D2: what is damaged is found by whoever reads it, and by whoever opens the log dir next. Often that is soon.
    fn rot(&mut self, at: Instant) {
        let server = self.server();
        self.drawn.push((at, Fault::Rot { server }));
        if self.below(2) == 0 {
            let (soon, down) = (at + self.millis(1_000), self.millis(1_000));
            self.drawn.push((soon, Fault::Kill { server, down }));
        }
    }

    fn path(&mut self, visitor: u32) -> Path {
        let (visitor, server) = (Peer::Visitor(visitor), Peer::Server(self.server()));
        match self.below(3) {
            0 => Path { from: server, to: visitor, is_both: false },
            is_both => Path { from: visitor, to: server, is_both: is_both == 1 },
        }
    }

    fn server(&mut self) -> u32 {
        let spared = self.spared;
        spared + self.below(u64::from(self.swarm.brokers - spared)) as u32
    }

    fn visitor(&mut self) -> u32 {
        self.below(u64::from(self.swarm.visitors)) as u32
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.below(bound)
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.below(of.len() as u64) as usize]
    }

    fn millis(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.rng.below(most))
    }

    /// Less than one, forwards or backwards.
    fn hours(&mut self) -> i64 {
        self.rng.below(7_200_000) as i64 - 3_600_000
    }
}
