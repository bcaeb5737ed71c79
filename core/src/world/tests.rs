//! Worlds of several brokers.

use super::{World, scenario::Scenario, server::ServerState};
use crate::{ids::BrokerId, time::Instant};

const THREE: &str = "ottla 1\nbrokers 3\nvoters 3\nduration 60s\n";

fn world(script: &str) -> World {
    World::new(Scenario::parse(&format!("{THREE}{script}")).expect("it is a scenario"))
}

fn told(world: &World) -> String {
    let told = world.servers().iter().map(|server| {
        let cluster = server.node.as_ref().and_then(|node| node.cluster());
        let cluster = cluster.map(|cluster| {
            let (log, at) = (cluster.log(), cluster.image_end());
            (log.standing(), log.high_watermark(), at, cluster.life(), cluster.is_controller())
        });
        format!("{} {:?} {cluster:?}\n", server.id, server.state(world.now()))
    });
    told.collect()
}

fn controllers(world: &World) -> Vec<BrokerId> {
    let decides = |server: &&super::server::Server| {
        server.node.as_ref().and_then(|node| node.cluster()).is_some_and(|cluster| cluster.is_controller())
    };
    world.servers().iter().filter(decides).map(|server| server.id).collect()
}

/// L1, L5: one controller, and the same metadata everywhere.
#[test]
fn three_brokers_find_each_other() {
    let mut world = world("");
    world.run_until(Instant::from_millis(10_000));
    assert!(world.servers().iter().all(|server| server.state(world.now()) == ServerState::Serving), "{}", told(&world));
    assert_eq!(controllers(&world).len(), 1, "{}", told(&world));
    let images = world.servers().iter().filter_map(|server| server.node.as_ref()?.cluster());
    let images: Vec<_> = images.map(|cluster| cluster.image().digest()).collect();
    assert_eq!(images, [images[0]; 3]);
}

#[test]
fn what_is_asked_of_any_broker_is_decided_by_the_controller() {
    let mut world = world(
        "expect serving 1 within 10s\nexpect serving 2 within 10s\nexpect serving 3 within 10s\n\
         create topic orders partitions=6\nexpect ok\n\
         produce orders k v partition=0\nexpect offset 0\nproduce orders k w partition=4\nexpect offset 0\n\
         expect read orders 0: k=v\nexpect read orders 4: k=w\n\
         alter topic orders segment.bytes=2000\nexpect ok\n",
    );
    world.run_until(Instant::from_millis(120_000));
    assert_eq!(world.violation().map(|violation| format!("{violation:?}")), None, "{}", told(&world));
    for server in world.servers() {
        let broker = server.node.as_ref().and_then(|node| node.broker()).expect("it serves");
        let topic = broker.topics().catalog.topic_named("orders").expect("it was told");
        assert_eq!((topic.partitions, topic.config.segment_bytes), (6, 2000));
        let own = broker.topics().partitions.iter().filter(|partition| partition.id().topic == topic.id);
        assert_eq!(own.count(), 2, "broker {}", server.id);
    }
}

#[test]
fn another_controller_takes_over() {
    let mut world = world("expect serving 1 within 10s\ncreate topic orders partitions=3\nexpect ok\n");
    world.run_until(Instant::from_millis(12_000));
    let first = controllers(&world)[0];
    let kill = format!("kill {first} for 20s\n");
    world.command(&kill).expect("it can be killed");
    world.run_until(Instant::from_millis(25_000));
    let second = controllers(&world);
    assert!(second.len() == 1 && second[0] != first, "{}", told(&world));
    world.run_until(Instant::from_millis(50_000));
    assert!(world.servers().iter().all(|server| server.state(world.now()) == ServerState::Serving), "{}", told(&world));
    assert_eq!(world.violation().map(|violation| format!("{violation:?}")), None);
}

#[test]
fn a_log_begins_with_a_snapshot_after_a_while() {
    let topics: String = (0..30).map(|topic| format!("create topic t{topic} partitions=3\nexpect ok\n")).collect();
    let mut world = world(&format!("row commit\nexpect serving 1 within 10s\n{topics}power off 2 for 1s\n"));
    world.run_until(Instant::from_millis(55_000));
    assert_eq!(world.violation().map(|violation| format!("{violation:?}")), None);
    for server in world.servers() {
        let cluster = server.node.as_ref().and_then(|node| node.cluster()).expect("it serves");
        assert!(cluster.log().latest_snapshot().is_some_and(|at| at.offset > 50), "{}", told(&world));
        assert_eq!(cluster.image().topics().len(), 30, "{}", told(&world));
    }
}

fn highest_epoch(world: &World) -> i32 {
    let clusters = world.servers().iter().filter_map(|server| server.node.as_ref()?.cluster());
    clusters.map(|cluster| cluster.log().standing().epoch).max().unwrap_or(0)
}

/// L12: who hears nobody asks for pre-votes, and those who hear a leader grant none.
#[test]
fn a_link_that_works_one_way_only_does_not_keep_elections_going() {
    for (from, to) in [(1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2)] {
        let mut world =
            world("expect serving 1 within 10s\nexpect serving 2 within 10s\nexpect serving 3 within 10s\n");
        world.run_until(Instant::from_millis(12_000));
        let before = highest_epoch(&world);
        world.command(&format!("cut broker-{from}>broker-{to} for 40s\n")).expect("it can be cut");
        world.run_until(Instant::from_millis(50_000));
        let after = highest_epoch(&world);
        // A leader that its followers do not hear, or that does not hear them, is followed by another: once.
        assert!(after <= before + 2, "{from} to {to}: from epoch {before} to {after}\n{}", told(&world));
        assert_eq!(controllers(&world).len(), 1, "{from} to {to}: {}", told(&world));
        assert_eq!(world.violation(), None);
    }
}

/// S1: which leader epochs its logs are in is the controller's to say; the dir of a broker on its own knows no higher one.
#[test]
fn a_broker_that_was_fenced_opens_logs_in_epochs_its_dir_never_had() {
    let fenced = "pause 1 for 4s\nwait 8s\n".repeat(3);
    let produced = "produce orders k v partition=0\nexpect offset 0\nproduce orders k v partition=1\nexpect offset 0\n\
         produce orders k v partition=2\nexpect offset 0\n";
    let mut world = world(&format!(
        "row commit\nsession.timeout 2s\nheartbeat.interval 500ms\n\
         expect serving 1 within 10s\nexpect serving 2 within 10s\nexpect serving 3 within 10s\n\
         create topic orders partitions=3\nexpect ok\n{fenced}{produced}kill 1 for 1s\nexpect serving 1 within 20s\n\
         expect read orders 0: k=v\nexpect read orders 1: k=v\nexpect read orders 2: k=v\n"
    ));
    world.run_until(Instant::from_millis(90_000));
    assert_eq!(world.violation().map(|violation| format!("{violation:?}")), None, "{}", told(&world));
}
