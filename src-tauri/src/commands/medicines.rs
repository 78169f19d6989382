//! The window's commands about the clinic's own medicines.

use protocol::id::MedicineId;
use replica::Replica;
use replica::view::{OwnMedicine, OwnMedicineForm};

use super::{Answer, Here, ask};

#[tauri::command]
pub async fn list_own_medicines(desk: Here<'_>) -> Answer<Vec<OwnMedicine>> {
    ask(desk, Replica::own_medicines).await
}

#[tauri::command]
pub async fn add_own_medicine(desk: Here<'_>, form: OwnMedicineForm) -> Answer<MedicineId> {
    ask(desk, move |replica| replica.add_own_medicine(&form)).await
}

#[tauri::command]
pub async fn correct_own_medicine(
    desk: Here<'_>,
    id: MedicineId,
    seen: OwnMedicineForm,
    form: OwnMedicineForm,
) -> Answer<()> {
    ask(desk, move |replica| replica.correct_own_medicine(id, &seen, &form)).await
}

#[tauri::command]
pub async fn keep_own_medicine(desk: Here<'_>, id: MedicineId, is_in_use: bool) -> Answer<()> {
    ask(desk, move |replica| replica.keep_own_medicine(id, is_in_use)).await
}
