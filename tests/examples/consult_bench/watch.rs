//! Times keys in the page itself: WebDriver's own ways are not counted.

use std::time::Duration;

use clinic_tests::window::Window;
use fantoccini::key::Key;
use serde_json::Value;

/// After a key so long nothing else is pressed: all that it changes is on the screen by then.
const SETTLES: Duration = Duration::from_millis(250);

/// From a key to the frame after the last change of the page, and to the first frame with what signing brings.
const SCRIPT: &str = "
    const watch = { key: 0, changed: null, number: null, page: null };
    window.watch = watch;
    const painted = (then) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => then(performance.now() - watch.key);
        port2.postMessage(null);
    });
    document.addEventListener('keydown', () => {
        Object.assign(watch, { key: performance.now(), changed: null, number: null, page: null });
    }, true);
    new MutationObserver(() => {
        painted((ms) => { watch.changed = ms; });
        if (watch.number === null && document.querySelector('[data-testid=\"prescription-number\"]'))
            painted((ms) => { watch.number ??= ms; });
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    document.addEventListener('load', (event) => {
        if (event.target.dataset?.testid === 'prescription-page') painted((ms) => { watch.page ??= ms; });
    }, true);
    arguments[0]();";

/// A window whose keys are timed.
pub struct Watch<'a> {
    window: &'a Window,
}

impl<'a> Watch<'a> {
    /// Begins.
    pub async fn begin(window: &'a Window) -> anyhow::Result<Self> {
        window.ask(SCRIPT).await?;
        Ok(Self { window })
    }

    /// The window.
    pub fn window(&self) -> &'a Window {
        self.window
    }

    /// Types, and says for each key that changed something how many ms it took.
    pub async fn type_text(&self, text: &str) -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        for key in text.chars() {
            self.window.type_text(&key.to_string()).await?;
            times.extend(self.read("changed").await?);
        }
        Ok(times)
    }

    /// Presses a key, and says how many ms it took.
    pub async fn press(&self, key: Key) -> anyhow::Result<Option<f64>> {
        self.window.press(key).await?;
        self.read("changed").await
    }

    /// Signs what the pad holds: ms until it is said to be saved, and until the page is drawn.
    pub async fn sign(&self) -> anyhow::Result<(f64, f64)> {
        self.window.press_ctrl(char::from(Key::Enter), false).await?;
        self.window.part("prescription-page").await?;
        let number = self.read("number").await?;
        let page = self.read("page").await?;
        Ok((number.unwrap_or(f64::NAN), page.unwrap_or(f64::NAN)))
    }

    async fn read(&self, what: &str) -> anyhow::Result<Option<f64>> {
        tokio::time::sleep(SETTLES).await;
        let value: Value = self.window.ask(&format!("arguments[0](window.watch.{what})")).await?;
        Ok(value.as_f64())
    }
}
