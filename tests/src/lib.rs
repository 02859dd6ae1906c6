//! What the suites of this package share besides the testkit.

pub mod template;
