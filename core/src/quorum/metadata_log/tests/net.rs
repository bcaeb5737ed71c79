//! Metadata logs over disks as weak as their contract, in virtual time. Every member's owner keeps a digest of the
//! records it was told of, in order, which is the image; all must agree wherever they are.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::{
    effect::{Input, StorageErrorKind},
    error::ErrorCode,
    ids::*,
    log::{
        DirState, Identity, LogDir, Opened, layout,
        tests::{
            disk::Disk,
            world::{Fault, World},
        },
    },
    quorum::*,
    record::internal::control::{KRaftVersionFeature, Voter},
    rng::Rng,
    sorted::SortedMap,
    time::{Instant, Timestamp},
    trace::Event,
};

/// Chances of a thousand, each message or each beat.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    loss: u64,
    late: u64,
    cut: u64,
    power: u64,
    commit: u64,
    snapshot: u64,
    /// Of changes of the voters, while somebody leads.
    voters: u64,
}

impl Trouble {
    pub fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(!seed);
        let mut one = |most| if rng.below(2) == 0 { 0 } else { rng.below(most) };
        Self {
            loss: one(100),
            late: one(80),
            cut: one(30),
            power: one(20),
            commit: one(8),
            snapshot: one(60),
            voters: 0,
        }
    }
}

#[derive(Clone, Debug)]
enum Happening {
    Question { to: usize, from: usize, life: u32, ask: AskId, question: Question },
    Answer { to: usize, from: usize, life: u32, ask: AskId, answer: Answer },
    Storage { member: usize, life: u32 },
    Start { member: usize },
    Heal { from: usize, to: usize },
    Beat,
}

/// What an owner makes of what it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Image {
    end: LogPosition,
    digest: u64,
}

impl Image {
    fn apply(&mut self, records: &[Bytes]) {
        for byte in records.iter().flat_map(|record| record.iter()) {
            self.digest = (self.digest ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

struct Member {
    world: World,
    life: u32,
    running: Option<(LogDir, MetadataLog)>,
    image: Image,
    /// Records of the snapshot that is being told.
    loading: Option<Vec<Bytes>>,
    asked: SortedMap<RequestId, (usize, u32, AskId)>,
    is_storage_due: bool,
}

pub struct Net {
    /// The first ones are voters from the beginning, named by the log if `is_dynamic`.
    voters: usize,
    is_dynamic: bool,
    /// What came of changes of the voters.
    pub changed: Vec<Result<(), ErrorCode>>,
    members: Vec<Member>,
    events: SortedMap<(Instant, u64), Happening>,
    next: u64,
    now: Instant,
    rng: Rng,
    trouble: Trouble,
    cuts: SortedMap<(usize, usize), ()>,
    leaders: SortedMap<LeaderEpoch, usize>,
    /// What the image is wherever a batch ends.
    images: SortedMap<Offset, Image>,
    snapshots_loaded: u64,
    logs_cut: u64,
}

fn index(id: BrokerId) -> usize {
    id.0 as usize - 1
}

fn id(member: usize) -> BrokerId {
    BrokerId(member as i32 + 1)
}

fn open(world: &mut World, member: usize) -> Opened {
    let identity = Identity { cluster_id: Some("cluster".to_owned()), node: id(member) };
    super::storage::open(world, &identity).unwrap_or_else(|fatal| panic!("{member} does not open: {fatal}"))
}

pub fn key(member: usize) -> ReplicaKey {
    ReplicaKey { id: id(member), directory: DirectoryId([member as u8 + 1; 16]) }
}

pub fn voter(member: usize) -> Voter {
    let ReplicaKey { id: voter, directory } = key(member);
    let kraft_versions = KRaftVersionFeature { min_supported_version: 0, max_supported_version: 1 };
    Voter { voter, directory, endpoints: Vec::new(), kraft_versions }
}

impl Net {
    /// Asks whoever leads.
    pub fn change_voters(&mut self, change: VoterChange) {
        let leader = self.leader().expect("one leads");
        self.turn(leader, |turn, dir, meta| meta.change_voters(turn, dir, RequestId(0), change));
    }

    pub fn described(&self) -> Described {
        self.quorum(self.leader().expect("one leads")).and_then(|quorum| quorum.described(self.now)).expect("it leads")
    }

    pub fn new(seed: u64, voters: usize, trouble: Trouble) -> Self {
        Self::with_observers(seed, (voters, 0), false, trouble)
    }

    pub fn with_observers(seed: u64, (voters, observers): (usize, usize), is_dynamic: bool, trouble: Trouble) -> Self {
        let member = |member: usize| Member {
            world: World::new(seed * 31 + member as u64),
            life: 0,
            running: None,
            image: Image::default(),
            loading: None,
            asked: SortedMap::new(),
            is_storage_due: false,
        };
        let mut net = Self {
            voters,
            is_dynamic,
            changed: Vec::new(),
            members: (0..voters + observers).map(member).collect(),
            events: SortedMap::new(),
            next: 0,
            now: Instant(1_000_000),
            rng: Rng::new(seed),
            trouble,
            cuts: SortedMap::new(),
            leaders: SortedMap::new(),
            images: SortedMap::new(),
            snapshots_loaded: 0,
            logs_cut: 0,
        };
        (0..voters + observers).for_each(|member| net.start(member));
        net.after(1_000, Happening::Beat);
        net
    }

    pub fn committed(&self) -> Offset {
        self.images.keys().next_back().copied().unwrap_or(0)
    }

    pub fn highest_epoch(&self) -> LeaderEpoch {
        self.leaders.keys().next_back().copied().unwrap_or(0)
    }

    pub fn snapshots_loaded(&self) -> u64 {
        self.snapshots_loaded
    }

    pub fn cuts(&self) -> u64 {
        self.logs_cut
    }

    pub fn quorum(&self, member: usize) -> Option<&Quorum> {
        self.meta(member)?.quorum()
    }

    fn meta(&self, member: usize) -> Option<&MetadataLog> {
        self.members[member].running.as_ref().map(|(_, meta)| meta)
    }

    pub fn log_start(&self, member: usize) -> Offset {
        self.meta(member).unwrap().log().log_start_offset()
    }

    pub fn log_end(&self, member: usize) -> Offset {
        self.meta(member).unwrap().log().log_end_offset()
    }

    pub fn told_end(&self, member: usize) -> Offset {
        self.members[member].image.end.offset
    }

    pub fn leader(&self) -> Option<usize> {
        (0..self.members.len()).find(|member| self.meta(*member).is_some_and(|meta| meta.leads().is_some()))
    }

    /// Nothing gets to the member or from it.
    pub fn cut_off(&mut self, member: usize) {
        for other in 0..self.members.len() {
            self.cuts.insert((other, member), ());
            self.cuts.insert((member, other), ());
        }
    }

    pub fn heal(&mut self) {
        self.cuts.clear();
        self.trouble = Trouble { snapshot: self.trouble.snapshot, ..Trouble::default() };
        for member in &mut self.members {
            member.world.fault = None;
        }
    }

    pub fn fail_next_commit(&mut self, member: usize) {
        let world = &mut self.members[member].world;
        world.fault = Some((world.calls, Fault::Definite(StorageErrorKind::Aborted)));
    }

    pub fn lose_power(&mut self, member: usize) {
        let found = &mut self.members[member];
        if found.running.take().is_some() {
            let call = found.world.next_call().cloned();
            let is_done = found.world.rng.below(2) == 0;
            found.world.crash(call, is_done);
            let down = 10_000 + self.rng.below(3_000_000);
            self.after(down, Happening::Start { member });
        }
    }

    pub fn expect_converged(&self, when: &str) {
        let leaders = (0..self.members.len()).filter(|member| self.meta(*member).unwrap().leads().is_some()).count();
        assert_eq!(leaders, 1, "{when}: one leads");
        for (at, member) in self.members.iter().enumerate() {
            let behind = self.committed() - member.image.end.offset;
            assert!(behind < 30, "{when}: {at} is {behind} behind of {}", self.committed());
        }
    }

    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let ticks = (0..self.members.len()).filter_map(|member| {
                let deadline = self.meta(member)?.next_deadline(self.now);
                let dir = self.members[member].running.as_ref()?.0.next_deadline();
                Some((deadline.into_iter().chain(dir).min()?.max(self.now), member))
            });
            let tick = ticks.min();
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            match (tick, event) {
                (Some((at, member)), event) if event.is_none_or(|event| at < event) && at <= end => {
                    self.now = at;
                    self.turn(member, |turn, dir, meta| {
                        dir.on_tick(turn);
                        meta.on_tick(turn, dir);
                    });
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

    /// Starts a member that is down, its disk changed. Gives what it tells until it has nothing more to read.
    pub fn restart_with(&mut self, member: usize, change: impl FnOnce(&mut Disk)) -> Vec<Told> {
        let found = &mut self.members[member];
        change(&mut found.world.disk);
        let mut opened = open(&mut found.world, member);
        let log = FoundLog::new(opened.logs.remove(0), opened.member.take().unwrap()).unwrap();
        let (dir, world) = (&mut opened.dir, &mut found.world);
        let voters = Voters::new((0..self.voters).map(key));
        let mut meta = MetadataLog::open(&mut world.turn(), dir, log, (key(member), voters), QuorumOptions::default());
        while let Some(input) = world.perform() {
            let turn = &mut world.turn();
            if let Input::Loaded { io, bytes } = input {
                dir.on_loaded(turn, io, &bytes);
                meta.on_loaded(turn, dir, io, Some(&bytes));
            }
        }
        meta.take_told()
    }

    fn after(&mut self, micros: u64, event: Happening) {
        self.next += 1;
        self.events.insert((Instant(self.now.0 + micros), self.next), event);
    }

    fn start(&mut self, member: usize) {
        let voters = Voters::new((0..self.voters).map(key));
        let initial = (0..self.voters).filter(|_| self.is_dynamic).map(voter).collect();
        let found = &mut self.members[member];
        (found.life, found.image, found.loading, found.is_storage_due) =
            (found.life + 1, Image::default(), None, false);
        found.asked.clear();
        found.world.now.monotonic = self.now;
        found.world.fault = None;
        let mut opened = open(&mut found.world, member);
        let log = FoundLog::new(opened.logs.remove(0), opened.member.take().unwrap()).unwrap();
        let me = key(member);
        let mut dir = opened.dir;
        let mut meta =
            MetadataLog::open(&mut found.world.turn(), &mut dir, log, (me, voters), QuorumOptions::default());
        meta.set_initial_voters(initial);
        found.running = Some((dir, meta));
        self.turn(member, |_, _, _| ());
    }

    fn turn<T>(
        &mut self,
        member: usize,
        take: impl FnOnce(&mut crate::turn::Turn<'_>, &mut LogDir, &mut MetadataLog) -> T,
    ) -> Option<T> {
        let found = &mut self.members[member];
        let (dir, meta) = found.running.as_mut()?;
        found.world.now.monotonic = self.now;
        found.world.now.wall = Timestamp(1_700_000_000_000 + (self.now.0 / 1_000) as i64);
        let turn = &mut found.world.turn();
        let taken = take(turn, dir, meta);
        dir.issue(turn);
        let told = meta.take_told();
        told.into_iter().for_each(|told| self.on_told(member, told));
        self.ask_storage(member);
        Some(taken)
    }

    fn ask_storage(&mut self, member: usize) {
        let found = &mut self.members[member];
        if found.world.next_call().is_some() && !std::mem::replace(&mut found.is_storage_due, true) {
            let life = found.life;
            let takes = 200 + self.rng.below(4_000);
            self.after(takes, Happening::Storage { member, life });
        }
    }

    fn on_storage(&mut self, member: usize) {
        self.members[member].is_storage_due = false;
        self.members[member].world.now.monotonic = self.now;
        let input = self.members[member].world.perform();
        self.turn(member, |turn, dir, meta| match input {
            Some(Input::Committed { io }) => {
                if let Some(outcome) = dir.on_committed(turn, io) {
                    meta.on_outcome(turn, dir, &outcome);
                }
            }
            Some(Input::Failed { io, why }) => {
                let outcome = dir.on_failed(turn, io, why);
                if let Some(outcome) = outcome {
                    meta.on_outcome(turn, dir, &outcome);
                }
                meta.on_loaded(turn, dir, io, None);
            }
            Some(Input::Loaded { io, bytes }) => {
                dir.on_loaded(turn, io, &bytes);
                meta.on_loaded(turn, dir, io, Some(&bytes));
            }
            other => panic!("{other:?}"),
        });
        let cut = |event: &Event| matches!(event, Event::LogTruncated { .. });
        self.logs_cut += self.members[member].world.trace.since(0).filter(|traced| cut(&traced.event)).count() as u64;
        self.members[member].world.trace = crate::trace::Trace::new(id(member), 200);
        let is_offline =
            self.members[member].running.as_ref().is_some_and(|(dir, _)| matches!(dir.state(), DirState::Offline(_)));
        if is_offline {
            self.lose_power(member);
        }
    }

    fn happen(&mut self, event: Happening) {
        match event {
            Happening::Question { to, from, life, ask, question } => {
                self.next += 1;
                let request = RequestId(self.next);
                if self.members[to].running.is_some() {
                    self.members[to].asked.insert(request, (from, life, ask));
                    self.turn(to, |turn, dir, meta| meta.on_question(turn, dir, request, question));
                }
            }
            Happening::Answer { to, from, life, ask, answer } if self.members[to].life == life => {
                self.turn(to, |turn, dir, meta| meta.on_answer(turn, dir, (id(from), ask), answer));
            }
            Happening::Storage { member, life } if self.members[member].life == life => {
                if self.members[member].running.is_some() {
                    self.on_storage(member);
                }
            }
            Happening::Answer { .. } | Happening::Storage { .. } => {}
            Happening::Start { member } if self.members[member].running.is_none() => self.start(member),
            Happening::Start { .. } => {}
            Happening::Heal { from, to } => _ = self.cuts.remove(&(from, to)),
            Happening::Beat => self.beat(),
        }
    }

    fn beat(&mut self) {
        self.after(50_000, Happening::Beat);
        for member in 0..self.members.len() {
            let chance = |rng: &mut Rng, of| rng.below(1_000) < of;
            if self.meta(member).is_some_and(|meta| meta.leads().is_some()) {
                let records: Vec<Bytes> = (0..=self.rng.below(3))
                    .map(|_| Bytes::from(self.rng.next_u64().to_be_bytes().repeat(1 + self.rng.below(4) as usize)))
                    .collect();
                let appended = self.turn(member, |turn, dir, meta| meta.append(turn, dir, &records));
                assert!(appended.is_some());
            }
            if chance(&mut self.rng, self.trouble.snapshot) {
                self.take_snapshot(member);
            }
            if chance(&mut self.rng, self.trouble.voters) && self.leader().is_some() {
                let of = self.rng.below(self.members.len() as u64) as usize;
                let is_added = self.rng.below(2) == 0;
                self.change_voters(if is_added { VoterChange::Add(voter(of)) } else { VoterChange::Remove(key(of)) });
            }
            if chance(&mut self.rng, self.trouble.power) {
                self.lose_power(member);
            }
            if chance(&mut self.rng, self.trouble.commit) {
                self.fail_next_commit(member);
            }
            if chance(&mut self.rng, self.trouble.cut) {
                let (to, time) = (self.rng.below(self.members.len() as u64) as usize, self.rng.below(6_000_000));
                self.cuts.insert((member, to), ());
                self.after(time, Happening::Heal { from: member, to });
            }
        }
    }

    /// Of what the owner knows. False: there is nothing new in it.
    pub fn take_snapshot(&mut self, member: usize) -> bool {
        let image = self.members[member].image;
        let mut bytes = BytesMut::new();
        bytes.put_u64(image.digest);
        let filling = Bytes::from(vec![7; 3_000]);
        let taken = self.turn(member, |turn, dir, meta| {
            meta.begin_snapshot(turn, dir, image.end, 0)?;
            meta.add_to_snapshot(turn, dir, &[bytes.freeze()])?;
            (0..20).try_for_each(|_| meta.add_to_snapshot(turn, dir, std::slice::from_ref(&filling)))?;
            meta.finish_snapshot(turn, dir)
        });
        taken.is_some_and(|taken| taken.is_ok())
    }

    fn on_told(&mut self, member: usize, told: Told) {
        match told {
            Told::Ask { to, ask, question } => {
                let (life, to) = (self.members[member].life, index(to));
                self.send(member, to, Happening::Question { to, from: member, life, ask, question });
            }
            Told::Answer { request, answer } => self.answer(member, request, answer),
            Told::Leader(Standing { epoch, leader }) => {
                if leader == Some(id(member)) {
                    let first = *self.leaders.entry(epoch).or_insert(member);
                    assert_eq!(first, member, "Q1: two lead in epoch {epoch}");
                }
            }
            Told::HighWatermark(_) | Told::SnapshotKept(_) => {}
            Told::SnapshotBegun(_) => self.members[member].loading = Some(Vec::new()),
            Told::SnapshotRecords(records) => {
                self.members[member].loading.as_mut().expect("a snapshot has begun").extend(records);
            }
            Told::SnapshotEnded(end) => {
                let records = self.members[member].loading.take().expect("a snapshot has begun");
                assert_eq!(records.len(), 21, "a snapshot is whole");
                let image = Image { end, digest: records[0].clone().get_u64() };
                assert_eq!(self.images.get(&end.offset), Some(&image), "Q9: the image of a snapshot");
                self.members[member].image = image;
                self.snapshots_loaded += 1;
            }
            Told::Committed(batch) => self.commit(member, &batch),
            Told::VotersChanged { changed, .. } => self.changed.push(changed),
            Told::Fatal(why) => panic!("{member}: {why}"),
        }
    }

    /// Q3, Q9, Q10: wherever a batch ends all have the same behind them.
    fn commit(&mut self, member: usize, batch: &CommittedBatch) {
        let high_watermark = self.meta(member).expect("it has just said so").high_watermark();
        let image = &mut self.members[member].image;
        assert!(batch.end.offset <= high_watermark, "Q10: what is told is committed");
        assert_eq!(batch.first, image.end.offset, "each batch comes once, in order");
        image.apply(&batch.records);
        image.end = batch.end;
        let first = *self.images.entry(batch.end.offset).or_insert(*image);
        assert_eq!(first, *image, "Q9: {member} has another image at {}", batch.end.offset);
    }

    fn answer(&mut self, member: usize, request: RequestId, answer: Answer) {
        let Some((to, life, ask)) = self.members[member].asked.remove(&request) else {
            panic!("{member} answers {request} twice")
        };
        if answer.said == (Ok(Said::Vote { is_granted: true })) {
            let document = self.members[member].world.disk.file(layout::QUORUM_STATE).unwrap_or_default();
            let durable = ElectionState::parse(std::str::from_utf8(document).unwrap()).unwrap_or_default();
            assert!(durable.epoch <= answer.standing.epoch, "Q5");
        }
        self.send(member, to, Happening::Answer { to, from: member, life, ask, answer });
    }

    fn send(&mut self, from: usize, to: usize, event: Happening) {
        let is_lost = self.rng.below(1_000) < self.trouble.loss;
        if self.cuts.contains_key(&(from, to)) || is_lost {
            return;
        }
        let most = if self.rng.below(1_000) < self.trouble.late { 5_000_000 } else { 3_000 };
        let takes = 200 + self.rng.below(most);
        self.after(takes, event);
    }
}
