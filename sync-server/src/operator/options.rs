//! The options of the operator's commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use protocol::permission::Role;

/// `clinic-sync tenant …`.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Adds a tenant with its first clinic and its admin.
    Create(TenantCreate),
    /// Lists the tenants with counts; no names of patients.
    List(OutputOptions),
}

/// `clinic-sync device …`.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Issues a one-time code that enrols one computer.
    Code(DeviceCode),
}

/// `clinic-sync user …`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a member of staff to a tenant.
    Add(UserAdd),
}

/// How a command answers.
#[derive(Args, Clone, Copy, Debug)]
pub struct OutputOptions {
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Where a password comes from. It is never an argument, which every user of the machine could read.
#[derive(Args, Clone, Debug)]
pub struct PasswordSource {
    /// A file with the password on its first line, or `-` for the standard input; without it, it is asked for.
    #[arg(long)]
    pub password_file: Option<PathBuf>,
}

/// Options of `tenant create`.
#[derive(Args, Clone, Debug)]
pub struct TenantCreate {
    /// The tenant's name.
    #[arg(long)]
    pub name: String,
    /// Its code; without it, one is made of the clinic's name.
    #[arg(long)]
    pub code: Option<String>,
    /// The first clinic's name.
    #[arg(long)]
    pub clinic_name: String,
    /// The first clinic's code, part of every prescription's number.
    #[arg(long)]
    pub clinic_code: String,
    /// The admin's e-mail.
    #[arg(long)]
    pub admin_email: String,
    /// The admin's name.
    #[arg(long)]
    pub admin_name: String,
    /// Where the password comes from.
    #[command(flatten)]
    pub password: PasswordSource,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// What a desktop may receive.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ScopeOption {
    /// Everything.
    Clinical,
    /// No clinical column.
    FrontDesk,
}

/// Options of `device code`.
#[derive(Args, Clone, Debug)]
pub struct DeviceCode {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// The clinic in which the computer will stand.
    #[arg(long)]
    pub clinic_code: String,
    /// What the computer may receive.
    #[arg(long, value_enum, default_value = "clinical")]
    pub scope: ScopeOption,
    /// How long the code can be used.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub minutes: u16,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user add`.
#[derive(Args, Clone, Debug)]
pub struct UserAdd {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Their e-mail.
    #[arg(long)]
    pub email: String,
    /// Their name.
    #[arg(long)]
    pub name: String,
    /// What they are: admin, doctor, dentist, receptionist or nurse. Can be given more than once.
    #[arg(long = "role", required = true, value_parser = parse_role)]
    pub roles: Vec<Role>,
    /// A prescriber's number in the council's register.
    #[arg(long, requires = "registration_council")]
    pub registration_number: Option<String>,
    /// The council.
    #[arg(long, requires = "registration_number")]
    pub registration_council: Option<String>,
    /// For example "MBBS, MD".
    #[arg(long)]
    pub qualifications: Option<String>,
    /// Where the password comes from.
    #[command(flatten)]
    pub password: PasswordSource,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

fn parse_role(text: &str) -> Result<Role, &'static str> {
    Role::find(text).ok_or("one of admin, doctor, dentist, receptionist, nurse")
}
