//! What stands behind the question mark of a path.

use std::collections::BTreeMap;

use protocol::error::ErrorCode;
use protocol::id::Epoch;

use super::{Refused, Result};

/// What a path asks with.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    pub(super) fn number(&self, name: &str) -> i64 {
        self.get(name).and_then(|number| number.parse().ok()).unwrap_or(0)
    }

    pub(super) fn epoch(&self) -> Result<Epoch> {
        let epoch = self.get("epoch").and_then(|epoch| epoch.parse().ok());
        epoch.ok_or(Refused(400, ErrorCode::Invalid, "The query names no epoch."))
    }
}
