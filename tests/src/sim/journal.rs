//! Journals: written by one run, run again by another.

use std::{fs, path::Path, time::Duration};

use ottla_core::world::{
    World,
    scenario::{BUILD, Scenario},
};

use super::{Failure, outcome};

/// What became of a journal that was run again.
#[derive(Debug)]
pub struct Replayed {
    pub world: World,
    /// It may be what the journal is of.
    pub failure: Option<Failure>,
}

/// # Errors
/// One line: the file cannot be written.
pub fn save(world: &World, path: &Path) -> Result<(), String> {
    fs::write(path, world.journal().to_string()).map_err(|why| format!("{}: {why}", path.display()))
}

/// Runs it to where it ends, `steps_max` further at most.
///
/// # Errors
/// One line: another engine wrote it, or it comes to something else than it says.
pub fn replay(journal: Scenario, steps_max: u64) -> Result<Replayed, String> {
    if let Some(build) = journal.build.as_deref().filter(|build| *build != BUILD) {
        return Err(format!(
            "build {} wrote it, and this is {BUILD}, where it may come to something else: to try, leave its line `build` out",
            build.escape_debug()
        ));
    }
    let end = journal.end;
    let mut world = World::new(journal);
    let failure = outcome::run(&mut world, end.map_or(steps_max, |end| end.steps.min(steps_max)));
    if let Some(end) = end.filter(|end| end.steps <= steps_max) {
        let came_to = (world.steps(), world.digest());
        if came_to != (end.steps, end.digest) {
            return Err(format!(
                "it says that it ends at step {} with digest {:016x}, and here it comes to step {} with digest {:016x}",
                end.steps, end.digest, came_to.0, came_to.1
            ));
        }
    }
    Ok(Replayed { world, failure })
}

/// One line of where a world is.
pub fn place_of(world: &World) -> String {
    format!(
        "{:.6} s, step {}, digest {:016x}",
        Duration::from_micros(world.now().0).as_secs_f64(),
        world.steps(),
        world.digest()
    )
}
