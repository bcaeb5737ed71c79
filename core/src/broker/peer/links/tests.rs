//! Links of one member, one input at a time.

use super::{
    super::{Asked, Reply, Told, read, tests::member, write},
    *,
};
use crate::{
    broker::api::{Ask, Handled},
    effect::{Frame, Listener, NodeAnswer},
    error::ErrorCode,
    ids::RequestId,
    quorum::{Answer, AskId, LogPosition, Question, ReplicaKey, Said, Standing},
    rng::Rng,
    time::{Now, Timestamp},
    trace::Trace,
    turn::Ids,
    wire::RequestHead,
};

const PATIENCE: Duration = Duration::from_secs(2);

struct Stage {
    links: Links,
    now: Instant,
    rng: Rng,
    ids: Ids,
    trace: Trace,
    effects: Vec<Effect<NodeAnswer>>,
    next_connection: u64,
}

impl Stage {
    /// Member 1, which knows where 2 is.
    fn new() -> Self {
        let mut stage = Self {
            links: Links::new(member(1)),
            now: Instant(1_000_000),
            rng: Rng::new(1),
            ids: Ids::default(),
            trace: Trace::new(BrokerId(1), 10),
            effects: Vec::new(),
            next_connection: 0,
        };
        stage.turn(|links, turn| links.learn(turn, BrokerId(2), &member(2).address));
        stage
    }

    fn turn<T>(&mut self, work: impl FnOnce(&mut Links, &mut Turn<'_>) -> T) -> T {
        let Self { links, now, rng, ids, trace, effects, .. } = self;
        let now = Now { monotonic: *now, wall: Timestamp(0) };
        work(links, &mut Turn { now, rng, trace, ids, effects })
    }

    fn ask(&mut self, errand: Errand) {
        self.turn(|links, turn| links.ask(turn, BrokerId(2), errand, PATIENCE));
    }

    /// The dials that were asked for.
    fn dials(&mut self) -> Vec<DialId> {
        let dials = |effect: Effect<NodeAnswer>| match effect {
            Effect::Dial { dial, address } => {
                assert_eq!(address, member(2).address);
                Some(dial)
            }
            _ => None,
        };
        self.effects.drain(..).filter_map(dials).collect()
    }

    fn dialled(&mut self, dial: DialId) -> ConnectionId {
        self.next_connection += 1;
        let connection = ConnectionId(self.next_connection);
        self.turn(|links, turn| links.on_dialled(turn, dial, connection));
        connection
    }

    fn written(&mut self) -> Vec<(ConnectionId, Frame)> {
        let written = |effect| match effect {
            Effect::Write { connection, frame } => Some((connection, frame)),
            _ => None,
        };
        self.effects.drain(..).filter_map(written).collect()
    }

    fn closed(&mut self) -> Vec<ConnectionId> {
        let closed = |effect| match effect {
            Effect::Close { connection } => Some(connection),
            _ => None,
        };
        self.effects.drain(..).filter_map(closed).collect()
    }

    /// Member 2 answers what was written.
    fn answered(&mut self, (connection, frame): (ConnectionId, Frame), said: Said) {
        let frame = frame.to_bytes();
        let (head, body) = RequestHead::decode(frame.slice(4..), Listener::Broker, 1 << 20).unwrap();
        let RequestHead { api, version, correlation, .. } = head;
        let ask = Ask { request: RequestId(1), connection, listener: Listener::Broker, api, version, correlation };
        assert!(matches!(read(ask, body, &member(2)), Ok(Ok(Asked::Quorum(_)))));
        let Handled::Reply(frame) = write(ask, Reply::Quorum { answer: answer(said), leader: None }) else {
            panic!("no answer")
        };
        self.turn(|links, turn| links.on_bytes(turn, connection, frame.to_bytes()));
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.turn(Links::on_tick);
    }

    fn heard(&mut self) -> Vec<(u64, Result<Answered, Lost>)> {
        let heard = self.links.take_heard().into_iter();
        heard
            .map(|heard| {
                let Errand::Quorum(AskId(ask), _) = heard.errand else { unreachable!() };
                (ask, heard.what)
            })
            .collect()
    }
}

fn answer(said: Said) -> Answer {
    Answer { standing: Standing { epoch: 3, leader: None }, said: Ok(said) }
}

fn told(said: Said) -> Result<Answered, Lost> {
    Ok(Answered::Quorum(Told { answer: answer(said), leader: None }))
}

fn begin(ask: u64) -> Errand {
    Errand::Quorum(AskId(ask), Question::BeginQuorumEpoch { epoch: 3, leader: BrokerId(1), voter: member(2).key })
}

fn fetch(ask: u64) -> Errand {
    let replica: ReplicaKey = member(1).key;
    Errand::Quorum(AskId(ask), Question::Fetch { epoch: 3, replica, from: LogPosition::default(), high_watermark: 0 })
}

#[test]
fn a_peer_is_dialled_when_something_is_asked_and_answers_are_matched() {
    let mut stage = Stage::new();
    assert_eq!(stage.links.next_deadline(), None);
    stage.ask(begin(1));
    stage.ask(begin(2));
    let dials = stage.dials();
    assert_eq!(dials.len(), 1);
    stage.dialled(dials[0]);
    let written = stage.written();
    assert_eq!(written.len(), 2);
    written.into_iter().for_each(|request| stage.answered(request, Said::Heard));
    assert_eq!(stage.heard(), [(1, told(Said::Heard)), (2, told(Said::Heard))]);
    stage.ask(begin(3));
    assert_eq!(stage.written().len(), 1);
}

#[test]
fn a_fetch_holds_up_no_vote() {
    let mut stage = Stage::new();
    stage.ask(fetch(1));
    stage.ask(begin(2));
    let dials = stage.dials();
    let connections: Vec<ConnectionId> = dials.iter().map(|dial| stage.dialled(*dial)).collect();
    let written = stage.written();
    assert_eq!(written.iter().map(|(connection, _)| *connection).collect::<Vec<_>>(), connections);
    let [_, vote] = written.try_into().unwrap();
    stage.answered(vote, Said::Heard);
    assert_eq!(stage.heard(), [(2, told(Said::Heard))]);
}

#[test]
fn a_connection_that_ends_takes_along_what_is_under_way() {
    let mut stage = Stage::new();
    (1..=7).for_each(|ask| stage.ask(begin(ask)));
    let dial = stage.dials()[0];
    let connection = stage.dialled(dial);
    // No more than five are under way; the others go on waiting, for the next connection.
    assert_eq!(stage.written().len(), 5);
    stage.turn(|links, turn| links.on_closed(turn, connection));
    assert_eq!(stage.heard(), (1..=5).map(|ask| (ask, Err(Lost::Disconnected))).collect::<Vec<_>>());
    assert!(!stage.links.has(connection) && stage.dials().is_empty());
    let rest = stage.links.next_deadline().unwrap().since(stage.now);
    assert!((Duration::from_millis(40)..=Duration::from_millis(60)).contains(&rest), "{rest:?}");
    stage.pass(rest);
    let dial = stage.dials()[0];
    stage.dialled(dial);
    assert_eq!(stage.written().len(), 2);
}

#[test]
fn a_peer_rests_longer_each_time_and_is_well_when_it_answers() {
    let mut stage = Stage::new();
    let mut rests = Vec::new();
    for ask in 1..=6 {
        stage.ask(begin(ask));
        let rest = stage.links.peers[&BrokerId(2)].rests_until.since(stage.now);
        stage.pass(rest);
        let dial = stage.dials().pop().unwrap();
        stage.turn(|links, turn| links.on_dial_failed(turn, dial));
        assert_eq!(stage.heard(), [(ask, Err(Lost::Unreachable))]);
        rests.push(rest.as_millis());
    }
    assert!(rests[2] > rests[1] && rests[3] > rests[2] && rests[5] <= 500, "{rests:?}");
    stage.pass(REST_MAX);
    stage.ask(begin(7));
    let dial = stage.dials().pop().unwrap();
    stage.dialled(dial);
    let request = stage.written().pop().unwrap();
    stage.answered(request, Said::Heard);
    assert_eq!(stage.links.peers[&BrokerId(2)].failures, 0);
}

#[test]
fn what_takes_too_long_is_lost() {
    let mut stage = Stage::new();
    stage.ask(begin(1));
    let dial = stage.dials()[0];
    assert_eq!(stage.links.next_deadline(), Some(stage.now + PATIENCE));
    // The dial takes as long as the errand has.
    stage.pass(PATIENCE);
    assert_eq!(stage.heard(), [(1, Err(Lost::TimedOut))]);
    let late = stage.dialled(dial);
    assert_eq!(stage.closed(), [late]);
    stage.pass(REST_MAX);
    stage.ask(begin(2));
    let dial = stage.dials()[0];
    let connection = stage.dialled(dial);
    assert_eq!(stage.written().len(), 1);
    stage.pass(PATIENCE);
    assert_eq!(stage.heard(), [(2, Err(Lost::TimedOut))]);
    assert_eq!(stage.closed(), [connection]);
}

#[test]
fn an_answer_that_is_none_ends_the_connection() {
    let bad: [&[u8]; 4] = [
        // A length that no frame has, another correlation, a body too many, an answer nobody waits for.
        &[0xff; 4],
        &[0, 0, 0, 6, 0, 0, 0, 9, 0, 0],
        &[0, 0, 0, 7, 0, 0, 0, 0, 0, 9, 9],
        &[0, 0, 0, 1],
    ];
    for bytes in bad {
        let mut stage = Stage::new();
        stage.ask(begin(1));
        let dial = stage.dials()[0];
        let connection = stage.dialled(dial);
        let request = stage.written().pop().unwrap();
        if bytes.len() == 4 && bytes[0] == 0 {
            stage.answered(request, Said::Heard);
            stage.heard();
            stage.turn(|links, turn| links.on_bytes(turn, connection, Bytes::from_static(bytes)));
            assert_eq!((stage.heard(), stage.closed()), (Vec::new(), vec![connection]));
            continue;
        }
        stage.turn(|links, turn| links.on_bytes(turn, connection, Bytes::from_static(bytes)));
        assert!(matches!(stage.heard()[..], [(1, Err(Lost::Unreadable))]), "{bytes:?}");
    }
}

#[test]
fn nobody_waits_without_bound() {
    let mut stage = Stage::new();
    stage.turn(|links, turn| links.ask(turn, BrokerId(9), begin(0), PATIENCE));
    assert_eq!(stage.heard(), [(0, Err(Lost::Unreachable))]);
    (0..=WAITING_MAX as u64).for_each(|ask| stage.ask(begin(ask)));
    assert_eq!(stage.heard(), [(WAITING_MAX as u64, Err(Lost::Full))]);
}

#[test]
fn a_peer_that_moved_is_dialled_where_it_is() {
    let mut stage = Stage::new();
    stage.ask(begin(1));
    let dial = stage.dials()[0];
    let connection = stage.dialled(dial);
    stage.written();
    let elsewhere = member(5).address;
    stage.turn(|links, turn| links.learn(turn, BrokerId(2), &elsewhere));
    assert_eq!(stage.closed(), [connection]);
    assert_eq!(stage.heard(), [(1, Err(Lost::Disconnected))]);
    assert_eq!(stage.links.address(BrokerId(2)), Some(&elsewhere));
}

#[test]
fn a_leader_that_an_answer_names_is_known_from_then_on() {
    let mut stage = Stage::new();
    stage.ask(begin(1));
    let dial = stage.dials()[0];
    let connection = stage.dialled(dial);
    let (_, frame) = stage.written().pop().unwrap();
    let (head, _) = RequestHead::decode(frame.to_bytes().slice(4..), Listener::Broker, 1 << 20).unwrap();
    let RequestHead { api, version, correlation, .. } = head;
    let ask = Ask { request: RequestId(1), connection, listener: Listener::Broker, api, version, correlation };
    let standing = Standing { epoch: 4, leader: Some(BrokerId(3)) };
    let answer = Answer { standing, said: Err(ErrorCode::FencedLeaderEpoch) };
    let reply = Reply::Quorum { answer, leader: Some(member(3).address) };
    let Handled::Reply(frame) = write(ask, reply) else { panic!("no answer") };
    stage.turn(|links, turn| links.on_bytes(turn, connection, frame.to_bytes()));
    assert_eq!(stage.links.address(BrokerId(3)), Some(&member(3).address));
}
