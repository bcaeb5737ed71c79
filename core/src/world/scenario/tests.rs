use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    expectation::{CLIENT_ERRORS, Expectation, KeyValue, Place, Records, State},
    request::{Altered, Produce, Request, Send, Stamp},
    *,
};
use crate::{
    client::question::Acks,
    config::BrokerConfig,
    record::Compression,
    world::{fault::FAULTS, swarm::WORK},
};
use std::time::Duration;

fn said_again(scenario: &Scenario) -> Scenario {
    let text = scenario.to_string();
    Scenario::parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

#[test]
fn every_seed_is_one_line() {
    for seed in 0..200 {
        let scenario = Scenario::of_seed(seed);
        assert_eq!(scenario.to_string(), format!("ottla 1\nseed {seed}\n"));
        assert_eq!(said_again(&scenario), scenario);
    }
}

/// Each setting of a swarm is in the text of a world that has none of the plain one's.
#[test]
fn whatever_a_swarm_has_can_be_said() {
    for seed in 0..200 {
        let drawn = Scenario { seed: None, ..Scenario::of_seed(seed) };
        assert_eq!(said_again(&drawn), drawn, "{drawn}");
    }
}

/// What a range comes to is the seed's, and is said as a number.
#[test]
fn another_seed_draws_another_world_of_the_same_text() {
    let text = "ottla 1\nseed 1\nbrokers 3..5\nvoters 3\n";
    assert_eq!(Scenario::parse_with_seed(text, 1).unwrap(), Scenario::parse(text).unwrap());
    let drawn: Vec<Scenario> = (0..50).map(|seed| Scenario::parse_with_seed(text, seed).unwrap()).collect();
    for (scenario, seed) in drawn.iter().zip(0..) {
        assert_eq!((scenario.seed, scenario.swarm.seed, scenario.swarm.voters), (Some(seed), seed, 3));
        assert_eq!(&said_again(scenario), scenario);
        assert_eq!(scenario.swarm.row, Swarm::draw(seed).row);
    }
    let counts: SortedSet<u32> = drawn.iter().map(|scenario| scenario.swarm.brokers).collect();
    assert_eq!(counts, SortedSet::from([3, 4, 5]));
    let plain = Scenario::parse_with_seed("ottla 1\nbrokers 2\nvoters 1\n", 9).unwrap();
    assert_eq!((plain.seed, plain.swarm.seed, plain.swarm.row), (None, 9, Swarm::plain().row));
    for wrong in ["brokers 0..3", "brokers 5..3", "brokers 3..6", "voters 3..", "brokers ..3"] {
        assert!(Scenario::parse(&format!("ottla 1\n{wrong}\n")).is_err(), "{wrong}");
    }
}

#[test]
fn a_story_reads_as_it_was_written() {
    let text = "ottla 1\n\
        # a story\n\
        row commit\n\
        config log.segment.bytes=1000\n\
        create topic orders partitions=2 segment.bytes=500\n\
        produce orders k \"v w\"   # waits; for its answer\n\
        at 2.5s kill broker-1 for 300ms; cut broker-1>visitor-1 for 1m\n\
        expect read orders 0: k=\"v w\" ...\n\
        end at 78.123456s steps 12 digest 00000000deadbeef\n";
    let scenario = Scenario::parse(text).unwrap();
    assert_eq!(
        scenario.to_string(),
        "ottla 1\n\
        row commit\n\
        config log.segment.bytes=1000\n\
        create topic orders partitions=2 segment.bytes=500\n\
        produce orders k \"v w\"\n\
        at 2.5s kill 1 for 300ms; cut broker-1>visitor-1 for 60s\n\
        expect read orders 0: k=\"v w\" ...\n\
        end at 78.123456s steps 12 digest 00000000deadbeef\n"
    );
    assert_eq!(scenario.swarm.config.flush_messages, 1);
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (text, why) in [
        ("", "line 1: a scenario begins with `ottla 1`"),
        ("hello", "line 1: a scenario begins with `ottla 1`"),
        ("ottla 2", "line 1: this engine reads version 1 of the language, not `2`"),
        ("ottla 1\nexplode 1", "line 2: nobody knows how to `explode`"),
        ("ottla 1\nkill 2", "line 2: there is no broker 2"),
        ("ottla 1\nkill 1 for", "line 2: a time is missing"),
        ("ottla 1\nkill 1 forever", "line 2: nothing is known of `forever` here"),
        ("ottla 1\npause 1", "line 2: for how long? say it, such as `for 2s`"),
        ("ottla 1\ncut 2>3 for 1s", "line 2: there is no broker 2"),
        ("ottla 1\ncut 1<>1 for 1s", "line 2: `1` has no link with itself"),
        ("ottla 1\ncut visitor-1>visitor-2 for 1s", "line 2: visitors do not speak with each other"),
        ("ottla 1\nreset visitor-2", "line 2: there is no visitor-2"),
        ("ottla 1\nvisitors 101", "line 2: `101` is no number from 0 to 100"),
        ("ottla 1\nheal\nvisitors 2", "line 3: `visitors` is a setting, and settings stand before the script"),
        ("ottla 1\nvisitors 2\nseed 1", "line 3: `seed` comes before what it draws"),
        ("ottla 1\nvisitors 2\nvisitors 3", "line 3: `visitors` is said twice"),
        ("ottla 1\nconfig a=b", "line 2: no broker takes `b` as `a`"),
        ("ottla 1\nconfig log.flush.interval.messages=2", "line 2: log.flush.interval.messages is the setting `row`'s"),
        ("ottla 1\nconfig num.io.threads=2000000000", "line 2: `2000000000` is no number from 0 to 10000"),
        ("ottla 1\nfaults K1 X9", "line 2: `X9` is none of"),
        ("ottla 1\nproduce orders k", "line 2: the value, or `-` is missing"),
        ("ottla 1\nproduce orders k v acks=2", "line 2: acks are all, 1 or 0, not `2`"),
        ("ottla 1\nexpect error OOPS", "line 2: there is no error `OOPS`"),
        ("ottla 1\nexpect event Oops", "line 2: there is no event `Oops`"),
        ("ottla 1\nexpect read orders 0", "line 2: a colon is missing behind the partition"),
        ("ottla 1\nexpect read orders 0:", "line 2: which records? say `none` where there are none"),
        ("ottla 1\nheal; at 2s heal", "line 2: `at` stands in front of its line"),
        ("ottla 1\nwait 2", "line 2: `2` is no time such as 300ms, 2.5s or 1m, of a day at most"),
        ("ottla 1\nproduce \"a", "line 2: a quote is opened and not closed"),
        ("ottla 1\nend at 1s steps 1 digest 0", "line 2: a digest has 16 hex digits"),
        ("ottla 1\nend at 1s steps 1 digest 0000000000000000\nheal", "line 3: nothing stands behind `end`"),
        ("ottla 1\n\u{1b}[2J", "line 2: nobody knows how to `\\u{1b}[2J`"),
    ] {
        let found = Scenario::parse(text).unwrap_err().to_string();
        assert!(found.starts_with(why) && !found.contains('\n'), "{text:?}: {found}");
    }
}

#[test]
fn what_is_too_much_is_refused() {
    let long = format!("ottla 1\nproduce orders k {}", "v".repeat(LINE_BYTES_MAX));
    assert_eq!(Scenario::parse(&long).unwrap_err().line, 2);
    let many = format!("ottla 1\n{}", "heal;heal;heal;heal\n".repeat(COMMANDS_MAX / 4 + 1));
    assert_eq!(Scenario::parse(&many).unwrap_err().line as usize, COMMANDS_MAX / 4 + 2);
    let huge = format!("ottla 1\n{}", "# \n".repeat(TEXT_BYTES_MAX / 3));
    assert!(Scenario::parse(&huge).is_err());
    let deep = format!("ottla 1\n{}", "start ".repeat(1_000));
    assert_eq!(Scenario::parse(&deep).unwrap_err().why, "a command is started once");
}

fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof!["[a-z]{1,6}", any::<String>().prop_map(|text| text.chars().take(20).collect())]
}

fn key_value() -> impl Strategy<Value = KeyValue> + Clone {
    (option::of(text()), option::of(text()))
}

fn length() -> impl Strategy<Value = Duration> {
    prop_oneof![0..5_000_000_u64, 0..86_400_000_000_u64].prop_map(Duration::from_micros)
}

fn moment() -> impl Strategy<Value = Instant> {
    length().prop_map(|since| Instant(0) + since)
}

fn fault() -> impl Strategy<Value = Command> {
    // As seeds draw them.
    any::<u64>().prop_filter_map("no faults", |seed| {
        let swarm = Swarm { faults: FAULTS.to_vec(), brokers: 1, visitors: 2, ..Swarm::draw(seed) };
        Some(Command::Fault(swarm.draw_faults().into_iter().next()?.1))
    })
}

fn configs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[a-z.]{1,9}", text()];
    vec((name.prop_filter("an option", |name| name != "by" && name != "partitions"), text()), 1..3)
}

fn request() -> impl Strategy<Value = Request> {
    let acks = select(vec![Acks::All, Acks::Leader, Acks::None]);
    let produce = (text(), 0..9, option::of(text()), option::of(text()), acks, select(&Compression::ALL[..]), 0..9_u32);
    prop_oneof![
        (text(), option::of(0..1_000), configs()).prop_map(|(topic, partitions, configs)| Request::CreateTopic {
            topic,
            partitions,
            configs
        }),
        text().prop_map(|topic| Request::DeleteTopic { topic }),
        (text(), configs()).prop_map(|(topic, configs)| Request::Alter { of: Altered::Topic(topic), configs }),
        configs().prop_map(|configs| Request::Alter { of: Altered::Broker(0), configs }),
        (text(), 0..9, -1..100_i64).prop_map(|(topic, partition, before)| Request::DeleteRecords {
            topic,
            partition,
            before
        }),
        produce.prop_map(|(topic, partition, key, value, acks, codec, records)| {
            Request::Produce(Produce { topic, partition, key, value, acks, codec, records })
        }),
        (text(), 0..9, 0..i64::MAX, length(), 0..i32::MAX as u32, 0..i32::MAX as u32).prop_map(
            |(topic, partition, from, wait, bytes_min, bytes_max)| {
                Request::Fetch { topic, partition, from, wait, bytes_min, bytes_max }
            }
        ),
    ]
}

fn send() -> impl Strategy<Value = Command> {
    (text(), 0..9, (0..i64::MAX, 0..i16::MAX, 0..i32::MAX), 1..9_u32).prop_map(
        |(topic, partition, (producer, epoch, sequence), records)| {
            let stamp = Stamp { producer, epoch, sequence };
            Command::Send(Send { topic, partition, stamp, records, acks: Acks::All })
        },
    )
}

fn expectation() -> impl Strategy<Value = Expectation> {
    let records = (vec(key_value(), 0..4), any::<bool>()).prop_map(|(records, is_open)| Records { records, is_open });
    let place = (text(), 0..9).prop_map(|(topic, partition)| Place { topic, partition });
    let state = prop_oneof![
        (place.clone(), 0..i64::MAX).prop_map(|(place, offset)| State::LogStart(place, offset)),
        (place.clone(), 0..i64::MAX).prop_map(|(place, offset)| State::LogEnd(place, offset)),
        (place, 0..i64::MAX).prop_map(|(place, offset)| State::HighWatermark(place, offset)),
        select(crate::trace::Event::ALL).prop_map(|(name, _)| State::Event(name)),
        Just(State::Serving(0)),
        Just(State::Down(0)),
    ];
    prop_oneof![
        Just(Expectation::Ok),
        select(&CLIENT_ERRORS[..]).prop_map(Expectation::Error),
        (0..i64::MAX).prop_map(Expectation::Offset),
        records.clone().prop_map(Expectation::Records),
        (text(), 0..9, records).prop_map(|(topic, partition, records)| Expectation::Read { topic, partition, records }),
        (state, length()).prop_map(|(state, within)| Expectation::Soon { state, within }),
        moment().prop_map(Expectation::By),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let plain = prop_oneof![
        fault(),
        Just(Command::Heal),
        length().prop_map(Command::Wait),
        moment().prop_map(Command::WaitUntil),
        (request(), 0..2_u32).prop_map(|(request, by)| Command::Ask { request, by, times: 1 }),
        send(),
        expectation().prop_map(Command::Expect),
    ];
    (plain, any::<bool>()).prop_map(|(command, is_started)| match is_started {
        true => Command::Start(Box::new(command)),
        false => command,
    })
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let line = (option::of(moment()), vec(command(), 1..4)).prop_map(|(at, commands)| Line { at, commands });
    let end = (moment(), any::<u64>(), any::<u64>()).prop_map(|(at, steps, digest)| End { at, steps, digest });
    let swarm = (option::of(any::<u64>()), select(&WORK[..]), select(&FAULTS[..]), 1_000..100_000_u32);
    (swarm, vec(line, 0..5), option::of(end), option::of("[0-9.]{1,5}")).prop_map(
        |((seed, work, fault, segment_bytes), script, end, build)| {
            let drawn = seed.map_or_else(Swarm::plain, Swarm::draw);
            let config = BrokerConfig { segment_bytes, ..drawn.config.clone() };
            let swarm = Swarm { visitors: 2, work: vec![work], faults: vec![fault], config, ..drawn };
            Scenario { build, seed, swarm, script, end }
        },
    )
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(scenario in scenario()) {
        prop_assert_eq!(said_again(&scenario), scenario);
    }

    /// P4.
    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), line in "[ -~]{0,60}") {
        let _ = Scenario::parse(&text);
        for text in [format!("ottla 1\n{text}\n{line}"), format!("ottla 1\nproduce {line}"), format!("ottla 1\nexpect {line}")] {
            if let Ok(scenario) = Scenario::parse(&text) {
                prop_assert_eq!(said_again(&scenario), scenario);
            }
        }
    }
}
