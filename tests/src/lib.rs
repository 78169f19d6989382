//! What tests that cross components share: the programs as processes, a desktop session without a display,
//! the window under WebDriver, and a network that loses things.

pub mod bench;
pub mod clinic;
#[cfg(target_os = "linux")]
pub mod consultation;
pub mod database;
pub mod network;
pub mod process;
pub mod server;
#[cfg(target_os = "linux")]
pub mod session;
#[cfg(target_os = "linux")]
pub mod ways;
#[cfg(target_os = "linux")]
pub mod window;
