//! The messages to the server about staff.

use protocol::api::Secret;
use protocol::id::UserId;
use protocol::manage::{NewUser, OneTimePassword, UserAdded, UserChange, UserInfo};

use super::client::Client;
use super::signer::Signer;
use super::wire::Request;
use crate::error::Result;

impl Client {
    /// `GET /v1/users`.
    pub async fn users(&self, token: &Secret) -> Result<Vec<UserInfo>> {
        self.answer(Request::get("v1/users").small().with(token)).await
    }

    /// `POST /v1/users`.
    pub async fn add_user(&self, token: &Secret, signer: &Signer, new: &NewUser) -> Result<UserAdded> {
        let body = serde_json::to_vec(new)?;
        self.signed(Request { body, ..Request::post("v1/users").small() }.with(token), signer).await
    }

    /// `PATCH /v1/users/{id}`.
    pub async fn change_user(
        &self,
        token: &Secret,
        signer: &Signer,
        id: UserId,
        change: &UserChange,
    ) -> Result<UserInfo> {
        let body = serde_json::to_vec(change)?;
        let request = Request { body, ..Request::patch(&format!("v1/users/{id}")).small() };
        self.signed(request.with(token), signer).await
    }

    /// `POST /v1/users/{id}/password`.
    pub async fn give_password(
        &self,
        token: &Secret,
        signer: &Signer,
        id: UserId,
    ) -> Result<OneTimePassword> {
        let request = Request::post(&format!("v1/users/{id}/password")).small();
        self.signed(request.with(token), signer).await
    }
}
