//! What a tenant has that others do not have yet. The one place where the server asks.

/// `clinic-sync rollout …`.
pub mod command;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use protocol::id::TenantId;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use crate::error::Result;

/// A feature's name: small letters, digits and `_`, at most 60.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeatureName(String);

impl FeatureName {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeatureName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if text.len() <= 60
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(is_part)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err("A feature's name has small letters, digits and _, at most 60, and begins with a letter.")
        }
    }
}

impl fmt::Display for FeatureName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How far a feature was rolled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The feature.
    pub name: String,
    /// So many of a hundred tenants have it.
    pub percent: i16,
    /// Tenants that have it whatever the percentage.
    pub tenants_on: i64,
    /// Tenants that do not have it whatever the percentage.
    pub tenants_off: i64,
}

/// A tenant's place in every roll-out, from 0 to 99: always the same, so that whoever has a feature at ten percent
/// has it at fifty.
pub fn place(tenant: TenantId) -> u8 {
    let hash = Sha256::digest(tenant.0.as_bytes());
    let number = u64::from_be_bytes(hash[..8].try_into().expect("BUG: a hash has 32 bytes"));
    (number % 100) as u8
}

/// The features that the tenant has. A word of its own in its settings counts more than the percentage.
pub async fn of_tenant(tx: &mut PgConnection, tenant: TenantId) -> Result<BTreeSet<String>> {
    let features = sqlx::query!(
        r#"select f.name, f.percent, t.settings -> 'features' -> f.name::text as "own: Value"
           from features f cross join tenants t where t.id = $1"#,
        tenant.0
    )
    .fetch_all(tx)
    .await?;
    Ok(features
        .into_iter()
        .filter(|feature| {
            let own = feature.own.as_ref().and_then(Value::as_bool);
            own.unwrap_or_else(|| i16::from(place(tenant)) < feature.percent)
        })
        .map(|feature| feature.name)
        .collect())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_tenants_place_never_changes() {
        let tenant = |text: &str| TenantId(Uuid::parse_str(text).expect("a UUID"));
        assert_eq!(place(tenant("01936a5e-7c00-7000-8000-000000000001")), 72);
        assert_eq!(place(tenant("01936a5e-7c00-7000-8000-000000000002")), 30);
    }

    #[test]
    fn tenants_are_spread_evenly() {
        let mut counts = [0_u32; 100];
        for number in 0..10_000 {
            counts[usize::from(place(TenantId(Uuid::from_u128(number))))] += 1;
        }
        assert!(counts.iter().all(|count| (50..170).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        for text in ["", "Lab", "lab-orders", "1lab", "_lab", &"a".repeat(61)] {
            assert!(text.parse::<FeatureName>().is_err(), "{text}");
        }
        assert!("lab_orders_2".parse::<FeatureName>().is_ok());
    }
}
