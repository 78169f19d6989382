//! The window of Clinic Desk. Thin: it opens the replica, forwards commands to it, and draws paper.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod child;
mod closing;
mod commands;
mod drawing;
mod dropped;
mod files;
mod menu;
mod paper;
mod window;

use std::sync::Arc;

use replica::{Desk, Keyring};
use tauri_plugin_window_state::StateFlags;

/// What this program and what it starts hold, keys and patients, is written to no file when they break.
#[cfg(unix)]
fn leave_no_core() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    Ok(())
}

fn main() -> anyhow::Result<()> {
    #[cfg(unix)]
    leave_no_core()?;
    if child::is_one() {
        std::process::exit(child::draw_for_parent());
    }
    // Ids and counts only: nothing that names a patient is ever logged.
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    // Everyone is told of it in the window; here it is for whoever is called for help.
    if let Some(why) = replica::checks_broken() {
        tracing::error!(why, "the safety checks do not work");
    }
    let data_dir = replica::default_data_dir()?;
    let desk: Arc<Desk> = Desk::new(data_dir, Keyring::system());
    desk.speak(desk.language());
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(
            tauri_plugin_window_state::Builder::default()
                .with_state_flags(StateFlags::POSITION | StateFlags::SIZE | StateFlags::MAXIMIZED)
                .build(),
        )
        .manage(Arc::clone(&desk))
        .manage(menu::Shown::default())
        .manage(dropped::Dropped::default())
        .manage(closing::Closing::default())
        .on_menu_event(menu::chosen)
        .on_window_event(dropped::watch)
        .on_window_event(closing::watch)
        .invoke_handler(tauri::generate_handler![
            commands::session::app_state,
            commands::session::language,
            commands::session::set_language,
            commands::session::enrol,
            commands::recovery::recover,
            commands::recovery::new_recovery_code,
            commands::recovery::recovery_page,
            commands::recovery::keep_recovery_code,
            commands::recovery::save_recovery_pdf,
            commands::session::unlock,
            commands::session::enrol_again,
            commands::session::change_password,
            commands::session::password_fault,
            commands::session::lock,
            commands::sync::sync_status,
            commands::sync::sync_now,
            commands::ledger::list_ledger,
            commands::ledger::ledger_choices,
            commands::ledger::save_ledger,
            commands::sync::list_refused,
            commands::sync::settle_refused,
            commands::sync::look_at_refused,
            commands::sync::correct_refused,
            commands::computers::list_computers,
            commands::computers::new_computer_code,
            commands::computers::revoke_computer,
            commands::computers::object_to_admin,
            commands::staff::list_staff,
            commands::staff::add_staff,
            commands::staff::change_staff,
            commands::staff::give_password,
            commands::audit::list_audit,
            commands::audit::audit_choices,
            commands::review::list_conflicts,
            commands::review::decide_conflict,
            commands::review::merge_patients,
            commands::review::unmerge_patient,
            commands::review::propose_merger,
            commands::patients::get_today,
            commands::day::get_day,
            commands::day::list_follow_ups,
            commands::day::get_days,
            commands::day::read_booking,
            commands::day::book_visit,
            commands::day::step_visit,
            commands::day::next_patient,
            commands::day::token_slip,
            commands::patients::find_patients,
            commands::patients::register_patient,
            commands::patients::update_patient,
            commands::chart::get_chart,
            commands::chart::older_visits,
            commands::chart::older_measured,
            commands::chart::find_allergens,
            commands::chart::add_allergy,
            commands::chart::change_allergy,
            commands::chart::note_no_allergies,
            commands::chart::save_conditions,
            commands::dental::get_dental,
            commands::dental::read_dental_line,
            commands::dental::add_dental_line,
            commands::dental::step_finding,
            commands::dental::step_procedure,
            commands::pad::open_pad,
            commands::pad::save_draft,
            commands::pad::discard_draft,
            commands::pad::read_line,
            commands::pad::read_dosage,
            commands::pad::check_draft,
            commands::pad::repeat_prescription,
            commands::short_keys::test_short_key,
            commands::short_keys::remove_short_key,
            commands::short_keys::save_short_key,
            commands::short_keys::list_short_keys,
            commands::medicines::list_own_medicines,
            commands::medicines::add_own_medicine,
            commands::medicines::correct_own_medicine,
            commands::medicines::keep_own_medicine,
            commands::short_keys::list_phrases,
            commands::short_keys::expand_short_key,
            commands::prescriptions::void_prescription,
            commands::prescriptions::stop_medicine,
            commands::prescriptions::resume_medicine,
            commands::prescriptions::amend_prescription,
            commands::pad::find_diagnoses,
            commands::short_keys::find_short_keys,
            commands::pad::sign_prescription,
            commands::pad::give_to_doctor,
            commands::pad::take_up_prepared,
            commands::pad::take_back_prepared,
            commands::prescriptions::older_prescriptions,
            commands::prescriptions::get_prescription,
            commands::letterhead::get_letterhead,
            commands::letterhead::save_letterhead,
            commands::letterhead::preview_letterhead,
            commands::prescriptions::preview_draft,
            commands::prescriptions::prescription_pages,
            commands::prescriptions::save_prescription_pdf,
            window::tell_outside,
            menu::show_menu,
            menu::enable_menu,
            closing::hold_close,
            closing::end_close,
            paper::print_prescription,
            paper::print_slip,
            paper::choose_logo,
            paper::remove_logo,
            files::list_attachments,
            files::list_unsent_attachments,
            files::add_attachment,
            files::open_attachment,
            files::small_picture,
            files::count_pages,
            files::draw_page,
            files::save_attachment,
            files::remove_attachment,
            files::send_attachment_again,
            dropped::add_dropped,
        ])
        .setup(move |app| {
            window::open(app)?;
            window::forward_events(app.handle().clone(), Arc::clone(&desk));
            tauri::async_runtime::spawn(desk.watch());
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}
