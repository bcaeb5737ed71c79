//! Texts of strangers that a world is made from, and links that carry them.

use ottla_core::world::scenario::Scenario;

use crate::link;

/// What is read prints as something that reads the same.
pub(super) fn scenario(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(scenario) = Scenario::parse(text) else { return };
    let printed = scenario.to_string();
    assert_eq!(Scenario::parse(&printed).as_ref(), Ok(&scenario), "{printed}");
}

/// What is read goes into a link that reads the same.
pub(super) fn links(bytes: &[u8]) {
    let Ok(text) = link::read(&String::from_utf8_lossy(bytes)) else { return };
    let written = link::write(&text).expect("it came out of a link");
    assert_eq!(link::read(&written), Ok(text));
}
