//! Where the corpus began: valid inputs of every target, from `kafka-wire`'s encoders, our builders, and a broker's own log dir.

mod messages;

use std::time::Duration;

use bytes::Bytes;
use ottla_contract::frames;
use ottla_core::{
    effect::Listener,
    ids::{LEADER_EPOCH_MAX, OFFSET_MAX, TopicId},
    log::{
        checkpoint,
        index::{OffsetIndex, TimeIndex},
        layout,
    },
    record::{Batch, BatchBuilder, Compression, Header, ProducerStamp},
    time::Timestamp,
    wire::Api,
    world::{fault::FAULTS, scenario::Scenario, swarm::Swarm},
};
use ottla_tests::{
    fuzz::{DrivenBroker, Files, packed, recorded},
    link, metadata_records,
    sim::stories,
};

pub type Seed = (&'static str, String, Vec<u8>);

pub fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |target: &'static str, name: &str, bytes: Vec<u8>| seeds.push((target, name.to_owned(), bytes));
    let requests = messages::requests();
    let named = |api: Api, version: i16| format!("{}-{version}", api.name());
    for (api, version, frame) in &requests {
        add("requests", &named(*api, *version), frame[4..].to_vec());
    }
    for (api, version, body) in messages::answers() {
        let head = [position(api), (version - api.served().start()) as u8];
        add("answers", &named(api, version), [&head, &body[..]].concat());
    }
    add("frames", "one", [&[255], &frames::api_versions(1)[..]].concat());
    add("frames", "two-in-threes", [&[3], &frames::api_versions(1)[..], &frames::metadata(2, "t", true)].concat());
    add("frames", "too-long", vec![1, 0x7f, 0xff, 0xff, 0xff, 1]);
    for version in [3, 8, 9, 12, 13] {
        add("produce", &format!("version-{version}"), messages::produce_body(version, &batch(Compression::Lz4, None)));
    }
    add_batches(&mut add);
    for (number, record) in metadata_records::one_of_each().iter().enumerate() {
        add("metadata", &format!("{number:02}-{}", record.name()), record.encode().to_vec());
    }
    add_log_dirs(&mut add);
    // The others would end a client's connection.
    let requests: Vec<_> = requests.iter().filter(|(api, ..)| api.is_served_at(Listener::Client)).collect();
    let frames_of = |from: usize| requests.iter().skip(from).step_by(2).map(|(_, _, frame)| &frame[..]);
    add("connection", "first-versions", std::iter::once(&[200][..]).chain(frames_of(0)).collect::<Vec<_>>().concat());
    add("connection", "last-versions", std::iter::once(&[1][..]).chain(frames_of(1)).collect::<Vec<_>>().concat());
    for (api, version, frame) in &requests {
        add("connection", &named(*api, *version), [&[255], &frame[..]].concat());
    }
    add("client", "everything", recorded());
    add_scenarios(&mut add);
    seeds
}

fn add_scenarios(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    // Every setting is said in it, and every kind of fault.
    let drawn = Scenario { seed: None, ..Scenario::of_seed(2) };
    let faults = Swarm { faults: FAULTS.to_vec(), fault_every: Duration::from_secs(2), ..Swarm::draw(3) };
    let faults = Scenario { seed: None, ..Scenario::from(faults) }.written_out();
    for (name, scenario) in [("settings", drawn), ("faults", faults)] {
        add("scenario", name, scenario.to_string().into_bytes());
        add("links", name, link::write(&scenario.to_string()).expect("it is short").into_bytes());
    }
    for name in stories::names() {
        add("scenario", &name, stories::load(&name).expect("a story").scenario.to_string().into_bytes());
    }
}

fn position(api: Api) -> u8 {
    Api::ALL.iter().position(|other| *other == api).expect("one of all") as u8
}

fn batch(compression: Compression, producer: Option<ProducerStamp>) -> Bytes {
    let mut builder = BatchBuilder::new(compression);
    let header = Header { key: Bytes::from_static(b"trace"), value: None };
    builder.append(Timestamp(1_700_000_000_000), Some(b"key"), Some(b"value"), &[]);
    builder.append(Timestamp(1_700_000_000_001), None, Some(&[b'x'; 300]), &[header]);
    builder.append(Timestamp(1_700_000_000_000), Some(b""), None, &[]);
    builder.finish(producer).to_bytes()
}

fn stamp(base_sequence: i32) -> ProducerStamp {
    ProducerStamp { producer_id: 7, producer_epoch: 0, base_sequence, is_transactional: false }
}

fn add_batches(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let text = include_bytes!("../../../LICENSE");
    for codec in Compression::ALL {
        let batch = batch(codec, (codec == Compression::None).then(|| stamp(0)));
        add("batches", codec.name(), batch.to_vec());
    }
    add("batches", "two", [batch(Compression::None, None), batch(Compression::Gzip, Some(stamp(3)))].concat());
    for (target, codec) in ["gzip", "snappy", "lz4", "zstd"].into_iter().zip(Compression::ALL.into_iter().skip(1)) {
        add(target, "nothing", codec.compress(b""));
        add(target, "text", codec.compress(&text[..2_000]));
        add(target, "zeros", codec.compress(&[0; 100_000]));
    }
}

fn add_log_dirs(add: &mut impl FnMut(&'static str, &str, Vec<u8>)) {
    let (killed, stopped) = log_dirs();
    let file = |files: &Files, ending: &str| {
        let found = files.iter().find(|(name, _)| name.ends_with(ending));
        found.unwrap_or_else(|| panic!("no file {ending}")).1.to_vec()
    };
    let catalog = file(&stopped, layout::CATALOG);
    add("catalog", "topics", catalog[..catalog.len() - "crc 00000000\n".len()].to_vec());
    add("snapshot", "producers", file(&stopped, ".snapshot")[6..].to_vec());
    add("snapshot", "none", vec![0; 4]);
    let (mut offsets, mut times) = (OffsetIndex::default(), TimeIndex::default());
    for at in 1..20 {
        offsets.push(at * 3 - 2, at * 3, at * 4096);
        times.push(Timestamp(1_700_000_000_000 + i64::from(at)), at * 3);
    }
    add("indexes", "offsets", offsets.encode_from(0).to_vec());
    add("indexes", "times", times.encode_from(0).to_vec());
    add("checkpoints", "offsets", checkpoint::write_offsets([("a-0", 5), ("b.c-12", OFFSET_MAX)].into_iter()).to_vec());
    add("checkpoints", "offsets-of-nobody", b"0\n1\n 12 4\n".to_vec());
    add("checkpoints", "epochs", checkpoint::write_epochs(&[(0, 0), (3, 17)]).to_vec());
    add("checkpoints", "topic-id", checkpoint::write_topic_id(TopicId(*b"0123456789abcdef")).to_vec());
    add("checkpoints", "broker-epoch", checkpoint::write_broker_epoch(4).to_vec());
    add("checkpoints", "path", b"a-0/00000000000000000012.log".to_vec());
    add("log_dir", "killed", packed(&killed));
    add("log_dir", "stopped", packed(&stopped));
    add("log_dir", "new", packed(&Files::new()));
    add("log_dir", "highest-offset", packed(&log_at(i64::MAX)));
    add("log_dir", "high-offset", packed(&log_at(OFFSET_MAX - 1_000)));
    // The document is sound; nobody has made so many.
    let id = TopicId(*b"0123456789abcdef");
    let lines = format!("ottla catalog 1\ncluster c\nversion 1\nproducer-ids 0\ntopic {id} many 2147483647 false\n");
    add("catalog", "many-partitions", lines.clone().into_bytes());
    let head = |number: u64| format!("ottla catalog 1\ncluster c\nversion {number}\nproducer-ids {number}\n");
    add("catalog", "too-high-numbers", head(u64::MAX).into_bytes());
    let highest = head((u64::MAX >> 2) - 10_000);
    add("catalog", "high-numbers", highest.clone().into_bytes());
    let catalog = (layout::CATALOG.into(), (highest + "crc 00000000\n").into());
    let epoch = (layout::BROKER_EPOCH.into(), checkpoint::write_broker_epoch(LEADER_EPOCH_MAX - 1_000));
    add("log_dir", "high-numbers", packed(&Files::from([catalog, epoch])));
    add(
        "log_dir",
        "many-partitions",
        packed(&Files::from([(layout::CATALOG.into(), (lines + "crc 00000000\n").into())])),
    );
}

/// A log that ends at `last_offset`, the largest there is or near it.
fn log_at(last_offset: i64) -> Files {
    let id = TopicId(*b"0123456789abcdef");
    let lines =
        format!("ottla catalog 1\ncluster c\nversion 1\nproducer-ids 0\ntopic {id} logs 1 false\ncrc 00000000\n");
    let mut batch = Batch::parse(batch(Compression::None, None)).expect("a batch");
    batch.place(last_offset - 2, 0);
    Files::from([
        (layout::CATALOG.into(), lines.into()),
        ("logs-0/partition.metadata".into(), checkpoint::write_topic_id(id)),
        (format!("logs-0/{:020}.log", last_offset - 2).into(), batch.to_bytes()),
    ])
}

/// What a broker had put when it was killed, and when it had been stopped: several segments, an idempotent producer.
fn log_dirs() -> (Files, Files) {
    let mut broker = DrivenBroker::on(Files::new());
    broker.open();
    let connection = broker.connect(1);
    let configs = [("segment.bytes", "1024"), ("retention.ms", "-1")];
    broker.send(connection, frames::create_topic(1, "logs", 2, &configs));
    for number in 0..8 {
        let producer = (number % 2 == 0).then(|| stamp(number / 2 * 3));
        let batch = batch(Compression::None, producer);
        broker.send(connection, frames::produce(2 + number, -1, "logs", number % 2, &batch));
    }
    let killed = broker.files();
    broker.stop();
    (killed, broker.files())
}
