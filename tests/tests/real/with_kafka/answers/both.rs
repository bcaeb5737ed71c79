//! Both sides at once, and the list of what they answer differently.

use std::{
    fmt::Write,
    net::SocketAddr,
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use ottla_tests::host::{Host, Options};

use super::{Ask, Outcome, Side, show};
use crate::with_kafka::apache::apache;

pub struct Both {
    pub kafka: Side,
    pub ours: Side,
    differences: String,
    asked: u32,
}

/// Asks both what `story` asks, and fails with all that they answer differently.
pub fn compare(story: impl FnOnce(&mut Both)) {
    let mut both = Both::connect();
    story(&mut both);
    assert!(both.asked > 0, "nothing was asked");
    let differences = both.differences;
    assert!(differences.is_empty(), "- Apache Kafka, + ours\n{differences}");
}

/// One broker of ours for all of them, as there is one Kafka. It ends with the tests.
fn ours() -> SocketAddr {
    static OURS: LazyLock<SocketAddr> = LazyLock::new(|| {
        let host = Host::start(Options::default()).expect("it starts");
        let address = host.address();
        std::mem::forget(host);
        address
    });
    *OURS
}

impl Both {
    pub fn connect() -> Self {
        static STORIES: AtomicU32 = AtomicU32::new(0);
        let marker = format!("marker-{}", STORIES.fetch_add(1, Ordering::Relaxed));
        Self {
            kafka: Side::connect("Apache Kafka", apache(), marker.clone()),
            ours: Side::connect("ours", ours(), marker),
            differences: String::new(),
            asked: 0,
        }
    }

    pub fn create(&mut self, name: &str, partitions: i32, configs: &[(&str, &str)]) {
        self.kafka.create(name, partitions, configs);
        self.ours.create(name, partitions, configs);
    }

    pub fn catch_up(&mut self) {
        self.kafka.catch_up();
        self.ours.catch_up();
    }

    /// Asks both for the same and gives Kafka's answer and ours, as they came.
    pub fn ask<R: Ask>(&mut self, what: &str, version: i16, request: impl Fn(&Side) -> R) -> [Outcome<R::Response>; 2] {
        self.ask_settled(what, version, request, |_| {})
    }

    /// `ask`, comparing only what `settle` leaves of the answers.
    pub fn ask_settled<R: Ask>(
        &mut self,
        what: &str,
        version: i16,
        request: impl Fn(&Side) -> R,
        settle: impl Fn(&mut R::Response),
    ) -> [Outcome<R::Response>; 2] {
        let outcomes = [&mut self.kafka, &mut self.ours].map(|side| {
            let request = request(side);
            side.ask(version, &request)
        });
        let mut settled = outcomes.clone();
        for outcome in &mut settled {
            if let Outcome::Answer(answer) = outcome {
                settle(answer);
            }
        }
        let [kafka, ours] = &settled;
        self.note(&format!("{} {version}: {what}", short_name::<R>()), self.kafka.show(kafka), self.ours.show(ours));
        outcomes
    }

    /// Sends the same bytes to both.
    pub fn ask_bytes(&mut self, what: &str, frame: &[u8]) -> [Option<Bytes>; 2] {
        let outcomes = [&mut self.kafka, &mut self.ours].map(|side| side.ask_bytes(frame));
        let [kafka, ours] = &outcomes;
        self.note(what, self.kafka.show(kafka), self.ours.show(ours));
        outcomes
    }

    /// Adds what differs of two texts to what the test will say.
    pub fn note(&mut self, what: &str, kafka: String, ours: String) {
        self.asked += 1;
        if kafka != ours {
            let _ = writeln!(self.differences, "{what}\n{}", show::difference(&kafka, &ours));
        }
    }
}

fn short_name<R>() -> &'static str {
    let name = std::any::type_name::<R>();
    name.rsplit("::").next().unwrap_or(name).trim_end_matches("Request")
}
