//! What is asked of the database, each as the server would ask it.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::arms::Dice;
use crate::load::Scale;

/// One kind of question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A patient by id, with every column.
    Point,
    /// Patients whose number begins with these digits.
    Search,
    /// A doctor's prescriptions of a day.
    Day,
    /// A patient with their prescriptions and lines.
    Chart,
    /// How many patients the tenant has.
    Count,
    /// A new patient.
    Insert,
    /// A patient's city.
    Update,
}

/// The parameters of one question.
#[derive(Clone, Debug)]
pub struct Asked {
    tenant: Uuid,
    number: i32,
    patient: Uuid,
    doctor: Uuid,
    new: Uuid,
}

impl Work {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Point, Self::Search, Self::Day, Self::Chart, Self::Count, Self::Insert, Self::Update];

    /// Its name in the results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "point read",
            Self::Search => "patient search",
            Self::Day => "day list",
            Self::Chart => "chart (3-table join)",
            Self::Count => "count",
            Self::Insert => "insert",
            Self::Update => "update",
        }
    }

    /// Whether its transaction takes a version.
    pub fn writes(self) -> bool {
        matches!(self, Self::Insert | Self::Update)
    }
}

impl Asked {
    /// Someone of this tenant.
    pub fn of(tenant: i32, scale: Scale, dice: &mut Dice) -> Self {
        let number = 1 + dice.roll(scale.patients());
        Self {
            tenant: id(Kind::Tenant, tenant, 0),
            number,
            patient: id(Kind::Patient, tenant, number),
            doctor: id(Kind::Doctor, tenant, number % 4),
            new: Uuid::new_v4(),
        }
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&self, work: Work, connection: &mut PgConnection) -> sqlx::Result<()> {
        match work {
            Work::Point => {
                sqlx::query("select to_jsonb(p)::text from patients p where tenant_id = $1 and id = $2")
                    .bind(self.tenant)
                    .bind(self.patient)
                    .fetch_all(connection)
                    .await?;
            }
            Work::Search => {
                sqlx::query(
                    "select id, first_name, last_name, mobile_number from patients
                     where tenant_id = $1 and mobile_number >= $2 and mobile_number < $3
                       and deleted_at is null and merged_into_id is null
                     order by mobile_number limit 20",
                )
                .bind(self.tenant)
                .bind(format!("+9198{:04}", self.number % 1_000))
                .bind(format!("+9198{:04}:", self.number % 1_000))
                .fetch_all(connection)
                .await?;
            }
            Work::Day => {
                sqlx::query(
                    "select id, patient_id, status, prescription_number from prescriptions
                     where tenant_id = $1 and doctor_id = $2 and visit_date = date '2026-01-01' + $3",
                )
                .bind(self.tenant)
                .bind(self.doctor)
                .bind(self.number % 100)
                .fetch_all(connection)
                .await?;
            }
            Work::Chart => {
                sqlx::query(
                    "select p.first_name, r.visit_date, r.status, i.medicine_text, i.patient_directions
                     from patients p
                     join prescriptions r on r.tenant_id = $1 and r.patient_id = p.id
                     join prescription_items i on i.tenant_id = $1 and i.prescription_id = r.id
                     where p.tenant_id = $1 and p.id = $2
                     order by r.visit_date, i.position",
                )
                .bind(self.tenant)
                .bind(self.patient)
                .fetch_all(connection)
                .await?;
            }
            Work::Count => {
                sqlx::query("select count(*) from patients where tenant_id = $1 and deleted_at is null")
                    .bind(self.tenant)
                    .fetch_all(connection)
                    .await?;
            }
            Work::Insert => {
                sqlx::query(
                    "insert into patients (tenant_id, id, mobile_number, first_name, first_name_norm, age_years,
                                           duplicate_ordinal)
                     values ($1, $2, $3, 'Meena', 'meena', 40, $4)",
                )
                .bind(self.tenant)
                .bind(self.new)
                .bind(format!("+9177{:08}", self.number))
                .bind(i32::from(u16::from_be_bytes([self.new.as_bytes()[0], self.new.as_bytes()[1]]) / 2))
                .execute(connection)
                .await?;
            }
            Work::Update => {
                sqlx::query("update patients set city = $3 where tenant_id = $1 and id = $2")
                    .bind(self.tenant)
                    .bind(self.patient)
                    .bind(self.new.to_string())
                    .execute(connection)
                    .await?;
            }
        }
        Ok(())
    }
}

/// The same id as `clinic.bench_id` makes.
pub fn id(kind: Kind, tenant: i32, number: i32) -> Uuid {
    let [tenant, number] = [tenant, number].map(|n| u128::try_from(n).unwrap_or_default());
    Uuid::from_u128((kind as u128) << 96 | tenant << 64 | number)
}

/// What an id is of.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Tenant = 1,
    Clinic = 2,
    Doctor = 3,
    Patient = 4,
    Prescription = 5,
    Item = 6,
}
