//! Members, their disks and what is on its way between them, in virtual time.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::check::{Checks, Entry};
use crate::{ids::*, log::leader_epoch::LeaderEpochs, quorum::*, rng::Rng, sorted::SortedMap, time::Instant};

/// Records in an answer to Fetch at most.
const ANSWER_RECORDS: usize = 20;

/// Chances of a thousand, each message or each 100 ms.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    loss: u64,
    twice: u64,
    late: u64,
    cut: u64,
    crash: u64,
    sync: u64,
}

impl Faults {
    pub fn none() -> Self {
        Self { loss: 0, twice: 0, late: 0, cut: 0, crash: 0, sync: 2_000 }
    }

    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(!seed);
        let mut one = |most| if rng.below(2) == 0 { 0 } else { rng.below(most) };
        let (loss, twice, late, cut, crash) = (one(150), one(100), one(100), one(40), one(30));
        Self { loss, twice, late, cut, crash, sync: 1 + one(60_000) }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Question {
        to: usize,
        from: usize,
        life: u32,
        ask: AskId,
        question: Question,
    },
    Answer {
        to: usize,
        from: usize,
        life: u32,
        ask: AskId,
        answer: Answer,
    },
    Persisted {
        member: usize,
        life: u32,
        version: u64,
        state: ElectionState,
    },
    Synced {
        member: usize,
        life: u32,
        end: Offset,
    },
    Start {
        member: usize,
    },
    Heal {
        from: usize,
        to: usize,
    },
    /// Somebody has something to append, and something may go wrong.
    Beat,
}

#[derive(Clone, Debug, Default)]
struct Member {
    quorum: Option<Quorum>,
    life: u32,
    log: Vec<Entry>,
    synced: usize,
    durable: ElectionState,
    /// Who asked what is not answered.
    asked: SortedMap<RequestId, (usize, u32, AskId, bool)>,
}

pub struct Net {
    members: Vec<Member>,
    voters: usize,
    events: SortedMap<(Instant, u64), Event>,
    next: u64,
    now: Instant,
    rng: Rng,
    faults: Faults,
    cuts: SortedMap<(usize, usize), ()>,
    pub checks: Checks,
}

fn key(member: usize) -> ReplicaKey {
    ReplicaKey { id: BrokerId(member as i32 + 1), directory: DirectoryId([member as u8; 16]) }
}

fn index(id: BrokerId) -> usize {
    id.0 as usize - 1
}

impl Net {
    pub fn new(seed: u64, voters: usize, observers: usize, faults: Faults) -> Self {
        let mut net = Self {
            members: vec![Member::default(); voters + observers],
            voters,
            events: SortedMap::default(),
            next: 0,
            now: Instant(0),
            rng: Rng::new(seed),
            faults,
            cuts: SortedMap::default(),
            checks: Checks::default(),
        };
        (0..voters + observers).for_each(|member| net.start(member));
        net.after(1_000, Event::Beat);
        net
    }

    pub fn committed(&self) -> usize {
        self.checks.committed.len()
    }

    pub fn highest_epoch(&self) -> LeaderEpoch {
        self.checks.highest_epoch
    }

    pub fn role_of(&self, member: usize) -> &'static str {
        self.members[member].quorum.as_ref().map_or("down", |quorum| quorum.role().name())
    }

    /// Who leads in the highest epoch.
    pub fn leader(&self) -> Option<(LeaderEpoch, usize)> {
        let quorums = self.members.iter().zip(0..).filter_map(|(member, at)| Some((member.quorum.as_ref()?, at)));
        quorums.filter(|(quorum, _)| quorum.is_leader()).map(|(quorum, at)| (quorum.standing().epoch, at)).max()
    }

    /// Nothing gets to `member` any more.
    pub fn cut_towards(&mut self, member: usize) {
        self.cuts.extend((0..self.members.len()).map(|from| ((from, member), ())));
    }

    pub fn heal(&mut self) {
        self.cuts.clear();
        self.faults = Faults::none();
        for member in 0..self.members.len() {
            if self.members[member].quorum.is_none() {
                self.start(member);
            }
        }
    }

    pub fn resign(&mut self, member: usize) {
        self.turn(member, |quorum, scene| quorum.resign(scene));
    }

    pub fn expect_converged(&self, when: &str) {
        let leaders = (0..self.members.len()).filter(|member| self.role_of(*member) == "leader").count();
        assert_eq!(leaders, 1, "{when}: one leads");
        for (at, member) in self.members.iter().enumerate() {
            let high_watermark = member.quorum.as_ref().unwrap().high_watermark() as usize;
            let behind = self.committed() - high_watermark;
            assert!(behind < 20, "{when}: {at} is {behind} behind of {}", self.committed());
        }
    }

    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let ticks = (0..self.members.len()).filter_map(|member| {
                Some((self.members[member].quorum.as_ref()?.next_deadline(self.now)?.max(self.now), member))
            });
            let tick = ticks.min();
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            match (tick, event) {
                (Some((at, member)), event) if event.is_none_or(|event| at < event) && at <= end => {
                    self.now = at;
                    self.turn(member, Quorum::on_tick);
                }
                (_, Some(at)) if at <= end => {
                    self.now = at;
                    let (_, event) = self.events.pop_first().unwrap();
                    self.happen(event);
                }
                _ => break,
            }
        }
        self.now = end;
    }

    fn after(&mut self, micros: u64, event: Event) {
        self.next += 1;
        self.events.insert((Instant(self.now.0 + micros), self.next), event);
    }

    fn start(&mut self, member: usize) {
        let found = &mut self.members[member];
        found.life += 1;
        found.asked.clear();
        let mut epochs = LeaderEpochs::default();
        for (entry, offset) in found.log.iter().zip(0..) {
            epochs.assign(entry.0, offset);
        }
        let end = found.log.len() as Offset;
        found.synced = found.log.len();
        let facts = LogFacts { end, synced_end: end, epochs, ..LogFacts::default() };
        let voters = Voters::new((0..self.voters).map(key));
        let mut acts = Vec::new();
        let mut scene = Scene { now: self.now, rng: &mut self.rng, acts: &mut acts };
        let found = (self.members[member].durable, facts);
        let quorum = Quorum::open(QuorumOptions::default(), key(member), voters, found, &mut scene);
        self.members[member].quorum = Some(quorum);
        self.perform(member, acts);
    }

    /// Power is lost: of what was not synced a part may be left.
    fn crash(&mut self, member: usize) {
        let rng = &mut self.rng;
        let found = &mut self.members[member];
        found.quorum = None;
        let kept = found.synced + rng.below((found.log.len() - found.synced) as u64 + 1) as usize;
        found.log.truncate(kept);
        let down = 10_000 + self.rng.below(4_000_000);
        self.after(down, Event::Start { member });
    }

    fn turn(&mut self, member: usize, take: impl FnOnce(&mut Quorum, &mut Scene<'_>)) {
        let Some(quorum) = &mut self.members[member].quorum else { return };
        let mut acts = Vec::new();
        let before = quorum.standing().epoch;
        take(quorum, &mut Scene { now: self.now, rng: &mut self.rng, acts: &mut acts });
        assert!(quorum.standing().epoch >= before, "Q5: the epoch of {member} falls");
        self.perform(member, acts);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Question { to, from, life, ask, question } => {
                self.next += 1;
                let request = RequestId(self.next);
                let is_vote = matches!(question, Question::Vote { is_pre_vote: false, .. });
                if self.members[to].quorum.is_some() {
                    self.members[to].asked.insert(request, (from, life, ask, is_vote));
                    self.turn(to, |quorum, scene| quorum.on_question(scene, request, question));
                }
            }
            Event::Answer { to, from, life, ask, answer } if self.members[to].life == life => {
                let from = key(from).id;
                self.turn(to, |quorum, scene| quorum.on_answer(scene, from, ask, answer));
            }
            Event::Persisted { member, life, version, state } if self.members[member].life == life => {
                if self.members[member].quorum.is_some() {
                    assert!(state.epoch >= self.members[member].durable.epoch, "Q5");
                    self.members[member].durable = state;
                    self.checks.on_kept(member, state);
                    self.turn(member, |quorum, scene| quorum.on_persisted(scene, version));
                }
            }
            Event::Synced { member, life, end } if self.members[member].life == life => {
                let found = &mut self.members[member];
                if found.quorum.is_some() {
                    found.synced = found.synced.max((end as usize).min(found.log.len()));
                    self.turn(member, |quorum, scene| quorum.on_synced(scene, end));
                }
            }
            Event::Answer { .. } | Event::Persisted { .. } | Event::Synced { .. } => {}
            Event::Start { member } if self.members[member].quorum.is_none() => self.start(member),
            Event::Start { .. } => {}
            Event::Heal { from, to } => _ = self.cuts.remove(&(from, to)),
            Event::Beat => self.beat(),
        }
    }

    fn beat(&mut self) {
        self.after(50_000, Event::Beat);
        for member in 0..self.members.len() {
            if let Some(quorum) = self.members[member].quorum.as_ref().filter(|quorum| quorum.is_leader()) {
                let epoch = quorum.standing().epoch;
                // Nothing before the record that opens the epoch.
                if self.members[member].log.last().is_some_and(|(last, _)| *last == epoch) {
                    self.append(member, epoch);
                }
            }
            if self.rng.below(1_000) < self.faults.crash && self.members[member].quorum.is_some() {
                self.crash(member);
            }
            if self.rng.below(1_000) < self.faults.cut {
                let (to, time) = (self.rng.below(self.members.len() as u64) as usize, self.rng.below(6_000_000));
                self.cuts.insert((member, to), ());
                self.after(time, Event::Heal { from: member, to });
            }
        }
    }

    fn append(&mut self, member: usize, epoch: LeaderEpoch) {
        self.next += 1;
        let id = self.next;
        self.members[member].log.push((epoch, id));
        let end = self.members[member].log.len() as Offset;
        self.checks.on_appended(member, &self.members[member].log);
        self.turn(member, |quorum, scene| quorum.on_appended(scene, epoch, end));
        self.sync(member);
    }

    fn sync(&mut self, member: usize) {
        let (life, end) = (self.members[member].life, self.members[member].log.len() as Offset);
        let takes = 1 + self.rng.below(self.faults.sync);
        self.after(takes, Event::Synced { member, life, end });
    }

    fn perform(&mut self, member: usize, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Persist { state, version } => {
                    let life = self.members[member].life;
                    // One file, written in order.
                    let at = self.events.iter().filter_map(|((at, _), event)| match event {
                        Event::Persisted { member: other, .. } if *other == member => Some(at.0 - self.now.0),
                        _ => None,
                    });
                    let takes = at.max().unwrap_or(0) + 1 + self.rng.below(self.faults.sync);
                    self.after(takes, Event::Persisted { member, life, version, state });
                }
                Act::Ask { to, ask, question } => {
                    let (life, to) = (self.members[member].life, index(to));
                    self.send(member, to, Event::Question { to, from: member, life, ask, question });
                }
                Act::Answer { request, answer } => self.answer(member, request, answer),
                Act::AnswerFetch { request, standing, from, high_watermark } => {
                    let records = self.read(member, from);
                    let said = Ok(Said::Fetched { high_watermark, records });
                    self.answer(member, request, Answer { standing, said });
                }
                Act::OpenEpoch { epoch, .. } => {
                    self.checks.on_leader(member, epoch, &self.members[member].log);
                    self.append(member, epoch);
                }
                Act::Append { records } => self.take(member, &records),
                Act::Truncate { to } => {
                    let found = &mut self.members[member];
                    found.log.truncate(to as usize);
                    found.synced = found.synced.min(to as usize);
                }
                Act::HighWatermark(end) => self.commit(member, end),
                Act::Leader(_) => {}
                Act::AnswerSnapshot { .. } | Act::StoreSnapshot { .. } => unreachable!("these logs begin at 0"),
                Act::Diverged { .. } => panic!("Q6: {member} would have to cut off what was committed"),
            }
        }
    }

    fn answer(&mut self, member: usize, request: RequestId, answer: Answer) {
        let Some((to, life, ask, is_vote)) = self.members[member].asked.remove(&request) else {
            panic!("{member} answers {request} twice")
        };
        if is_vote && answer.said == Ok(Said::Vote { is_granted: true }) {
            self.checks.on_vote(member, answer.standing.epoch, self.members[member].durable);
        }
        self.send(member, to, Event::Answer { to, from: member, life, ask, answer });
    }

    fn send(&mut self, from: usize, to: usize, event: Event) {
        let chance = |rng: &mut Rng, of| rng.below(1_000) < of;
        if self.cuts.contains_key(&(from, to)) || chance(&mut self.rng, self.faults.loss) {
            return;
        }
        let copies = 1 + u32::from(chance(&mut self.rng, self.faults.twice));
        for _ in 0..copies {
            let most = if chance(&mut self.rng, self.faults.late) { 5_000_000 } else { 3_000 };
            let takes = 200 + self.rng.below(most);
            self.after(takes, event.clone());
        }
    }

    fn read(&self, member: usize, from: Offset) -> Records {
        let log = &self.members[member].log;
        let from = (from as usize).min(log.len());
        let end = log.len().min(from + ANSWER_RECORDS);
        let (mut bytes, mut epochs) = (BytesMut::new(), Vec::<(LeaderEpoch, Offset)>::new());
        for (offset, (epoch, id)) in log[..end].iter().enumerate().skip(from) {
            bytes.put_u64(*id);
            if epochs.last().is_none_or(|(last, _)| last != epoch) {
                epochs.push((*epoch, offset as Offset));
            }
        }
        Records { bytes: bytes.freeze(), epochs, end: end as Offset }
    }

    fn take(&mut self, member: usize, records: &Records) {
        let mut bytes: Bytes = records.bytes.clone();
        let mut offset = self.members[member].log.len() as Offset;
        assert_eq!(records.epochs[0].1, offset, "records follow the log's end");
        while bytes.has_remaining() {
            let begun = records.epochs.iter().rfind(|(_, start)| *start <= offset);
            self.members[member].log.push((begun.unwrap().0, bytes.get_u64()));
            self.checks.on_appended(member, &self.members[member].log);
            offset += 1;
        }
        assert_eq!(offset, records.end);
        self.sync(member);
    }

    fn commit(&mut self, member: usize, end: Offset) {
        let synced: Vec<&[Entry]> =
            self.members[..self.voters].iter().map(|member| &member.log[..member.synced]).collect();
        self.checks.on_high_watermark(member, end, &self.members[member].log, &synced);
        let quorum = self.members[member].quorum.as_ref().expect("it has just said so");
        if quorum.is_leader() {
            self.checks.on_leaders_high_watermark(end, &self.members[member].log, quorum.standing().epoch);
        }
    }
}
