//! Other programs write to the same Postgres: at the prompt, in transactions of their own, slowly.

use std::process::Command;

use clinic_sync::testing::postgres_with_dump;
use clinic_tests::clinic::{Clinic, TestDesk, patient};
use clinic_tests::database::waiting;
use clinic_tests::process::output;
use replica::Depth;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Another program's connection.
async fn connect(clinic: &Clinic) -> anyhow::Result<PgConnection> {
    Ok(PgConnection::connect(&clinic.server().database().admin.0).await?)
}

/// Registers someone as another program does.
fn register(first_name: &str, mobile_number: &str) -> String {
    format!(
        "insert into clinic.patients (tenant_id, id, mobile_number, first_name, first_name_norm, age_years)
         select id, gen_random_uuid(), '{mobile_number}', '{first_name}', lower('{first_name}'), 54 from clinic.tenants;"
    )
}

async fn run(program: &mut PgConnection, sql: &str) -> anyhow::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(program).await?;
    Ok(())
}

fn has(desk: &TestDesk, name: &str) -> anyhow::Result<bool> {
    Ok(!desk.replica()?.find_patients(name)?.people.is_empty())
}

/// Waits until this name is found at the desk, which nobody tells to ask.
async fn arrives(desk: &TestDesk, name: &str) -> anyhow::Result<()> {
    desk.until(&format!("{name} has arrived"), |_| has(desk, name).unwrap_or(false)).await
}

/// All desks have the same, which is what the server has.
async fn are_equal(desks: &[&TestDesk]) -> anyhow::Result<()> {
    for desk in desks {
        desk.synced().await?;
        assert_eq!(desk.rows()?, desks[0].rows()?);
        assert_eq!(desk.desk.mend(Depth::Values).await?, 0);
        assert_eq!((desk.desk.sync_status().waiting, desk.desk.sync_status().only_here), (0, 0));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_at_the_prompt_arrives_on_every_desktop() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let asha = one.replica()?.register_patient(&patient("Asha", "98204 41276"))?.id;
    one.replica()?.register_patient(&patient("Bina", "98204 41277"))?;
    one.synced().await?;
    other.synced().await?;
    let psql = |sql: &str| {
        let mut command = Command::new(postgres_with_dump().join("psql"));
        command.arg(&clinic.server().database().admin.0).args(["-X", "-q", "-v", "ON_ERROR_STOP=1"]);
        output(&mut command, sql)
    };
    psql(&register("Charu", "+919820441278"))?;
    psql("update clinic.patients set city = 'Satara' where first_name = 'Asha'")?;
    // A deletion, of whatever program, becomes a mark.
    psql("delete from clinic.patients where first_name = 'Bina'")?;
    // Of several statements nobody sees the first alone.
    psql(&format!(
        "begin; {} {} commit;",
        register("Deepa", "+919820441279"),
        register("Esha", "+919820441280")
    ))?;
    for desk in [&one, &other] {
        arrives(desk, "Deepa").await?;
        assert!(has(desk, "Esha")? && has(desk, "Charu")? && !has(desk, "Bina")?);
        assert_eq!(desk.replica()?.chart(asha)?.form.city, "Satara");
    }
    are_equal(&[&one, &other]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_application_and_two_desktops_hear_each_other() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let mut application = connect(&clinic).await?;
    for round in 0..10 {
        let name = format!("Desk{round}");
        let brought = one.replica()?.register_patient(&patient(&name, &format!("98204 5000{round}")))?.id;
        arrives(&other, &name).await?;
        // The application works on what the desktop brought, and adds something of its own.
        let mut tx = application.begin().await?;
        let changed = sqlx::query("update clinic.patients set city = $1 where first_name = $2")
            .bind(format!("Town {round}"))
            .bind(&name)
            .execute(&mut *tx)
            .await?;
        assert_eq!(changed.rows_affected(), 1);
        run(&mut tx, &register(&format!("App{round}"), &format!("+91982046000{round}"))).await?;
        tx.commit().await?;
        for desk in [&one, &other] {
            arrives(desk, &format!("App{round}")).await?;
            assert_eq!(desk.replica()?.chart(brought)?.form.city, format!("Town {round}"));
        }
    }
    are_equal(&[&one, &other]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_held_open_delays_a_push_and_neither_is_lost() -> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let (one, other) = (clinic.desk("Room 1").await?, clinic.desk("Room 2").await?);
    let (mut slow, mut admin) = (connect(&clinic).await?, connect(&clinic).await?);
    run(&mut slow, &format!("begin; {}", register("Slow", "+919820441278"))).await?;
    one.replica()?.register_patient(&patient("Asha", "98204 41276"))?;
    waiting(&mut admin, "the push to stand behind the transaction", 1).await?;
    // Whoever only reads waits for nobody, and sees nothing of what is not committed.
    other.synced().await?;
    assert!(!has(&other, "Slow")?);
    // The server does not wait for ever either: the desktop hears that it must try again.
    one.offline().await?;
    assert_eq!(one.desk.sync_status().waiting, 1);
    run(&mut slow, "commit").await?;
    are_equal(&[&one, &other, &one]).await?;
    for desk in [&one, &other] {
        assert!(has(desk, "Slow")? && has(desk, "Asha")?);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_held_open_over_a_pull_is_not_skipped_and_one_taken_back_never_was()
-> anyhow::Result<()> {
    let clinic = Clinic::open().await?;
    let one = clinic.desk("Room 1").await?;
    let mut slow = connect(&clinic).await?;
    for (round, end) in ["commit", "rollback", "commit"].into_iter().enumerate() {
        let name = format!("Slow{round}");
        run(&mut slow, &format!("begin; {}", register(&name, &format!("+91982044127{round}")))).await?;
        one.synced().await?;
        // A desktop that is filled meanwhile has all the others have.
        let new = clinic.desk("Room 2").await?;
        assert!(!has(&one, &name)? && !has(&new, &name)?);
        run(&mut slow, end).await?;
        if end == "commit" {
            arrives(&one, &name).await?;
            arrives(&new, &name).await?;
        }
        are_equal(&[&one, &new]).await?;
        assert_eq!(has(&one, &name)?, end == "commit");
    }
    Ok(())
}
