//! Pushes that name another tenant's rows: they must go exactly as if those rows did not exist.

use protocol::api::{Fate, Receipt};
use protocol::mutation::{Change, Op};
use protocol::table::{Table, TableName};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::clinic::edit;
use crate::furnished::{Street, WORD_A, WORD_B, a_row};

/// What a desktop learns of the fate of its mutation.
type Told = (Fate, Option<String>, Option<String>);

impl Street {
    /// Pushes one change from B's desktop, and takes it out of the way if it was set aside.
    async fn push(&mut self, change: Change) -> Told {
        let response = self.b.write(vec![change]).await;
        let told = serde_json::to_string(&response).expect("JSON");
        assert!(!told.contains(WORD_A), "{told}");
        sqlx::query("update clinic.sync_quarantine set resolved_at = now() where resolved_at is null")
            .execute(&mut self.admin)
            .await
            .expect("resolved");
        let Receipt { fate, code, detail, .. } = &response.receipts[0];
        (*fate, code.map(|code| format!("{code:?}")), detail.clone())
    }

    async fn row(&mut self, table: TableName, mine: bool) -> Map<String, Value> {
        let tenant = if mine { self.b.tenant } else { self.a.tenant };
        a_row(&mut self.admin, table.as_str(), tenant).await.expect("a row")
    }

    async fn rows_of_a(&mut self) -> Vec<Map<String, Value>> {
        let mut rows = Vec::new();
        for table in Table::of_tenant() {
            rows.push(self.row(table.name, false).await);
        }
        rows
    }
}

fn id(row: &Map<String, Value>) -> Uuid {
    row["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

fn went_in(told: &Told) -> bool {
    matches!(told.0, Fate::Applied | Fate::Merged | Fate::Conflict)
}

#[tokio::test]
async fn a_reference_to_another_tenants_row_is_refused_as_one_to_no_row() {
    let mut neighbours = Street::new().await;
    let mut taken = 0;
    for table in Table::of_tenant() {
        for column in table.columns {
            let Some(parent) = column.refers_to.filter(|parent| *parent != TableName::Medicines) else {
                continue;
            };
            let place = format!("{}.{}", table.sql_name, column.name);
            let own = neighbours.row(table.name, true).await;
            let point = |at: Uuid| {
                let value = Value::String(at.to_string());
                edit(table.name, id(&own), &[(column.name, own[column.name].clone(), value)])
            };
            let foreign = id(&neighbours.row(parent, false).await);
            let mine = id(&neighbours.row(parent, true).await);
            let theirs = neighbours.push(point(foreign)).await;
            assert!(!went_in(&theirs), "{place}: {theirs:?}");
            assert_eq!(theirs, neighbours.push(point(Uuid::now_v7())).await, "{place}");
            taken += u32::from(went_in(&neighbours.push(point(mine)).await));
        }
    }
    // The positive twin: what the same mutation points at makes the difference.
    assert!(taken >= 10, "only {taken} references to one's own rows were taken");
}

#[tokio::test]
async fn a_change_to_another_tenants_row_goes_as_one_to_no_row_and_touches_nothing() {
    let mut neighbours = Street::new().await;
    let before = neighbours.rows_of_a().await;
    for table in Table::of_tenant() {
        let foreign = id(&neighbours.row(table.name, false).await);
        for op in [Op::Update, Op::Delete, Op::Insert] {
            let row = neighbours.row(table.name, true).await;
            let change = |id: Uuid| {
                let column = &table.columns[0];
                let set = [(column.name, row[column.name].clone(), row[column.name].clone())];
                Change { op, ..edit(table.name, id, if op == Op::Delete { &[] } else { &set }) }
            };
            let theirs = neighbours.push(change(foreign)).await;
            let nobodys = neighbours.push(change(Uuid::now_v7())).await;
            assert_eq!(theirs, nobodys, "{op:?} {}", table.sql_name);
        }
    }
    assert_eq!(neighbours.rows_of_a().await, before);
    let page = neighbours.b.get(&format!("/v1/sync/pull?epoch={}", neighbours.b.epoch)).await;
    let page = page.text().await.expect("a page");
    assert!(page.contains(WORD_B) && !page.contains(WORD_A));
}
