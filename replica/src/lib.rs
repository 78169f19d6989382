//! The desktop's local copy.
pub mod view;
