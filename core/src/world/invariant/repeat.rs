//! P5: the same inputs give the same trace digest, natively twice and in wasm.

use crate::world::World;

impl World {
    /// Runs the scenario once more, as far as this world has come by itself, and holds both against each other.
    pub fn check_repeats(&mut self) {
        let mut again = Self::new(self.scenario().clone());
        while again.steps() < self.steps() && again.step() {}
        let (here, there) = ((self.steps(), self.digest()), (again.steps(), again.digest()));
        if here != there {
            let what = format!("step {} has digest {:016x}, and step {} {:016x}", here.0, here.1, there.0, there.1);
            self.invariants.violated(self.now, "P5", what);
        }
    }
}
