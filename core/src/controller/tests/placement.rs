use super::*;
use crate::{controller::placement::place, decider::Decided, record::internal::metadata::RegisterBrokerRecord};

/// Brokers from 1 on, each with its rack; an upper-case rack's broker is fenced.
fn brokers(racks: &[&str]) -> Image {
    let mut image = Image::default();
    for (id, rack) in (1..).zip(racks) {
        let record = RegisterBrokerRecord {
            broker_id: BrokerId(id),
            rack: (!rack.is_empty()).then(|| rack.to_lowercase().as_str().into()),
            fenced: rack.chars().any(char::is_uppercase),
            ..RegisterBrokerRecord::default()
        };
        image.apply(&MetadataRecord::RegisterBroker(record), 0);
    }
    image
}

fn counts(placed: &[Vec<BrokerId>], brokers: i32) -> Vec<usize> {
    (1..=brokers).map(|id| placed.iter().flatten().filter(|replica| replica.0 == id).count()).collect()
}

#[test]
fn replicas_and_leaders_are_spread_evenly() {
    for seed in 0..20 {
        let placed = place(&brokers(&[""; 5]), &mut Rng::new(seed), 100, 3).unwrap();
        assert_eq!(counts(&placed, 5), [60; 5], "seed {seed}");
        let leaders: Vec<_> = placed.iter().map(|replicas| vec![replicas[0]]).collect();
        assert_eq!(counts(&leaders, 5), [20; 5], "seed {seed}");
        assert!(placed.iter().all(|replicas| replicas.iter().collect::<crate::sorted::SortedSet<_>>().len() == 3));
    }
}

#[test]
fn each_replica_is_in_a_rack_of_its_own_as_long_as_there_are_racks() {
    let racks = ["a", "a", "b", "b", "c", "c"];
    for seed in 0..20 {
        let placed = place(&brokers(&racks), &mut Rng::new(seed), 60, 3).unwrap();
        for replicas in &placed {
            let mut own: Vec<_> = replicas.iter().map(|id| racks[id.0 as usize - 1]).collect();
            own.sort_unstable();
            assert_eq!(own, ["a", "b", "c"], "seed {seed}");
        }
        assert_eq!(counts(&placed, 6), [30; 6], "seed {seed}");
    }
    let placed = place(&brokers(&racks), &mut Rng::new(1), 10, 5).unwrap();
    assert!(placed.iter().all(|replicas| replicas.len() == 5));
}

#[test]
fn fenced_brokers_come_last_and_never_lead() {
    for seed in 0..20 {
        let placed = place(&brokers(&["a", "B", "c"]), &mut Rng::new(seed), 30, 3).unwrap();
        assert!(placed.iter().all(|replicas| replicas.len() == 3 && replicas[0] != BrokerId(2)), "seed {seed}");
        let placed = place(&brokers(&["", "", "A"]), &mut Rng::new(seed), 30, 2).unwrap();
        assert!(placed.iter().all(|replicas| replicas[0] != BrokerId(3)), "seed {seed}");
    }
}

#[test]
fn too_few_brokers_are_too_few() {
    let refused = |racks: &[&str], factor| place(&brokers(racks), &mut Rng::new(1), 1, factor).unwrap_err();
    assert_eq!(refused(&["", ""], 3).error, ErrorCode::InvalidReplicationFactor);
    let fenced = "All brokers are currently fenced, or have all their log directories cordoned.";
    assert_eq!(refused(&["A"], 1).message.as_deref(), Some(fenced));
    assert_eq!(refused(&[], 1).message.as_deref(), Some(fenced));
}
