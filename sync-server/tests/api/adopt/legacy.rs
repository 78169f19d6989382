//! A single-tenant database with the tables of an old application, and that application at work.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser;
use clinic_sync::adopt::{self, AdoptOptions};
use clinic_sync::testing::TestDatabase;
use protocol::api::Secret;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use url::Url;

/// What the ids of the old tables are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Key {
    Integer,
    Uuid,
}

impl Key {
    fn sql(self, statement: &str) -> String {
        let (serial, key) = match self {
            Self::Integer => ("serial", "integer"),
            Self::Uuid => ("uuid default gen_random_uuid()", "uuid"),
        };
        statement.replace("SERIAL", serial).replace("KEY", key).replace("HOME", "public")
    }
}

/// The old application's database.
pub struct Legacy {
    pub admin: Secret,
    pub login: String,
    pub key: Key,
    app: Secret,
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    options: AdoptOptions,
}

impl Legacy {
    /// The seed's tables with some thousand rows. With integers the application's login owns them, as is common.
    pub async fn new(key: Key) -> Self {
        let database = TestDatabase::new().await;
        let mut app: Url = database.admin.0.parse().expect("a URL");
        let name = app.path().trim_start_matches('/').to_owned();
        let login = format!("{name}_app");
        app.set_username(&login).expect("a login");
        app.set_password(Some("seven green parrots")).expect("a password");
        let legacy = Self { admin: database.admin, login, key, app: Secret(app.into()) };
        let login = &legacy.login;
        legacy.run(&key.sql(include_str!("legacy.sql"))).await;
        legacy
            .run(&format!(
                "create role {login} login password 'seven green parrots';
                 grant connect on database {name} to {login};
                 grant usage on schema public to {login}"
            ))
            .await;
        let grant = match key {
            Key::Integer => format!(
                "do $$ declare t regclass; begin
                     for t in select oid from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'
                     loop execute format('alter table %s owner to {login}', t); end loop;
                 end $$"
            ),
            Key::Uuid => {
                format!("grant select, insert, update, delete on all tables in schema public to {login}")
            }
        };
        legacy.run(&grant).await;
        legacy
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.admin.0).await.expect("the database")
    }

    /// As an administrator.
    pub async fn run(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await
            .expect("a good statement");
        connection.close().await.expect("closed");
    }

    /// As an administrator.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql).fetch_one(&mut self.connect().await).await.expect("a number")
    }

    /// As an administrator.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql).fetch_all(&mut self.connect().await).await.expect("texts")
    }

    /// `clinic-sync adopt` with these arguments: what it printed.
    pub async fn adopt(&self, arguments: &str) -> anyhow::Result<String> {
        let mut all = vec!["adopt"];
        all.extend(arguments.split_whitespace());
        if !arguments.contains("--pause-ms") {
            all.extend(["--pause-ms", "0"]);
        }
        // The old application of these tests never rests.
        if !arguments.contains("--tries") {
            all.extend(["--tries", "30"]);
        }
        if arguments.contains("--step 1") && !arguments.contains("--app-login") {
            all.extend(["--app-login", &self.login]);
        }
        let options = Cli::try_parse_from(all)?.options;
        let mut out = Vec::new();
        adopt::run(&self.admin, &options, &mut out).await?;
        Ok(String::from_utf8(out)?)
    }

    /// The sentence with which it refuses.
    pub async fn refusal(&self, arguments: &str) -> String {
        match self.adopt(arguments).await {
            Ok(printed) => panic!("`adopt {arguments}` is not refused, but prints: {printed}"),
            Err(error) => format!("{error:#}"),
        }
    }

    /// Runs these steps, one after the other.
    pub async fn steps(&self, steps: std::ops::RangeInclusive<u8>) {
        for step in steps {
            self.adopt(&format!("--step {step}"))
                .await
                .unwrap_or_else(|error| panic!("step {step}: {error:#}"));
        }
    }

    /// Everything that pg_dump would write of the application's tables, and of roles and schemas, in lines.
    pub async fn schema(&self) -> Vec<String> {
        self.texts(include_str!("schema.sql")).await
    }

    /// The rows of each table as JSON, without their tenant.
    pub async fn data(&self) -> BTreeMap<String, BTreeSet<String>> {
        let tables = self
            .texts(
                "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
                 and relname not in ('tenants', 'clinics')",
            )
            .await;
        let mut data = BTreeMap::new();
        for table in tables {
            let rows =
                self.texts(&format!("select (to_jsonb(t) - 'tenant_id')::text from public.{table} t")).await;
            data.insert(table, rows.into_iter().collect());
        }
        data
    }
}

/// What the application knows that it has written.
#[derive(Debug, Default)]
pub struct Written {
    /// Id and notes of each patient.
    pub patients: BTreeMap<String, String>,
    pub prescriptions: usize,
    pub items: usize,
    pub rounds: u64,
}

/// The old application, which inserts, updates, deletes and reads until it is stopped.
pub struct OldApplication {
    rounds: watch::Receiver<u64>,
    renew: mpsc::Sender<oneshot::Sender<()>>,
    task: JoinHandle<sqlx::Result<Written>>,
}

impl OldApplication {
    /// `again` tells the patients of one start from those of another.
    pub async fn start(legacy: &Legacy, again: u8) -> Self {
        let (send_rounds, rounds) = watch::channel(0);
        let (renew, mut renewals) = mpsc::channel::<oneshot::Sender<()>>(1);
        let (url, key) = (legacy.app.clone(), legacy.key);
        let mut pool = pool(&url).await.expect("the old application can connect");
        let task = tokio::spawn(async move {
            let mut written = Written::default();
            loop {
                match renewals.try_recv() {
                    Ok(done) => {
                        pool.close().await;
                        pool = self::pool(&url).await?;
                        done.send(()).ok();
                    }
                    Err(mpsc::error::TryRecvError::Empty) => {}
                    Err(mpsc::error::TryRecvError::Disconnected) => break,
                }
                round(&pool, key, again, &mut written).await?;
                written.rounds += 1;
                send_rounds.send_replace(written.rounds);
            }
            pool.close().await;
            Ok(written)
        });
        Self { rounds, renew, task }
    }

    /// Waits until it has done some more rounds from beginning to end.
    pub async fn goes_on(&mut self) {
        let now = *self.rounds.borrow();
        let ended = self.rounds.wait_for(|rounds| *rounds >= now + 3).await.is_err();
        assert!(!ended, "the old application ended: {:?}", (&mut self.task).await);
    }

    /// Lets it close its connections and open new ones.
    pub async fn renews_its_connections(&mut self) {
        let (done, wait) = oneshot::channel();
        self.renew.send(done).await.expect("it runs");
        wait.await.expect("it connects again");
    }

    /// Not one of its statements has failed.
    pub async fn stop(self) -> Written {
        drop(self.renew);
        self.task
            .await
            .expect("no panic")
            .unwrap_or_else(|error| panic!("the old application failed: {error}"))
    }
}

async fn pool(url: &Secret) -> sqlx::Result<PgPool> {
    PgPoolOptions::new().max_connections(3).connect(&url.0).await
}

async fn round(pool: &PgPool, key: Key, again: u8, written: &mut Written) -> sqlx::Result<()> {
    let number = written.rounds;
    let sql = |text: &str| AssertSqlSafe(key.sql(text));
    // Two workers, so that rows and tables are wanted from several sides.
    let visit = async {
        let mut tx = pool.begin().await?;
        let patient: String = sqlx::query_scalar(
            "insert into patients (mobile_number, first_name) values ($1, 'Asha')
             on conflict (mobile_number, first_name) do update set notes = 'again' returning id::text",
        )
        .bind(format!("+91{again}{number:09}"))
        .fetch_one(&mut *tx)
        .await?;
        let prescription: String =
            sqlx::query_scalar(sql("insert into prescriptions (patient_id, doctor_id, visit_date)
             values ($1::KEY, (select min(id::text)::KEY from doctors), '2026-01-07') returning id::text"))
            .bind(&patient)
            .fetch_one(&mut *tx)
            .await?;
        for dosage in ["1-0-1", "0-0-1"] {
            sqlx::query(sql("insert into prescription_items (prescription_id, dosage) values ($1::KEY, $2)"))
                .bind(&prescription)
                .bind(dosage)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok::<_, sqlx::Error>(patient)
    };
    let desk = async {
        sqlx::query(
            "insert into short_keys (doctor_id, key, body) select id, 'fever', 'para' from doctors
             on conflict (doctor_id, key) do update set body = excluded.body",
        )
        .execute(pool)
        .await?;
        // A patient whose prescription goes with them.
        let mut tx = pool.begin().await?;
        let passing: String = sqlx::query_scalar(
            "insert into patients (mobile_number, first_name) values ('+910', $1) returning id::text",
        )
        .bind(format!("Passing {number}"))
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(sql("insert into prescriptions (patient_id, visit_date) values ($1::KEY, '2026-01-07')"))
            .bind(&passing)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let gone =
            sqlx::query(sql("delete from patients where id = $1::KEY")).bind(&passing).execute(pool).await?;
        assert_eq!(gone.rows_affected(), 1);
        sqlx::query("select count(*) from patients p join prescriptions r on r.patient_id = p.id")
            .execute(pool)
            .await
    };
    let (patient, _) = tokio::try_join!(visit, desk)?;
    written.prescriptions += 1;
    written.items += 2;
    let notes = format!("seen in round {number}");
    let mut tx = pool.begin().await?;
    let updated = sqlx::query(sql("update patients set notes = $2 where id = $1::KEY"))
        .bind(&patient)
        .bind(&notes)
        .execute(&mut *tx)
        .await?;
    assert_eq!(updated.rows_affected(), 1, "what was written is there");
    tx.commit().await?;
    // Only a primary key on the id alone lets the other columns stand in this list.
    let (found, visits): (String, i64) = sqlx::query_as(sql(
        "select p.notes, count(r.id) from patients p left join prescriptions r on r.patient_id = p.id
         where p.id = $1::KEY group by p.id",
    ))
    .bind(&patient)
    .fetch_one(pool)
    .await?;
    assert_eq!((&found, visits), (&notes, 1));
    written.patients.insert(patient, notes);
    Ok(())
}
