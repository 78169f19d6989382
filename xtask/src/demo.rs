//! `cargo xtask demo`: builds everything and hands over to the program that runs the demo.

use crate::setup::{self, Need};
use crate::shell;

/// Builds and runs the demo, or its tour where there is no display.
pub fn run(fresh: bool, tour: bool) -> anyhow::Result<()> {
    let tour = tour || !has_display();
    setup::packages(if tour { Need::Window } else { Need::Build })?;
    setup::npm_packages()?;
    setup::build_ui()?;
    shell::cargo(&["build", "--workspace", "--bins"])?;
    let mut demo = shell::command(shell::binary("clinic-demo", "debug"), ["--folder"]);
    demo.arg(shell::target_dir().join("demo"));
    if fresh {
        demo.arg("--fresh");
    }
    if tour {
        demo.arg("--tour");
    }
    shell::become_program(demo)
}

fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
