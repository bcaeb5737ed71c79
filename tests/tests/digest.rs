//! The script natively (P5). The browser's tests play the same one and expect the same numbers.

use ottla_contract::{
    PlainBroker,
    script::{NODE_EFFECTS, NODE_TRACE, PLAIN_EFFECTS, node, play},
};

#[test]
fn the_script_does_the_same_everywhere() {
    let played = play(PlainBroker::new(true));
    assert_eq!(played.effects, PLAIN_EFFECTS, "after {} turns: {:#018x}", played.turns, played.effects);
}

#[test]
fn the_broker_does_the_same_everywhere() {
    let played = play(node());
    let (effects, trace) = (played.effects, played.machine.trace().digest());
    assert_eq!(
        (effects, trace),
        (NODE_EFFECTS, NODE_TRACE),
        "after {} turns: {effects:#018x} {trace:#018x}",
        played.turns
    );
}

#[test]
fn the_script_does_the_same_again() {
    let (first, second) = (play(PlainBroker::new(false)), play(PlainBroker::new(false)));
    assert_eq!((first.effects, first.turns), (second.effects, second.turns));
    assert_ne!(first.effects, PLAIN_EFFECTS, "a broker that does not flush does otherwise");
}
