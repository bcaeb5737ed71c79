//! What worlds came to natively, and that they come to the same here (P5).
//!
//! `cargo verify` has them run natively first and names the file; otherwise the file is empty, and a few worlds are run
//! twice here.

use js_sys::{Object, Reflect};
use ottla_core::world::{World, swarm::Swarm};
use ottla_lab::{Lab, open_lab};
use wasm_bindgen::{JsCast, JsValue};

/// Lines of seed, steps and digest, then a journal behind a line that says so.
const NATIVE: &str = include_str!(env!("OTTLA_WORLDS"));
const JOURNAL: &str = "journal\n";

fn parts() -> (&'static str, Option<&'static str>) {
    NATIVE.split_once(JOURNAL).map_or((NATIVE, None), |(seeds, journal)| (seeds, Some(journal)))
}

fn came_to(seed: u64) -> String {
    let mut world = World::new(Swarm::draw(seed));
    world.run();
    assert_eq!(world.violation(), None, "seed {seed}");
    format!("{seed} {} {:016x}", world.steps(), world.digest())
}

pub fn each_seed_comes_to_what_it_came_to_natively() {
    let seeds: Vec<&str> = parts().0.lines().collect();
    for expected in &seeds {
        let seed = expected.split(' ').next().and_then(|seed| seed.parse().ok()).expect("a line begins with its seed");
        assert_eq!(came_to(seed), *expected);
    }
    if seeds.is_empty() {
        (1..4).for_each(|seed| assert_eq!(came_to(seed), came_to(seed)));
    }
}

pub fn a_journal_comes_to_its_end() {
    let journal = parts().1.map_or_else(written_here, str::to_owned);
    let lab = opened(&journal);
    // Two commands were given on the way, and the journal says where it was then.
    let (_, end) = journal.rsplit_once("end at ").expect("a journal ends with its end");
    let steps: f64 = end.split(' ').nth(2).and_then(|steps| steps.parse().ok()).expect("the end says how many steps");
    let until = Object::new();
    Reflect::set(&until, &"at".into(), &field(&lab.state(), "end")).expect("an object takes a field");
    lab.advance(f64::MAX, until.into()).expect("it goes on");
    let state = lab.state();
    assert_eq!(number(&state, "step"), steps);
    assert!(end.trim_end().ends_with(&text(&state, "digest")), "{end}: {}", text(&state, "digest"));
    assert_eq!(field(&state, "notes").unchecked_into::<js_sys::Array>().length(), 0);
    // And its own journal is the same one.
    assert_eq!(lab.journal(), journal);
}

fn written_here() -> String {
    let lab = opened("ottla 1\nseed 7\n");
    for command in ["kill 1 for 300ms", "cut visitor-1>broker-1 for 1s"] {
        lab.advance(5_000.0, JsValue::UNDEFINED).expect("it goes on");
        lab.command(command).expect("it is a command");
    }
    lab.advance(5_000.0, JsValue::UNDEFINED).expect("it goes on");
    lab.journal()
}

fn opened(text: &str) -> Lab {
    open_lab(text).unwrap_or_else(|why| panic!("{text}: {why:?}"))
}

fn field(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).expect("a field of an object")
}

fn number(of: &JsValue, name: &str) -> f64 {
    field(of, name).as_f64().expect("a number")
}

fn text(of: &JsValue, name: &str) -> String {
    field(of, name).as_string().expect("a text")
}
