//! One world, run to its end.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use ottla_core::world::{World, invariant::Violation, scenario::Scenario};

/// What a world came to.
#[derive(Debug)]
pub struct Outcome {
    pub world: World,
    pub failure: Option<Failure>,
}

/// What may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Of the invariant, or `expect`; a panic is P4.
    pub code: String,
    /// Where it has one.
    pub at: Duration,
    pub what: String,
}

impl Failure {
    fn of(violation: &Violation) -> Self {
        let at = Duration::from_micros(violation.at.0);
        Self { code: violation.code.to_owned(), at, what: violation.what.clone() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:.6} s: {}", self.code, self.at.as_secs_f64(), self.what)
    }
}

/// Every so many seeds a world is run twice, and must come to the same.
const REPEATED_EVERY: u64 = 8;

impl Outcome {
    pub fn of(scenario: Scenario) -> Self {
        let is_repeated = scenario.swarm.seed.is_multiple_of(REPEATED_EVERY);
        let mut outcome = Self::within(scenario, u64::MAX);
        if is_repeated && outcome.failure.is_none() {
            outcome.world.check_repeats();
            outcome.failure = outcome.world.violation().map(Failure::of);
        }
        outcome.failure = outcome.failure.or_else(|| too_few_messages(&outcome.world));
        outcome
    }

    /// Gives up after so many steps.
    pub fn within(scenario: Scenario, steps_max: u64) -> Self {
        let mut world = World::new(scenario);
        let failure = run(&mut world, steps_max);
        Self { world, failure }
    }
}

/// A world in which little was done tests little.
fn too_few_messages(world: &World) -> Option<Failure> {
    let (came, due) = (world.messages_under_faults(), world.messages_due());
    (came < due).then(|| Failure {
        code: "expect".to_owned(),
        at: Duration::from_micros(world.now().0),
        what: format!("{came} client messages came under faults, and {due} were to"),
    })
}

/// Until it is over, something is broken, or it has taken so many steps.
pub(super) fn run(world: &mut World, steps_max: u64) -> Option<Failure> {
    // A world whose step panicked is only looked at.
    let panicked = catch_unwind(AssertUnwindSafe(|| while world.steps() < steps_max && world.step() {})).err();
    let now = Duration::from_micros(world.now().0);
    match (panicked, world.violation()) {
        (Some(panic), _) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
            Some(Failure { code: "P4".to_owned(), at: now, what: format!("it panicked: {text}") })
        }
        (None, Some(violation)) => Some(Failure::of(violation)),
        (None, None) => None,
    }
}
