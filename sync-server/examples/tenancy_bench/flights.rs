//! How many messages a request sends to the database, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clinic_sync::database;
use protocol::api::Secret;
use protocol::id::TenantId;
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::work::{Kind, id};

const REQUESTS: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Messages and time of a read with its tenant set, beside the same read in a transaction of a pool that knows
/// no tenants.
pub async fn measure(app: &str) -> anyhow::Result<Vec<Value>> {
    let counter = Arc::new(AtomicUsize::new(0));
    let url = proxied(app, Arc::clone(&counter)).await?;
    let db = database::connect_app(&Secret(url.clone())).await?;
    let pool = PgPoolOptions::new().max_connections(1).connect(&url).await?;
    let tenant = TenantId(id(Kind::Tenant, 1, 0));
    let (mut with, mut without) = (Sum::default(), Sum::default());
    for turn in 0..20 {
        let with_tenant = Sum::of(&counter, async || {
            let mut tx = db.read(tenant).await?;
            sqlx::query(READ).bind(tenant.0).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        let without_tenant = Sum::of(&counter, async || {
            let mut tx = pool.begin_with("begin isolation level repeatable read read only").await?;
            sqlx::query(READ).bind(tenant.0).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        })
        .await?;
        // The first turn compiles the statements.
        if turn > 0 {
            with.add(with_tenant);
            without.add(without_tenant);
        }
    }
    let ((messages, ms), (floor, floor_ms)) = (with.each(), without.each());
    Ok(vec![
        json!({ "name": "messages of a read with its tenant set, against none set", "unit": "messages",
            "value": messages, "floor": floor, "ratio": messages / floor, "goal": floor + 1.0,
            "met": messages <= floor + 1.0 }),
        json!({ "name": "time of a read with its tenant set, against none set", "unit": "ms", "value": ms,
            "floor": floor_ms, "ratio": ms / floor_ms, "goal": null, "met": null }),
    ])
}

const READ: &str = "select 1 from tenants where id = $1";

/// Messages and seconds of some requests.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    requests: f64,
    messages: f64,
    seconds: f64,
}

impl Sum {
    async fn of(
        counter: &AtomicUsize,
        request: impl AsyncFn() -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        // What the pool still says after the last request of the other side is not ours.
        tokio::time::sleep(PAUSE).await;
        let (start, before) = (Instant::now(), counter.load(Ordering::SeqCst));
        for _ in 0..REQUESTS {
            request().await?;
        }
        let seconds = start.elapsed().as_secs_f64();
        tokio::time::sleep(PAUSE).await;
        let messages = counter.load(Ordering::SeqCst) - before;
        Ok(Self { requests: REQUESTS as f64, messages: messages as f64, seconds })
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.messages += other.messages;
        self.seconds += other.seconds;
    }

    /// Messages and milliseconds of one request.
    fn each(self) -> (f64, f64) {
        (self.messages / self.requests, self.seconds * 1_000.0 / self.requests)
    }
}

/// The same address through a proxy that counts how often the client speaks after the server did.
async fn proxied(app: &str, counter: Arc<AtomicUsize>) -> anyhow::Result<String> {
    let mut url: Url = app.parse()?;
    let target = (url.host_str().unwrap_or_default().to_owned(), url.port().unwrap_or(5432));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    url.set_port(Some(listener.local_addr()?.port())).map_err(|()| anyhow::anyhow!("no port"))?;
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect((target.0.as_str(), target.1)).await else { return };
            tokio::spawn(pass(client, server, Arc::clone(&counter)));
        }
    });
    Ok(url.into())
}

async fn pass(client: TcpStream, server: TcpStream, counter: Arc<AtomicUsize>) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut server_spoke = true;
    loop {
        tokio::select! {
            read = from_client.read(&mut asked) => {
                let length = read?;
                if length == 0 { return Ok(()) }
                if std::mem::take(&mut server_spoke) {
                    counter.fetch_add(1, Ordering::SeqCst);
                }
                to_server.write_all(&asked[..length]).await?;
            }
            read = from_server.read(&mut answered) => {
                let length = read?;
                if length == 0 { return Ok(()) }
                server_spoke = true;
                to_client.write_all(&answered[..length]).await?;
            }
        }
    }
}
