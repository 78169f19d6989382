//! The options of the operator's commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use protocol::permission::Role;
use uuid::Uuid;

/// `clinic-sync tenant …`.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// Adds a tenant with its first clinic and its admin.
    Create(TenantCreate),
    /// Lists the tenants with counts; no names of patients.
    List(OutputOptions),
    /// The same, those nearest to their limits first. The login clinic_report may do it too.
    Usage(OutputOptions),
    /// Shows one tenant's plan and counts.
    Show(TenantChoice),
    /// Closes a tenant for all but reading, exporting, and sending what waits.
    Suspend(TenantSuspend),
    /// Opens it again.
    Resume(TenantChoice),
    /// Changes the plan, its limits and its end.
    SetPlan(TenantPlan),
    /// Says for how many days its computers may work without contact.
    SetOffline(TenantOffline),
    /// Begins a new epoch, after the database was restored: desktops bring back what it lost.
    NewEpoch(TenantNewEpoch),
    /// Serves desktops again that wait for the operator since the new epoch.
    Release(TenantRelease),
    /// Tells which computers have come back since the data was restored, and what they know that it does not.
    EpochReport(TenantChoice),
}

/// `clinic-sync device …`.
#[derive(Debug, Subcommand)]
pub enum DeviceCommand {
    /// Issues a one-time code that enrols one computer.
    Code(DeviceCode),
    /// Lists a tenant's computers.
    List(TenantChoice),
    /// Takes a computer out of service.
    Revoke(DeviceRevoke),
}

/// `clinic-sync clinic …`.
#[derive(Debug, Subcommand)]
pub enum ClinicCommand {
    /// Adds a clinic to a tenant.
    Add(ClinicAdd),
    /// Moves a clinic, with its staff and patients, to another tenant.
    Move(ClinicMove),
}

/// `clinic-sync user …`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds a member of staff to a tenant, with a password that they must change.
    Add(UserAdd),
    /// Gives a member of staff a new password, which they must change.
    ResetPassword(UserReset),
    /// Ends what a member of staff may do.
    Deactivate(UserDeactivate),
    /// Asks for somebody to become an admin of a tenant that has lost all of its own. Another operator confirms it.
    RestoreAdmin(AdminRestore),
    /// Confirms it, after a call to the clinic: from then on its desktops show it, and anyone there may object.
    ConfirmAdmin(AdminConfirm),
    /// Makes them an admin with a one-time password, a day later.
    FinishAdmin(AdminFinish),
    /// Ends it before it happens.
    CancelAdmin(AdminCancel),
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
    /// What the computer may receive. Nothing is taken for said: a computer at the front desk must not get everything.
    #[arg(long, value_enum)]
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

/// Which tenant.
#[derive(Args, Clone, Debug)]
pub struct TenantChoice {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `tenant suspend`.
#[derive(Args, Clone, Debug)]
pub struct TenantSuspend {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Why; it stands in the tenant's audit log.
    #[arg(long)]
    pub reason: String,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// What a tenant pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plan {
    /// To try out.
    Trial,
    /// One prescriber.
    Solo,
    /// One clinic.
    Clinic,
    /// Several clinics.
    Group,
    /// As agreed.
    Enterprise,
}

impl Plan {
    /// Its word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trial => "trial",
            Self::Solo => "solo",
            Self::Clinic => "clinic",
            Self::Group => "group",
            Self::Enterprise => "enterprise",
        }
    }
}

/// Options of `tenant set-plan`. What is not given stays.
#[derive(Args, Clone, Debug)]
pub struct TenantPlan {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// The plan.
    #[arg(long, value_enum)]
    pub plan: Option<Plan>,
    /// How many prescribers.
    #[arg(long, value_parser = clap::value_parser!(i32).range(0..=100_000))]
    pub max_doctors: Option<i32>,
    /// How many patients.
    #[arg(long, value_parser = clap::value_parser!(i32).range(0..=100_000_000))]
    pub max_patients: Option<i32>,
    /// The last day that is paid for, like 2027-03-31.
    #[arg(long)]
    pub expires_on: Option<String>,
    /// It does not end.
    #[arg(long, conflicts_with = "expires_on")]
    pub no_end: bool,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user reset-password`.
#[derive(Args, Clone, Debug)]
pub struct UserReset {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Whose.
    #[arg(long)]
    pub email: String,
    /// Does it; without it, says what would be done, and asks for no password.
    #[arg(long)]
    pub yes: bool,
    /// Where the password comes from.
    #[command(flatten)]
    pub password: PasswordSource,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user deactivate`.
#[derive(Args, Clone, Debug)]
pub struct UserDeactivate {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Who.
    #[arg(long)]
    pub email: String,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user restore-admin`.
#[derive(Args, Clone, Debug)]
pub struct AdminRestore {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Who becomes an admin: a member of staff, who may have been one.
    #[arg(long)]
    pub email: String,
    /// Who asks: your name.
    #[arg(long)]
    pub operator: String,
    /// Why; it stands in the tenant's log.
    #[arg(long)]
    pub reason: String,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user confirm-admin`.
#[derive(Args, Clone, Debug)]
pub struct AdminConfirm {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Who confirms: your name, not that of whoever asked.
    #[arg(long)]
    pub operator: String,
    /// A file with the code on its first line, or `-` for the standard input; without it, it is asked for.
    #[arg(long)]
    pub code_file: Option<PathBuf>,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user finish-admin`.
#[derive(Args, Clone, Debug)]
pub struct AdminFinish {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Where their one-time password comes from.
    #[command(flatten)]
    pub password: PasswordSource,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `user cancel-admin`.
#[derive(Args, Clone, Debug)]
pub struct AdminCancel {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `device revoke`.
#[derive(Args, Clone, Debug)]
pub struct DeviceRevoke {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// Which; `device list` names them.
    #[arg(long)]
    pub device_id: Uuid,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `tenant set-offline`.
#[derive(Args, Clone, Debug)]
pub struct TenantOffline {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// So many days; 0: nobody opens a computer without the server.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=i64::from(protocol::standing::MAX_OFFLINE_DAYS)))]
    pub days: u8,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// One tenant, or all.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct EpochTenants {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: Option<String>,
    /// Every tenant of the database.
    #[arg(long)]
    pub all: bool,
}

/// Options of `tenant new-epoch`.
#[derive(Args, Clone, Debug)]
pub struct TenantNewEpoch {
    /// Whose.
    #[command(flatten)]
    pub tenants: EpochTenants,
    /// Serves no desktop before `tenant release`.
    #[arg(long)]
    pub hold: bool,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `tenant release`.
#[derive(Args, Clone, Debug)]
pub struct TenantRelease {
    /// Whose.
    #[command(flatten)]
    pub tenants: EpochTenants,
    /// Answers in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `clinic move`.
#[derive(Args, Clone, Debug)]
pub struct ClinicMove {
    /// The clinic's tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// The clinic.
    #[arg(long)]
    pub clinic_code: String,
    /// The tenant to which it goes.
    #[arg(long)]
    pub to_tenant_code: String,
    /// Its code there, if that tenant has another clinic of this one.
    #[arg(long)]
    pub new_clinic_code: Option<String>,
    /// Leaves patients, appointments, prescriptions and charts behind.
    #[arg(long)]
    pub without_patients: bool,
    /// Moves it although attached files are lost; their records then say that they are not stored.
    #[arg(long)]
    pub leave_missing_files: bool,
    /// Does it; without it, says what would be done.
    #[arg(long)]
    pub yes: bool,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Options of `clinic add`.
#[derive(Args, Clone, Debug)]
pub struct ClinicAdd {
    /// The tenant.
    #[arg(long)]
    pub tenant_code: String,
    /// The clinic's name.
    #[arg(long)]
    pub name: String,
    /// Its code, part of every prescription's number.
    #[arg(long)]
    pub clinic_code: String,
    /// Street.
    #[arg(long)]
    pub address: Option<String>,
    /// Town.
    #[arg(long)]
    pub city: Option<String>,
    /// Telephone.
    #[arg(long)]
    pub phone: Option<String>,
    /// How to answer.
    #[command(flatten)]
    pub output: OutputOptions,
}

fn parse_role(text: &str) -> Result<Role, &'static str> {
    Role::find(text).ok_or("one of admin, doctor, dentist, receptionist, nurse")
}
