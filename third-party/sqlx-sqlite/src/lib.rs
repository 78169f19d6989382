//! Empty on purpose: see `[patch.crates-io]` in the Cargo.toml of the workspace.
