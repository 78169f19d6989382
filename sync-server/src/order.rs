//! The order key: it signs what desktops must believe of nobody else. They learn its public half when they are
//! enrolled; a later key is believed because the one before it names it.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use protocol::id::{DeviceId, TenantId};
use protocol::signing::public_key_text;
use protocol::standing::{KeyHandover, Lease, Order, SignedOrder};

use crate::Db;
use crate::auth::token::{new_key, write_key, write_new_key};

/// Signs orders.
#[derive(Clone)]
pub struct OrderKey {
    key: SigningKey,
    /// How it came to be believed.
    handovers: Vec<KeyHandover>,
}

impl std::fmt::Debug for OrderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OrderKey")
    }
}

impl OrderKey {
    /// A first key.
    pub fn new(key: SigningKey) -> Self {
        Self { key, handovers: vec![] }
    }

    /// The key that follows this one.
    #[must_use]
    pub fn followed_by(&self, next: SigningKey) -> Self {
        let mut handovers = self.handovers.clone();
        handovers.push(KeyHandover::sign(&self.key, &public_key_text(&next.verifying_key())));
        Self { key: next, handovers }
    }

    /// The key in this PEM file, which is made if it is not there and no computer can know another one.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or made; one that is missing where computers were enrolled.
    pub async fn load_or_first(path: &Path, db: &Db) -> anyhow::Result<Self> {
        if !path.exists() {
            ensure!(
                !db.had_computers().await?,
                "The order key {0} is not there, and computers were enrolled with this database: they believe that key and \
                 no other, and with another one none opens without the server once its days without contact are over. Put \
                 it back from where its copy lies, or name it with --order-key. Only if it is lost for good, make another \
                 one with `clinic-sync keygen --out {0}`, and enrol every computer anew.",
                path.display()
            );
        }
        Self::load_or_create(path)
    }

    /// The key in this PEM file, which is made if it is not there.
    fn load_or_create(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            write_new_key(path)?;
        }
        Self::load(path)
    }

    fn load(path: &Path) -> anyhow::Result<Self> {
        let pem = std::fs::read_to_string(path)
            .with_context(|| format!("The order key {} cannot be read.", path.display()))?;
        let key = SigningKey::from_pkcs8_pem(&pem)
            .map_err(|_| anyhow::anyhow!("{} is not an Ed25519 key in PEM.", path.display()))?;
        let beside = handovers_of(path);
        let handovers: Vec<KeyHandover> = match std::fs::read(&beside) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .with_context(|| format!("{} is not a list of handovers.", beside.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => vec![],
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read.", beside.display()));
            }
        };
        let own = public_key_text(&key.verifying_key());
        ensure!(
            handovers.last().is_none_or(|last| last.to == own),
            "{} leads to another key than {}, which no computer would believe then. Put the list beside the key that was made \
             with it; if that one is lost for good, move the list away.",
            beside.display(),
            path.display()
        );
        Ok(Self { key, handovers })
    }

    /// The lease that this key, or one before it, once gave to this device; none for what neither signed.
    pub fn given(&self, order: &SignedOrder, device: (TenantId, DeviceId)) -> Option<Lease> {
        let own = public_key_text(&self.key.verifying_key());
        let is_ours = order.key == own || self.handovers.iter().any(|handover| handover.from == order.key);
        match order.open(Some(&order.key), device) {
            Ok(Order::Lease(lease)) if is_ours => Some(lease),
            _ => None,
        }
    }

    /// Signs an order.
    pub fn sign(&self, order: &Order) -> SignedOrder {
        SignedOrder::sign(order, &self.key, &self.handovers).expect("BUG: an order is JSON")
    }
}

/// The list of handovers lies beside the key.
fn handovers_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".handovers");
    name.into()
}

/// Commands on the order key.
#[derive(Debug, Subcommand)]
pub enum OrderKeyCommand {
    /// Makes the key that follows the one in use. Desktops believe it because the one in use names it.
    Rotate(Rotate),
}

/// Options of `order-key rotate`.
#[derive(Args, Debug)]
pub struct Rotate {
    /// The PEM file of the key in use; without it, `order-key.pem` in the data folder.
    #[arg(long, env = "CLINIC_SYNC_ORDER_KEY")]
    pub order_key: Option<PathBuf>,
    /// The file to write; it must not exist. The list of handovers comes beside it.
    #[arg(long)]
    pub out: PathBuf,
}

/// The order key of this data folder, if it has no other place.
pub fn default_file(data_dir: &Path) -> PathBuf {
    data_dir.join("order-key.pem")
}

/// Runs `order-key …`.
pub fn run(data_dir: &Path, command: OrderKeyCommand, out: &mut impl Write) -> anyhow::Result<()> {
    let OrderKeyCommand::Rotate(options) = command;
    let in_use = OrderKey::load(&options.order_key.unwrap_or_else(|| default_file(data_dir)))?;
    ensure!(
        !options.out.exists(),
        "{} is there already; an existing file is never overwritten.",
        options.out.display()
    );
    let next = in_use.followed_by(new_key());
    // Should it break off here: nobody believes a key without the list, and a list without a key is none.
    let mut list = File::create(handovers_of(&options.out))?;
    list.write_all(&serde_json::to_vec_pretty(&next.handovers)?)?;
    list.sync_all()?;
    write_key(&options.out, &next.key)?;
    writeln!(
        out,
        "{0} follows the key in use. Start every process with --order-key {0}, and keep the old key's file and \
         {0}.handovers: a computer that was away believes the new key through them.",
        options.out.display()
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use protocol::api::DeviceScope;
    use protocol::id::{DeviceId, TenantId};
    use protocol::standing::Lease;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn a_key_that_was_rotated_twice_is_believed_by_who_knows_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        let first = OrderKey::load_or_create(&default_file(folder.path())).expect("made");
        for (order_key, out) in [(None, "2.pem"), (Some(file("2.pem")), "3.pem")] {
            let rotate = Rotate { order_key, out: file(out) };
            run(folder.path(), OrderKeyCommand::Rotate(rotate), &mut Vec::new()).expect("rotated");
        }
        let device = (TenantId::new(), DeviceId::new());
        let order = Order::Lease(Lease {
            tenant_id: device.0,
            device_id: device.1,
            scope: DeviceScope::Clinical,
            issued_at: OffsetDateTime::UNIX_EPOCH,
            offline_days: 14,
            nonce: String::new(),
            people: vec![],
            admin_devices: vec![],
            epoch: None,
            revoked: vec![],
            closed: vec![],
        });
        let known = first.sign(&order).key;
        let third = OrderKey::load(&file("3.pem")).expect("read").sign(&order);
        assert_ne!(third.key, known);
        assert_eq!(third.open(Some(&known), device), Ok(order.clone()));
        let stranger = OrderKey::load_or_create(&file("4.pem")).expect("made").sign(&order);
        assert!(stranger.open(Some(&known), device).is_err());
        let again = Rotate { order_key: None, out: file("3.pem") };
        assert!(run(folder.path(), OrderKeyCommand::Rotate(again), &mut Vec::new()).is_err(), "overwritten");
        assert_eq!(OrderKey::load(&file("3.pem")).expect("as it was").sign(&order), third);
    }

    #[test]
    fn a_rotation_that_broke_off_is_done_again_and_a_list_beside_another_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        OrderKey::load_or_create(&default_file(folder.path())).expect("made");
        let rotate = || {
            let rotate = Rotate { order_key: None, out: file("2.pem") };
            run(folder.path(), OrderKeyCommand::Rotate(rotate), &mut Vec::new())
        };
        rotate().expect("rotated");
        std::fs::remove_file(file("2.pem")).expect("as if it had not been written yet");
        rotate().expect("rotated");
        OrderKey::load(&file("2.pem")).expect("with its own list");
        std::fs::copy(file("2.pem.handovers"), file("order-key.pem.handovers"))
            .expect("moved to the old key");
        let refused = OrderKey::load(&default_file(folder.path())).expect_err("it is another key's");
        assert!(refused.to_string().contains("leads to another key"), "{refused}");
        // So it is beside a key that was made because the one of the list was lost.
        assert!(
            refused.to_string().contains("if that one is lost for good, move the list away"),
            "{refused}"
        );
    }
}
