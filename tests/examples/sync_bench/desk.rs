//! What desktops do.

use std::time::{Duration, Instant};

use clinic_tests::bench::peer::peak_mb;
use clinic_tests::clinic::{TestDesk, patient};
use clinic_tests::network::Network;
use protocol::api::Secret;
use protocol::id::PatientId;
use protocol::table::TableName;
use replica::view::{Draft, DraftItem, PatientForm};
use serde_json::{Value, json};

/// Fills a new desktop.
pub async fn fill(url: &str, code: &str) -> anyhow::Result<Value> {
    let desk = TestDesk::new()?;
    let start = Instant::now();
    desk.enrol_only(url.to_owned(), Secret(code.to_owned()), "Room").await?;
    let ms = || start.elapsed().as_secs_f64() * 1e3;
    desk.until("today is here", |status| status.filling.as_ref().is_none_or(|filling| filling.has_today))
        .await?;
    let today_ms = ms();
    desk.until("all is here", |status| status.filling.is_none()).await?;
    let filled_ms = ms();
    desk.until("it was compared", |status| status.last_synced_at.is_some()).await?;
    let synced_ms = ms();
    let peak_mb = peak_mb()?;
    let rows = desk.rows()?.len();
    Ok(
        json!({ "today_ms": today_ms, "filled_ms": filled_ms, "synced_ms": synced_ms, "peak_mb": peak_mb, "rows": rows }),
    )
}

/// How long each of so many changes takes to another desktop, in ms: from before it is saved until it is shown there.
pub async fn changes(one: &TestDesk, other: &TestDesk, count: usize) -> anyhow::Result<Vec<f64>> {
    let id = one.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    one.synced().await?;
    other.synced().await?;
    let mut times = Vec::new();
    let mut events = other.desk.events();
    for place in 0..count {
        let form = one.replica()?.chart(id)?.form;
        let city = format!("City {place}");
        let start = Instant::now();
        one.replica()?.update_patient(id, &form, &PatientForm { city: city.clone(), ..form.clone() })?;
        while other.replica()?.chart(id)?.form.city != city {
            tokio::time::timeout(Duration::from_secs(10), events.recv()).await?.ok();
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// How long so many prescriptions take that waited offline, each another patient's as far as there are so many, in seconds.
pub async fn queue(desk: &TestDesk, network: &Network, count: usize) -> anyhow::Result<f64> {
    desk.synced().await?;
    let rows = desk.rows()?;
    let patients = rows.iter().filter(|row| row.table == TableName::Patients).map(|row| PatientId(row.id));
    let patients: Vec<PatientId> = patients.take(count).collect();
    network.set_down(true);
    desk.offline().await?;
    let item = |medicine: &str| DraftItem {
        medicine_text: medicine.into(),
        dose_text: "1-0-1 x5d".into(),
        ..DraftItem::default()
    };
    let items = ["Paracetamol 650 mg", "Cetirizine 10 mg", "Pantoprazole 40 mg"].map(item).into();
    let draft = Draft { items, ..Draft::default() };
    for id in patients.iter().cycle().take(count) {
        desk.replica()?.sign_prescription(*id, &draft, &[])?;
    }
    network.set_down(false);
    let start = Instant::now();
    desk.desk.sync_now();
    desk.until("all has gone out", |status| status.waiting == 0).await?;
    Ok(start.elapsed().as_secs_f64())
}

/// The value below which this part of them lies.
pub fn quantile(values: &[f64], at: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 * at).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(place).copied().unwrap_or(f64::NAN)
}
