//! People of every role at one desktop, with tokens as the server would sign them.

use clinic_sync::auth::token::Subject;
use protocol::api::DeviceScope;
use protocol::id::{ClinicId, UserId};
use protocol::permission::Role;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::clinic::{Clinic, Desk};

pub const ROLES: [Role; 5] = [Role::Admin, Role::Doctor, Role::Dentist, Role::Receptionist, Role::Nurse];

/// Someone of this role alone, who has signed in on this desktop.
pub async fn person(clinic: &Clinic, desk: &Desk, role: Role) -> UserId {
    let id = UserId::new();
    clinic
        .sql(&format!(
            "insert into users (tenant_id, id, email, full_name, roles, password_hash)
             select tenant_id, '{id}', '{id}@example.org', 'Someone Else', '{{{}}}', password_hash
             from users where tenant_id = '{tenant}' and id = '{user}';
             insert into device_users (tenant_id, device_id, user_id) values ('{tenant}', '{device}', '{id}')",
            role.as_str(),
            tenant = desk.tenant,
            user = desk.user,
            device = desk.device,
        ))
        .await;
    id
}

/// A profile as a prescriber, for someone.
pub async fn profile(clinic: &Clinic, desk: &Desk, user: UserId) -> Uuid {
    let id = Uuid::now_v7();
    clinic
        .sql(&format!(
            "insert into doctors (tenant_id, id, user_id, first_name, kind, registration_number,
                                  registration_council)
             values ('{}', '{id}', '{user}', 'Someone', 'physician', '{id}', 'MMC')",
            desk.tenant
        ))
        .await;
    id
}

/// An access token for someone on this desktop.
pub fn token(clinic: &Clinic, desk: &Desk, user: UserId, role: Role) -> String {
    let subject = Subject {
        tenant: desk.tenant,
        user,
        device: desk.device,
        clinic: ClinicId(desk.clinic),
        roles: vec![role],
        scope: DeviceScope::Clinical,
        token_version: 1,
        is_by_password: false,
    };
    clinic.server.state().auth.keys.sign(&subject, OffsetDateTime::now_utc()).0
}
