//! Times keys in the page itself: WebDriver's own ways are not counted.

use std::time::Duration;

use clinic_tests::window::Window;
use fantoccini::key::Key;
use serde_json::Value;

/// After a key so long nothing else is pressed: all that it changes is on the screen by then.
const SETTLES: Duration = Duration::from_millis(250);

/// From a key to the frame after the last change of the part that is watched, and to the first frames with what Enter
/// and signing bring.
const SCRIPT: &str = "
    const nothing = { changed: null, chart: null, saved: null, number: null, page: null };
    const watch = { key: 0, part: 'body', ...nothing };
    window.watch = watch;
    const painted = (then) => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => then(performance.now() - watch.key);
        port2.postMessage(null);
    });
    const once = (name, part) => {
        if (watch[name] === null && document.querySelector(part)) painted((ms) => { watch[name] ??= ms; });
    };
    const ask = window.fetch;
    window.fetch = async (...asked) => {
        const answer = await ask(...asked);
        if (`${asked[0]}`.endsWith('/sign_prescription')) watch.saved ??= performance.now() - watch.key;
        return answer;
    };
    document.addEventListener('keydown', () => {
        Object.assign(watch, { key: performance.now(), ...nothing });
    }, true);
    new MutationObserver((records) => {
        const part = document.querySelector(watch.part);
        if (records.some(({ target }) => part?.contains(target))) painted((ms) => { watch.changed = ms; });
        once('number', '[data-testid=prescription-number]');
        once('chart', '[data-testid=chart]');
        once('page', '[data-testid=prescription-page][data-drawn]');
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ['data-drawn'] });
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

    /// Types, and says for each key that changed something in this part how many ms it took.
    pub async fn type_text(&self, text: &str, part: &str) -> anyhow::Result<Vec<f64>> {
        self.window.ask(&format!("window.watch.part = '{part}'; arguments[0]()")).await?;
        let mut times = Vec::new();
        for key in text.chars() {
            self.window.type_text(&key.to_string()).await?;
            times.extend(self.read("changed").await?);
        }
        Ok(times)
    }

    /// Opens whoever is chosen in the finder, and says how many ms it took until the chart was there.
    pub async fn open_chart(&self) -> anyhow::Result<Option<f64>> {
        self.window.press(Key::Enter).await?;
        self.read("chart").await
    }

    /// Signs what the pad holds: ms until the program says that it is on disk, until its number stands on the screen,
    /// and until its page is drawn.
    pub async fn sign(&self) -> anyhow::Result<[f64; 3]> {
        self.window.press_ctrl(char::from(Key::Enter), false).await?;
        self.window.part("prescription-page").await?;
        let mut times = [f64::NAN; 3];
        for (time, what) in times.iter_mut().zip(["saved", "number", "page"]) {
            *time = self.read(what).await?.unwrap_or(f64::NAN);
        }
        Ok(times)
    }

    async fn read(&self, what: &str) -> anyhow::Result<Option<f64>> {
        tokio::time::sleep(SETTLES).await;
        let value: Value = self.window.ask(&format!("arguments[0](window.watch.{what})")).await?;
        Ok(value.as_f64())
    }
}
