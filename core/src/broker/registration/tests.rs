use super::*;

const START: Instant = Instant(1_000_000);

fn begun() -> (Registration, Rng) {
    let mut rng = Rng::new(7);
    (Registration::new(RegistrationOptions::default(), &mut rng, START), rng)
}

fn told(is_caught_up: bool, is_fenced: bool, should_shut_down: bool) -> Result<HeartbeatTold, ErrorCode> {
    Ok(HeartbeatTold { is_caught_up, is_fenced, should_shut_down })
}

fn running() -> (Registration, Rng) {
    let (mut registration, mut rng) = begun();
    registration.say(START);
    registration.on_registered(&mut rng, START, (registration.incarnation(), Ok(12)));
    for answer in [told(true, true, false), told(true, false, false)] {
        assert!(registration.say(START).is_some());
        assert!(registration.on_heartbeat(&mut rng, START, (12, answer)));
    }
    assert_eq!(registration.life(), Life::Running);
    (registration, rng)
}

#[test]
fn it_registers_catches_up_and_is_unfenced() {
    let (mut registration, mut rng) = begun();
    let incarnation = registration.incarnation();
    assert_eq!(registration.say(START), Some(Saying::Register { incarnation }));
    assert_eq!(registration.say(START), None);
    registration.on_registered(&mut rng, START, (registration.incarnation(), Ok(12)));
    let heartbeat = |want_fence| Some(Saying::Heartbeat { broker_epoch: 12, want_fence, want_shut_down: false });
    assert_eq!(registration.say(START), heartbeat(true));
    assert!(!registration.on_heartbeat(&mut rng, START, (12, told(false, true, false))));
    let later = START + RegistrationOptions::default().retry;
    assert_eq!(registration.say(later), heartbeat(true));
    assert!(registration.on_heartbeat(&mut rng, later, (12, told(true, true, false))));
    assert_eq!(registration.say(later), heartbeat(false));
    assert!(registration.on_heartbeat(&mut rng, later, (12, told(true, false, false))));
    assert_eq!(registration.life(), Life::Running);
}

#[test]
fn one_that_was_silent_asks_to_be_unfenced_again() {
    let (mut registration, mut rng) = running();
    registration.say(START);
    assert!(registration.on_heartbeat(&mut rng, START, (12, told(true, true, false))));
    assert_eq!(registration.life(), Life::Recovering);
    assert!(matches!(registration.say(START), Some(Saying::Heartbeat { want_fence: false, .. })));
}

#[test]
fn one_that_is_forgotten_registers_as_another() {
    let (mut registration, mut rng) = running();
    let before = registration.incarnation();
    registration.say(START);
    registration.on_heartbeat(&mut rng, START, (12, Err(ErrorCode::StaleBrokerEpoch)));
    assert_eq!((registration.life(), registration.broker_epoch()), (Life::Unregistered, -1));
    assert_ne!(registration.incarnation(), before);
}

#[test]
fn it_leaves_when_it_may() {
    let (mut registration, mut rng) = running();
    assert!(registration.leave(START));
    assert!(matches!(registration.say(START), Some(Saying::Heartbeat { want_shut_down: true, .. })));
    registration.on_heartbeat(&mut rng, START, (12, told(true, false, false)));
    assert_eq!(registration.life(), Life::Leaving);
    let later = START + RegistrationOptions::default().retry;
    assert!(registration.say(later).is_some());
    assert!(registration.on_heartbeat(&mut rng, later, (12, told(true, true, true))));
    assert_eq!((registration.life(), registration.next_deadline()), (Life::Left, None));
    let (mut unregistered, _) = begun();
    assert!(!unregistered.leave(START));
}

#[test]
fn who_does_not_hear_says_it_again() {
    let (mut registration, _) = running();
    let due = registration.next_deadline().unwrap();
    assert_eq!(registration.say(Instant(due.0 - 1)), None);
    assert!(registration.say(due).is_some());
    let given_up = registration.next_deadline().unwrap();
    assert_eq!(given_up, due + RegistrationOptions::default().request_timeout);
    assert!(registration.say(given_up).is_some());
    registration.on_unanswered(given_up);
    assert_eq!(registration.next_deadline(), Some(given_up + RegistrationOptions::default().retry));
}

#[test]
fn what_an_earlier_run_is_told_is_nothing_to_the_next() {
    let (mut registration, mut rng) = running();
    let earlier = registration.incarnation();
    registration.begin_anew(&mut rng, START);
    assert!(!registration.on_registered(&mut rng, START, (earlier, Ok(12))));
    assert!(!registration.on_heartbeat(&mut rng, START, (12, told(true, false, false))));
    assert_eq!((registration.life(), registration.broker_epoch()), (Life::Unregistered, -1));
    let incarnation = registration.incarnation();
    assert_eq!(registration.say(START), Some(Saying::Register { incarnation }));
}
