//! What people do with the copy on their desktop reaches the tenant's audit log.

use std::collections::BTreeSet;

use clinic_sync::audit::command::{AuditCommand, AuditVerify, run_audit};
use clinic_tests::clinic::{Clinic, TestDesk, patient};
use clinic_tests::network::Fault;
use protocol::api::NoticeCode;
use replica::view::{AuditFilter, AuditLine};

use crate::sync::draft;

const EVENTS: &str = "/v1/audit/events";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_looked_at_and_printed_during_an_outage_is_in_the_log_afterwards() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    let signed = desk.replica()?.sign_prescription(sunita, &draft(), &[])?.id;
    desk.synced().await?;
    clinic.network.set_down(true);
    desk.offline().await?;
    for _ in 0..3 {
        desk.replica()?.chart(sunita)?;
    }
    desk.replica()?.print(signed)?;
    clinic.network.set_down(false);
    desk.desk.sync_now();
    let told = clinic.told(&["login", "view", "print"]).await?;
    assert_eq!(told[1].record, Some(sunita.0));
    assert_eq!(told[2].record, Some(signed.0));
    assert!(told[1..].iter().all(|event| event.patient == Some(sunita.0)));
    assert!(told.iter().all(|event| event.user.is_some() && event.occurred_at.is_some()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_reads_the_log_page_by_page_with_names_and_only_what_is_asked_for() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    for place in 0..250 {
        desk.change(sunita, |form| form.city = format!("Marol {place}"))?;
    }
    desk.synced().await?;
    let of_sunita = AuditFilter { patient: Some(sunita), ..AuditFilter::default() };
    let first = desk.desk.audit_log(of_sunita.clone(), None).await?;
    let rest = desk.desk.audit_log(of_sunita, first.older.clone()).await?;
    assert!(first.older.is_some() && rest.older.is_none());
    let all: Vec<_> = first.entries.iter().chain(&rest.entries).collect();
    let ids: BTreeSet<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), all.len(), "no entry comes twice");
    let changed = all.iter().filter(|one| one.what == "Changed").count();
    let added = all.iter().filter(|one| one.what == "Added").count();
    assert!(changed >= 250 && added == 1, "{changed}, {added}");
    let is_told = |one: &&AuditLine| {
        one.who == "Anjali Kulkarni"
            && one.computer.as_deref() == Some("Room 1")
            && one.patient == Some(sunita)
    };
    assert!(all.iter().all(is_told), "{all:?}");
    let added = AuditFilter { action: Some("create".into()), ..AuditFilter::default() };
    let added = desk.desk.audit_log(added, None).await?.entries;
    assert!(added.iter().any(|one| one.name.as_deref() == Some("Sunita Deshmukh")), "{added:?}");
    assert!(added.iter().all(|one| one.what == "Added"), "{added:?}");
    let choices = desk.desk.audit_choices().await?;
    assert_eq!(choices.people.len(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_a_repeat_leave_each_event_in_the_log_once() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    clinic.told(&["login"]).await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    clinic.network.plan(EVENTS, [Fault::LostAnswer, Fault::Repeated]);
    desk.replica()?.chart(sunita)?;
    desk.until("both faults have happened", |_| {
        desk.desk.sync_now();
        clinic.network.n_planned() == 0
    })
    .await?;
    desk.desk.lock();
    desk.unlock(&clinic.email).await?;
    clinic.told(&["login", "view", "logout", "login"]).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_events_holds_up_nothing() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    clinic.network.plan(EVENTS, std::iter::repeat_n(Fault::LostRequest, 50));
    let desk = clinic.desk("Room 1").await?;
    let sunita = desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?.id;
    desk.replica()?.chart(sunita)?;
    desk.synced().await?;
    assert!(clinic.network.n_planned() > 0);
    assert!(desk.desk.sync_status().problem.is_none());
    Ok(())
}

/// Locks and unlocks, which has a look at the server's log; answers whether it was found to be changed.
async fn look(clinic: &Clinic, desk: &TestDesk) -> anyhow::Result<bool> {
    let looks = || -> anyhow::Result<String> {
        let text = clinic.server().state().metrics.text()?;
        let line = |line: &&str| {
            line.starts_with("clinic_sync_requests_total{route=\"/v1/audit/ends\",status=\"2xx\"}")
        };
        Ok(text.lines().find(line).unwrap_or_default().to_owned())
    };
    let before = looks()?;
    desk.desk.lock();
    desk.unlock(&clinic.email).await?;
    desk.until("it has looked", |_| looks().is_ok_and(|now| now != before)).await?;
    // A round begins when the look is over.
    desk.synced().await?;
    Ok(desk.desk.sync_status().notices.iter().any(|notice| notice.code == NoticeCode::LogChanged))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desktop_that_knew_the_log_says_when_it_was_changed_and_works_on() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let desk = clinic.desk("Room 1").await?;
    let state = clinic.server().state();
    desk.synced().await?;
    state.audit.sign_heads(&state.db).await;
    anyhow::ensure!(!look(&clinic, &desk).await?, "nothing was known yet");
    // As long as the log only grows, it is the one that was known.
    desk.replica()?.register_patient(&patient("Sunita", "98204 41276"))?;
    desk.synced().await?;
    state.audit.sign_heads(&state.db).await;
    anyhow::ensure!(!look(&clinic, &desk).await?, "the log only grew");
    clinic
        .sql(
            "set session_replication_role = replica;
             delete from clinic.audit_heads where lane = 'accounts';
             delete from clinic.tenant_audit_log where lane = 'accounts'",
        )
        .await?;
    anyhow::ensure!(look(&clinic, &desk).await?, "entries are gone");
    // What the desktop kept proves it to whoever runs the server.
    let folder = tempfile::tempdir()?;
    let head_file = folder.path().join("ends.json");
    let ends = desk.replica()?.log_ends()?;
    std::fs::write(&head_file, serde_json::to_vec(&ends)?)?;
    let options = AuditVerify { head_file: Some(head_file), json: true, ..AuditVerify::default() };
    let (ops, mut out) = (clinic.server().database().ops_db().await, Vec::new());
    let found = run_audit(&ops, folder.path(), AuditCommand::Verify(options), &mut out).await;
    anyhow::ensure!(found.is_err() && String::from_utf8(out)?.contains("accounts"), "nothing was found");
    // Also without the network, and after entries came to stand where the old ones were.
    clinic.network.set_down(true);
    desk.offline().await?;
    anyhow::ensure!(desk.desk.sync_status().notices[0].code == NoticeCode::LogChanged);
    clinic.network.set_down(false);
    clinic.server().enrolment_code(clinic.tenant_code()).await?;
    state.audit.sign_heads(&state.db).await;
    anyhow::ensure!(look(&clinic, &desk).await?, "others stand in their place");
    desk.replica()?.register_patient(&patient("Asha", "98204 41277"))?;
    desk.synced().await?;
    Ok(())
}
