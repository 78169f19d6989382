//! Registers one patient after another and prints each number once it is saved, until it is killed.

use std::io::Write;

use anyhow::Context;
use clinic_tests::clinic::patient;
use replica::{Desk, Keyring};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut arg =
        || args.next().context("usage: clinic-writer DATA EMAIL ROUND, the password on standard input");
    let (data, email, round) = (arg()?, arg()?, arg()?);
    let mut password = String::new();
    std::io::stdin().read_line(&mut password)?;
    let desk = Desk::new(data.into(), Keyring::system());
    desk.unlock(&email, password.trim_end()).await?;
    let replica = desk.replica()?;
    for place in 0.. {
        let number = format!("98{round}{place:07}");
        replica.register_patient(&patient(&format!("Patient {number}"), &number))?;
        writeln!(std::io::stdout(), "{number}")?;
    }
    Ok(())
}
