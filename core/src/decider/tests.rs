use proptest::prelude::*;

use super::*;

/// Every record with its offset, as it was applied.
#[derive(Clone, Debug, Default, PartialEq)]
struct Applied(Vec<(Offset, u8)>);

impl Decided for Applied {
    type Record = u8;
    type After = &'static str;

    fn apply(&mut self, record: &u8, offset: Offset) {
        self.0.push((offset, *record));
    }
}

type Machine = Decider<Applied, &'static str>;

fn active() -> Machine {
    let mut decider = Decider::new(Applied::default(), 0);
    decider.replay(0, &7);
    decider.enter_active();
    decider
}

fn replies(released: Vec<Released<&'static str, &'static str>>) -> Vec<&'static str> {
    released.into_iter().map(|released| released.reply).collect()
}

#[test]
fn a_decision_is_seen_at_the_end_and_answered_when_it_is_committed() {
    let mut decider = active();
    let decision = Decision { after_commit: vec!["markers"], ..Decision::new(vec![1, 2], "done") };
    assert_eq!(decider.on_appended(3, decision), None);
    assert_eq!(decider.active(), Some(&Applied(vec![(0, 7), (1, 1), (2, 2)])));
    assert_eq!(decider.committed(), &Applied(vec![(0, 7)]));
    assert_eq!(decider.on_committed(2), []);
    assert_eq!(decider.committed(), &Applied(vec![(0, 7)]), "half a decision is none");
    assert_eq!(decider.on_committed(3), [Released { reply: "done", after_commit: vec!["markers"] }]);
    assert_eq!(decider.committed(), &Applied(vec![(0, 7), (1, 1), (2, 2)]));
    assert_eq!(decider.committed_end(), 3);
}

#[test]
fn a_decision_without_records_waits_for_what_it_was_decided_on() {
    let mut decider = active();
    let at_once = decider.on_appended(0, Decision::reply("nothing to do"));
    assert_eq!(at_once, Some(Released { reply: "nothing to do", after_commit: vec![] }));
    assert_eq!(decider.on_appended(2, Decision::new(vec![1], "made")), None);
    assert_eq!(decider.on_appended(0, Decision::reply("is there already")), None);
    assert_eq!(replies(decider.on_committed(2)), ["made", "is there already"]);
}

#[test]
fn lost_leadership_takes_the_end_back_and_fails_the_replies() {
    let mut decider = active();
    decider.on_appended(2, Decision::new(vec![1], "committed"));
    decider.on_appended(3, Decision::new(vec![2], "lost"));
    decider.on_appended(0, Decision::reply("decided on what is lost"));
    decider.on_committed(2);
    assert_eq!(decider.step_down(), ["lost", "decided on what is lost"]);
    assert_eq!(decider.active(), None);
    // The next leader has other records there, or the same after all.
    decider.replay(2, &9);
    decider.enter_active();
    assert_eq!(decider.active(), Some(&Applied(vec![(0, 7), (1, 1), (2, 9)])));
}

#[test]
fn records_of_others_are_decided_on_and_committed_like_ones_own() {
    let mut decider = Decider::<Applied, &str>::new(Applied::default(), 5);
    decider.replay(4, &0);
    decider.replay(5, &1);
    decider.on_record(6, 2);
    assert_eq!(decider.active(), None, "it is still loading");
    decider.enter_active();
    decider.on_record(7, 3);
    assert_eq!(decider.active(), Some(&Applied(vec![(5, 1), (6, 2), (7, 3)])));
    assert_eq!(decider.committed(), &Applied(vec![(5, 1)]));
    assert_eq!(decider.on_committed(7), []);
    assert_eq!(decider.committed(), &Applied(vec![(5, 1), (6, 2)]));
}

#[test]
fn a_snapshot_takes_the_place_of_the_state() {
    let mut decider = active();
    decider.on_appended(2, Decision::new(vec![1], "lost"));
    assert_eq!(decider.restart_from(Applied(vec![(9, 9)]), 10), ["lost"]);
    decider.replay(9, &1);
    decider.replay(10, &2);
    assert_eq!(decider.committed(), &Applied(vec![(9, 9), (10, 2)]));
}

#[test]
fn there_is_room_for_so_many_decisions_only() {
    let mut decider = active();
    for offset in 0..PENDING_MAX as Offset {
        assert!(decider.has_room());
        decider.on_appended(offset + 2, Decision::new(vec![0], "waits"));
    }
    assert!(!decider.has_room());
    decider.on_committed(2);
    assert!(decider.has_room());
}

#[derive(Clone, Debug)]
enum Step {
    Decide(Vec<u8>),
    /// A control record of the log's own takes an offset that no decision has.
    Skip,
    OfOthers(u8),
    Commit(i64),
    Lose,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..4).prop_map(Step::Decide),
        1 => Just(Step::Skip),
        1 => any::<u8>().prop_map(Step::OfOthers),
        4 => (0..8_i64).prop_map(Step::Commit),
        1 => Just(Step::Lose),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// The log as its owner keeps it is the model: the end has all of it, the committed state a prefix, and each decision
    /// is answered once: when it counts, or when it is lost.
    #[test]
    fn two_views_follow_one_log(steps in steps()) {
        let mut decider = Decider::<Applied, u64>::new(Applied::default(), 0);
        decider.enter_active();
        let (mut log, mut end, mut high_watermark) = (Vec::new(), 0, 0);
        let (mut asked, mut answered, mut lost) = (0, Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Decide(records) => {
                    log.extend((end..).zip(records.iter().copied()));
                    end += records.len() as Offset;
                    let at_once = decider.on_appended(end, Decision::new(records, asked));
                    answered.extend(at_once.map(|released| released.reply));
                    asked += 1;
                }
                Step::Skip => end += 1,
                Step::OfOthers(record) => {
                    log.push((end, record));
                    decider.on_record(end, record);
                    end += 1;
                }
                Step::Commit(more) => {
                    high_watermark = end.min(high_watermark + more);
                    answered.extend(decider.on_committed(high_watermark).into_iter().map(|released| released.reply));
                }
                Step::Lose => {
                    lost.extend(decider.step_down());
                    end = decider.committed_end();
                    log.retain(|(offset, _)| *offset < end);
                    high_watermark = end;
                    decider.enter_active();
                }
            }
            prop_assert_eq!(&decider.active().unwrap().0, &log);
            let committed = &decider.committed().0;
            prop_assert!(log.starts_with(committed));
            prop_assert!(committed.iter().all(|(offset, _)| *offset < high_watermark));
        }
        answered.extend(decider.on_committed(end).into_iter().map(|released| released.reply));
        prop_assert_eq!(&decider.committed().0, &log);
        prop_assert!(answered.is_sorted(), "in their order");
        answered.extend(lost);
        answered.sort_unstable();
        prop_assert_eq!(answered, (0..asked).collect::<Vec<_>>());
    }
}
