//! Names the commands, so that the capability file can allow each by itself.

fn main() {
    let commands = &[
        "app_state",
        "enrol",
        "unlock",
        "lock",
        "sync_status",
        "sync_now",
        "list_ledger",
        "list_computers",
        "revoke_computer",
        "list_conflicts",
        "decide_conflict",
        "merge_patients",
        "unmerge_patient",
        "propose_merger",
        "get_today",
        "find_patients",
        "register_patient",
        "update_patient",
        "get_chart",
        "open_pad",
        "save_draft",
        "discard_draft",
        "read_line",
        "read_dosage",
        "check_draft",
        "repeat_prescription",
        "test_short_key",
        "remove_short_key",
        "save_short_key",
        "list_short_keys",
        "list_phrases",
        "expand_short_key",
        "find_short_keys",
        "sign_prescription",
        "get_prescription",
        "preview_draft",
        "prescription_pages",
        "save_prescription_pdf",
    ];
    let manifest = tauri_build::AppManifest::new().commands(commands);
    tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest))
        .expect("BUG: tauri.conf.json or the capability file is wrong");
}
