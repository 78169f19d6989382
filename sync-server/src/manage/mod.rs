//! What a tenant's admins do online: clinics, staff, computers. And anyone their own password.

/// `POST /v1/tenant/objection`, and what is objected to.
pub mod admins;
/// `GET` and `POST /v1/clinics`, `PATCH /v1/clinics/{id}`.
pub mod clinics;
/// `GET /v1/devices`, `POST /v1/devices/{id}/revoke`.
pub mod devices;
/// `POST /v1/auth/password`, `POST /v1/users/{id}/password`.
pub mod passwords;
/// Rows of members of staff.
pub mod staff;
/// `GET` and `POST /v1/users`, `PATCH /v1/users/{id}`.
pub mod users;
