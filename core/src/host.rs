//! The world a machine runs in, and the loop that joins the two. The only `async` in the crate.
