//! Many desktops that listen, and one page among the history of other tenants: as the server's side of it, without a
//! desktop's own work.

use std::time::Instant;

use anyhow::{Context, ensure};
use clinic_tests::clinic::{EMAIL, PASSWORD, TestDesk, patient};
use clinic_tests::network::http;
use ed25519_dalek::SigningKey;
use futures_util::{StreamExt, TryStreamExt};
use protocol::api::{
    EnrolRequest, EnrolResponse, LiveEvent, PROTOCOL_HEADER, Position, PullLine, Secret, TenantInfo,
};
use protocol::signing;
use reqwest::{Client, RequestBuilder};
use tokio::task::JoinSet;

/// A desktop as far as the server can tell.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    url: String,
    enrolled: std::sync::Arc<EnrolResponse>,
}

impl Caller {
    /// Enrols one.
    pub async fn enrol(url: &str, code: Secret) -> anyhow::Result<Self> {
        let key = SigningKey::from_bytes(uuid_pair().as_slice().try_into()?);
        let public_key = signing::public_key_text(&key.verifying_key());
        let signature = signing::sign(&key, &signing::enrol_message(&code.0, &public_key));
        let request = EnrolRequest {
            code,
            email: EMAIL.into(),
            password: Secret(PASSWORD.into()),
            device_name: "Room".into(),
            platform: "linux".into(),
            app_version: "0.1.0".into(),
            public_key,
            signature,
            again: None,
            recovers: None,
        };
        let client = http()?;
        let post = client.post(format!("{url}/v1/devices/enrol")).json(&request);
        let enrolled = said(post).send().await?.error_for_status()?.json().await?;
        Ok(Self { client, url: url.to_owned(), enrolled: std::sync::Arc::new(enrolled) })
    }

    fn get(&self, path: &str) -> RequestBuilder {
        let token = &self.enrolled.session.tokens.access_token.0;
        said(self.client.get(format!("{}{path}", self.url))).bearer_auth(token)
    }

    async fn head(&self) -> anyhow::Result<i64> {
        let info: TenantInfo = self.get("/v1/tenant").send().await?.error_for_status()?.json().await?;
        Ok(info.head)
    }

    /// The lines of a page after this version, the catalogue left out.
    async fn page(&self, version: i64, limit: usize) -> anyhow::Result<Vec<PullLine>> {
        let after = Position::after_version(version);
        let (epoch, catalogue) = (self.enrolled.epoch, i64::MAX);
        let path = format!("/v1/sync/pull?epoch={epoch}&after={after}&catalogue={catalogue}&limit={limit}");
        let text = self.get(&path).send().await?.error_for_status()?.text().await?;
        Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
    }

    /// Listens until the tenant's version is greater than this one, and fetches what is new if it did not come with that.
    /// Says when it listens.
    async fn hear(self, version: i64, listens: tokio::sync::mpsc::Sender<()>) -> anyhow::Result<()> {
        let path = format!("/v1/sync/live?epoch={}&after={version}", self.enrolled.epoch);
        let response = self.get(&path).send().await?.error_for_status()?;
        let mut events = response.bytes_stream();
        let mut text = String::new();
        let mut has_told = false;
        while let Some(part) = events.try_next().await? {
            text.push_str(&String::from_utf8_lossy(&part));
            if !has_told {
                listens.send(()).await?;
                has_told = true;
            }
            while let Some((line, rest)) = text.split_once('\n') {
                let event: Option<LiveEvent> =
                    line.strip_prefix("data:").and_then(|data| serde_json::from_str(data.trim()).ok());
                text = rest.to_owned();
                let Some(event) = event.filter(|event| event.head > version) else { continue };
                if let Some(page) = event.page {
                    ensure!(!page.rows.is_empty(), "nothing is new");
                    return Ok(());
                }
                let lines = self.page(version, 100).await?;
                ensure!(lines.iter().any(|line| matches!(line, PullLine::Row(_))), "nothing is new");
                return Ok(());
            }
        }
        anyhow::bail!("the stream ended")
    }
}

fn said(request: RequestBuilder) -> RequestBuilder {
    request.header(PROTOCOL_HEADER, protocol::PROTOCOL_VERSION)
}

fn uuid_pair() -> Vec<u8> {
    [uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat()
}

/// How long one change takes until the last of so many desktops that listen has fetched it, in ms.
pub async fn many(one: &TestDesk, callers: &[Caller], rounds: usize) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for round in 0..rounds {
        one.synced().await?;
        let version = callers.first().context("a caller")?.head().await?;
        let (listens, mut all) = tokio::sync::mpsc::channel(callers.len());
        let mut hearing = JoinSet::new();
        for caller in callers {
            hearing.spawn(caller.clone().hear(version, listens.clone()));
        }
        for _ in callers {
            all.recv().await.context("a desktop stopped listening")?;
        }
        let start = Instant::now();
        one.replica()?.register_patient(&patient("Meena", &format!("98300{round:05}")))?;
        while let Some(heard) = hearing.join_next().await {
            heard??;
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// How long pages of this many rows take, in ms.
pub async fn pages(caller: &Caller, rows: usize, rounds: usize) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for round in 0..rounds {
        let start = Instant::now();
        let lines = caller.page(i64::try_from(round)?, rows).await?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(lines.len() > rows, "{} lines came", lines.len());
    }
    Ok(times)
}

/// So many desktops.
pub async fn enrol(
    url: &str,
    count: usize,
    mut code: impl FnMut() -> anyhow::Result<Secret>,
) -> anyhow::Result<Vec<Caller>> {
    let codes = (0..count).map(|_| code()).collect::<anyhow::Result<Vec<_>>>()?;
    futures_util::stream::iter(codes).map(|code| Caller::enrol(url, code)).buffered(4).try_collect().await
}
