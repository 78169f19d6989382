//! The real window, driven through WebDriver: by keys and labels, as a person without a mouse would.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::process::{Process, program};
use crate::session::Session;

/// How long the window may take for anything.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks whether something is there.
const LOOKS: Duration = Duration::from_millis(20);

/// The window of `clinic-desk`.
pub struct Window {
    client: Client,
    driver: Process,
    keys: AtomicUsize,
}

impl Window {
    /// Opens the window on this data folder.
    ///
    /// # Errors
    ///
    /// If WebKit's driver is missing or the program was not built.
    pub async fn open(session: &Session, data: &Path) -> anyhow::Result<Self> {
        Self::open_program(session, &program("clinic-desk")?, data).await
    }

    /// Opens the window of another program on this data folder.
    ///
    /// # Errors
    ///
    /// If WebKit's driver is missing or the window does not open.
    pub async fn open_program(session: &Session, program: &Path, data: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let driver = Process::spawn(
            session
                .command("WebKitWebDriver")
                .args([format!("--port={port}"), "--host=127.0.0.1".into()])
                .env("TAURI_AUTOMATION", "true")
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                // Without a graphics card, what it composes is drawn whole, by the processor, at every frame.
                .env("WEBKIT_DISABLE_COMPOSITING_MODE", "1")
                .env("CLINIC_DESK_DATA", data)
                .stdout(Stdio::null()),
        )?;
        let options = json!({ "binary": program, "args": [] });
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)].into_iter().collect();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let address = format!("http://127.0.0.1:{port}");
        let start = std::time::Instant::now();
        let client = loop {
            match builder.connect(&address).await {
                Ok(client) => break client,
                Err(error) if start.elapsed() > PATIENCE => {
                    return Err(error).context("the window did not open");
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        };
        Ok(Self { client, driver, keys: AtomicUsize::new(0) })
    }

    /// How much memory all processes of the window have, in MB, what they share counted once.
    ///
    /// # Errors
    ///
    /// If the system does not say it.
    pub fn memory_mb(&self) -> anyhow::Result<f64> {
        self.driver.memory_mb()
    }

    /// Closes the window as a person would.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn close(self) -> anyhow::Result<()> {
        self.client.clone().close().await?;
        drop(self.driver);
        Ok(())
    }

    /// Kills the window and everything of it, as a power cut would.
    ///
    /// # Errors
    ///
    /// If it cannot be killed.
    pub fn kill(self) -> anyhow::Result<()> {
        self.driver.kill()
    }

    /// Waits for the part of this name (`data-testid`).
    ///
    /// # Errors
    ///
    /// If it does not come.
    pub async fn part(&self, name: &str) -> anyhow::Result<Element> {
        let css = format!("[data-testid=\"{name}\"]");
        let wait = self.client.wait().at_most(PATIENCE).every(LOOKS);
        wait.for_element(Locator::Css(&css)).await.with_context(|| format!("there is no part {name}"))
    }

    /// Waits for the field with this label.
    ///
    /// # Errors
    ///
    /// If it does not come.
    pub async fn field(&self, label: &str) -> anyhow::Result<Element> {
        let this_label = format!("//label[starts-with(normalize-space(.), \"{label}\")]");
        let is_field = "(self::input or self::textarea or self::select)";
        let path = format!(
            "//*[@id={this_label}/@for] | {this_label}//*[{is_field}] | //*[starts-with(@aria-label, \"{label}\") and {is_field}]"
        );
        let wait = self.client.wait().at_most(PATIENCE).every(LOOKS);
        wait.for_element(Locator::XPath(&path)).await.with_context(|| format!("there is no field {label}"))
    }

    /// Writes into the field with this label, in place of what stands there.
    ///
    /// # Errors
    ///
    /// If the field does not come.
    pub async fn fill(&self, label: &str, text: &str) -> anyhow::Result<()> {
        let field = self.field(label).await?;
        field.clear().await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// How many parts of this name there are now.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn count(&self, name: &str) -> anyhow::Result<usize> {
        let css = format!("[data-testid=\"{name}\"]");
        Ok(self.client.find_all(Locator::Css(&css)).await?.len())
    }

    /// Waits until there are this many parts of this name.
    ///
    /// # Errors
    ///
    /// If it does not come to that; says how many there are.
    pub async fn counts(&self, name: &str, wanted: usize) -> anyhow::Result<()> {
        let start = std::time::Instant::now();
        loop {
            let count = self.count(name).await?;
            if count == wanted {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("there are {count} of {name}, not {wanted}: {}", self.text().await?);
            }
            tokio::time::sleep(LOOKS).await;
        }
    }

    /// Waits until a part of this name shows this text, and returns all that it shows.
    ///
    /// # Errors
    ///
    /// If it does not come; says what stands there instead.
    pub async fn shows(&self, name: &str, text: &str) -> anyhow::Result<String> {
        let start = std::time::Instant::now();
        let css = format!("[data-testid=\"{name}\"]");
        let mut seen = Vec::new();
        while start.elapsed() < PATIENCE {
            seen.clear();
            for element in self.client.find_all(Locator::Css(&css)).await? {
                // A part that is being drawn anew is asked again in the next round.
                let Ok(shown) = element.text().await else { continue };
                let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
                if shown.contains(text) {
                    return Ok(shown);
                }
                seen.push(shown);
            }
            tokio::time::sleep(LOOKS).await;
        }
        bail!("{name} does not show «{text}» but {seen:?}")
    }

    /// Types into whatever has the focus.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn type_text(&self, text: &str) -> anyhow::Result<()> {
        self.keys.fetch_add(text.chars().count(), Ordering::Relaxed);
        let keys = text.chars().fold(KeyActions::new("keys".into()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        Ok(self.client.perform_actions(keys).await?)
    }

    /// Presses a key.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn press(&self, key: Key) -> anyhow::Result<()> {
        self.type_text(&char::from(key).to_string()).await
    }

    /// Presses a key while Ctrl, and Shift if asked for, are held.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn press_ctrl(&self, key: char, shift: bool) -> anyhow::Result<()> {
        self.keys.fetch_add(2 + usize::from(shift), Ordering::Relaxed);
        let (ctrl, shift_key) = (char::from(Key::Control), char::from(Key::Shift));
        let mut keys = KeyActions::new("keys".into()).then(KeyAction::Down { value: ctrl });
        if shift {
            keys = keys.then(KeyAction::Down { value: shift_key });
        }
        keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        if shift {
            keys = keys.then(KeyAction::Up { value: shift_key });
        }
        keys = keys.then(KeyAction::Up { value: ctrl });
        Ok(self.client.perform_actions(keys).await?)
    }

    /// How many keys went down since the count began, those that are held included.
    pub fn keys(&self) -> usize {
        self.keys.load(Ordering::Relaxed)
    }

    /// Begins the count of keys anew.
    pub fn count_anew(&self) {
        self.keys.store(0, Ordering::Relaxed);
    }

    /// Counts what the mouse does from now on.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn watch_mouse(&self) -> anyhow::Result<()> {
        let script = "window.mouseEvents = 0; for (const name of ['mousedown', 'click', 'wheel']) \
                      document.addEventListener(name, (event) => { if (event.detail > 0 || name !== 'click') window.mouseEvents += 1; }, true); \
                      arguments[0]();";
        self.ask(script).await?;
        Ok(())
    }

    /// How often the mouse did something since it is watched.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn mouse_events(&self) -> anyhow::Result<u64> {
        Ok(self.ask("arguments[0](window.mouseEvents)").await?.as_u64().unwrap_or_default())
    }

    /// Makes the window this large, its menus included.
    ///
    /// # Errors
    ///
    /// If it does not take this size.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        self.client.set_window_size(width, height).await?;
        let wide = format!(
            "const done = arguments[0]; \
             const look = () => innerWidth === {width} ? done() : setTimeout(look, 20); look();"
        );
        self.ask(&wide).await.with_context(|| format!("the window is not {width} wide"))?;
        Ok(())
    }

    /// Keeps a picture of the window.
    ///
    /// # Errors
    ///
    /// If it cannot be taken or written.
    pub async fn screenshot(&self, path: &Path) -> anyhow::Result<()> {
        // What was just put into the page is painted two frames later.
        let painted =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
        self.ask(painted).await?;
        Ok(std::fs::write(path, self.client.screenshot().await?)?)
    }

    /// The page's own words: for messages of failed tests.
    ///
    /// # Errors
    ///
    /// If the driver is gone.
    pub async fn text(&self) -> anyhow::Result<String> {
        Ok(self.client.find(Locator::Css("body")).await?.text().await?)
    }

    /// Runs a script in the page and returns what it hands to its last argument, a function.
    ///
    /// # Errors
    ///
    /// If the script fails.
    pub async fn ask(&self, script: &str) -> anyhow::Result<serde_json::Value> {
        Ok(self.client.execute_async(script, vec![]).await?)
    }
}
