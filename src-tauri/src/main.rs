//! The window of Clinic Desk. Thin: it opens the replica, forwards commands to it, and draws paper.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod child;
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

fn main() -> anyhow::Result<()> {
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
        .on_menu_event(menu::chosen)
        .on_window_event(dropped::watch)
        .invoke_handler(tauri::generate_handler![
            commands::app_state,
            commands::language,
            commands::set_language,
            commands::enrol,
            commands::recover,
            commands::new_recovery_code,
            commands::recovery_page,
            commands::keep_recovery_code,
            commands::save_recovery_pdf,
            commands::unlock,
            commands::enrol_again,
            commands::lock,
            commands::sync_status,
            commands::sync_now,
            commands::list_ledger,
            commands::ledger_choices,
            commands::save_ledger,
            commands::list_refused,
            commands::settle_refused,
            commands::look_at_refused,
            commands::correct_refused,
            commands::list_computers,
            commands::revoke_computer,
            commands::object_to_admin,
            commands::list_conflicts,
            commands::decide_conflict,
            commands::merge_patients,
            commands::unmerge_patient,
            commands::propose_merger,
            commands::get_today,
            commands::find_patients,
            commands::register_patient,
            commands::update_patient,
            commands::get_chart,
            commands::find_allergens,
            commands::add_allergy,
            commands::change_allergy,
            commands::note_no_allergies,
            commands::save_conditions,
            commands::open_pad,
            commands::save_draft,
            commands::discard_draft,
            commands::read_line,
            commands::read_dosage,
            commands::check_draft,
            commands::repeat_prescription,
            commands::test_short_key,
            commands::remove_short_key,
            commands::save_short_key,
            commands::list_short_keys,
            commands::list_own_medicines,
            commands::add_own_medicine,
            commands::correct_own_medicine,
            commands::keep_own_medicine,
            commands::list_phrases,
            commands::expand_short_key,
            commands::void_prescription,
            commands::amend_prescription,
            commands::find_diagnoses,
            commands::find_short_keys,
            commands::sign_prescription,
            commands::give_to_doctor,
            commands::take_up_prepared,
            commands::take_back_prepared,
            commands::get_prescription,
            commands::older_prescriptions,
            commands::get_letterhead,
            commands::save_letterhead,
            commands::preview_letterhead,
            commands::preview_draft,
            commands::prescription_pages,
            commands::save_prescription_pdf,
            window::tell_outside,
            menu::show_menu,
            menu::enable_menu,
            paper::print_prescription,
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
