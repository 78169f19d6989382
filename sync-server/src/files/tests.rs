//! Files in a folder that several end at once, and files in a bucket.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_RANGE, ETAG, RANGE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use url::form_urlencoded;

use super::*;

/// A file of so many bytes, and its pieces.
fn file_of(bytes: usize, piece: usize) -> (Named, Vec<Bytes>) {
    let whole: Vec<u8> = (0..=250).cycle().take(bytes).collect();
    let sha256 = hex(&Sha256::digest(&whole));
    let file = Named { tenant: TenantId::new(), sha256, bytes: bytes as u64, mime: None };
    (file, whole.chunks(piece).map(Bytes::copy_from_slice).collect())
}

fn whole(pieces: &[Bytes]) -> Vec<u8> {
    pieces.iter().flatten().copied().collect()
}

async fn keep(files: &Files, file: &Named, pieces: &[Bytes]) {
    let mut from = 0;
    for piece in pieces {
        files.keep(file, from, piece.clone()).await.expect("kept");
        from += piece.len() as u64;
    }
}

async fn pieces_of(files: &Files, file: &Named) -> Vec<u8> {
    let mut bytes = files.pieces_in_order(file).await.expect("a list");
    let mut read = Vec::new();
    while let Some(part) = bytes.try_next().await.expect("a piece") {
        read.extend_from_slice(&part);
    }
    read
}

async fn read(files: &Files, file: &Named, from: u64) -> Vec<u8> {
    let mut bytes = files.read(file, from).await.expect("an answer").expect("it is here");
    let mut read = Vec::new();
    while let Some(part) = bytes.try_next().await.expect("bytes") {
        read.extend_from_slice(&part);
    }
    read
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_made_for_files_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("files");
    Files::in_folder(&place).expect("a store");
    let mode = std::fs::metadata(&place).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn what_lies_behind_a_piece_that_is_gone_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Files::in_folder(folder.path()).expect("a store");
    let (file, pieces) = file_of(300, 100);
    for (from, piece) in [(0, &pieces[0]), (200, &pieces[2])] {
        files.keep(&file, from, piece.clone()).await.expect("kept");
    }
    assert_eq!(pieces_of(&files, &file).await, pieces[0]);
    assert_eq!(files.end(&file).await.expect("an answer"), Ended::Short);
    files.keep(&file, 100, pieces[1].clone()).await.expect("kept");
    assert_eq!(pieces_of(&files, &file).await, whole(&pieces));
    assert_eq!(files.end(&file).await.expect("an answer"), Ended::Stored);
}

#[tokio::test]
async fn of_many_who_end_one_file_at_once_none_hears_that_its_bytes_are_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = Files::in_folder(folder.path()).expect("a store");
    for _ in 0..20 {
        let (file, pieces) = file_of(300, 100);
        keep(&files, &file, &pieces).await;
        let ends = futures_util::future::join_all((0..8).map(|_| files.end(&file))).await;
        let said: Vec<Ended> = ends.into_iter().map(|end| end.expect("an answer")).collect();
        assert!(said.contains(&Ended::Stored) && !said.contains(&Ended::Another), "{said:?}");
        assert_eq!(files.end(&file).await.expect("an answer"), Ended::Stored);
    }
}

/// A bucket in memory, which answers as S3 does to whatever it is asked here.
#[derive(Clone, Default)]
struct Bucket(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    objects: BTreeMap<String, Bytes>,
    /// Of objects that come in parts, by their keys and numbers, until they are whole.
    parts: BTreeMap<(String, u32), Bytes>,
}

impl Bucket {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files of this bucket, under a prefix.
    async fn files(&self) -> Files {
        let app = Router::new().fallback(answer).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        let variables = [
            ("aws_endpoint", format!("http://{address}")),
            ("aws_allow_http", "true".to_owned()),
            ("aws_region", "ap-south-1".to_owned()),
            ("aws_access_key_id", "clinic".to_owned()),
            ("aws_secret_access_key", "secret".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value));
        Files::in_bucket("s3://bucket/desk", variables).expect("a bucket")
    }
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    let (asked, body) = request.into_parts();
    let signature = asked.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    if !signature.starts_with(b"AWS4-HMAC-SHA256 Credential=clinic/") {
        return StatusCode::FORBIDDEN.into_response();
    }
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let query = asked.uri.query().unwrap_or_default();
    let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let key = asked.uri.path().strip_prefix("/bucket").expect("its name").trim_start_matches('/').to_owned();
    let mut held = bucket.held();
    match (asked.method.as_str(), key.is_empty()) {
        ("GET", true) => list(&held, query.get("prefix").map_or("", String::as_str)).into_response(),
        ("POST", true) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            let keys = text.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            let gone = keys.map(|key| {
                held.objects.remove(key);
                format!("<Deleted><Key>{key}</Key></Deleted>")
            });
            let gone: String = gone.collect();
            format!("<DeleteResult>{gone}</DeleteResult>").into_response()
        }
        ("PUT", _) => {
            match query.get("partNumber").and_then(|number| number.parse().ok()) {
                Some(number) => held.parts.insert((key, number), body),
                None => held.objects.insert(key, body),
            };
            [(ETAG, "\"1\"")].into_response()
        }
        ("POST", false) if query.contains_key("uploads") => {
            "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                .into_response()
        }
        ("POST", false) => {
            let parts = held.parts.iter().filter(|((of, _), _)| *of == key);
            let whole: Vec<u8> = parts.flat_map(|(_, part)| part.to_vec()).collect();
            held.parts.retain(|(of, _), _| *of != key);
            held.objects.insert(key, whole.into());
            "<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>"
                .into_response()
        }
        ("DELETE", _) => {
            held.parts.retain(|(of, _), _| *of != key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => match held.objects.get(&key) {
            Some(object) => sent(object, asked.headers.get(RANGE)),
            None => StatusCode::NOT_FOUND.into_response(),
        },
    }
}

fn list(held: &Held, prefix: &str) -> String {
    let entry = |(key, object): (&String, &Bytes)| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-11-23T04:00:00.000Z</LastModified><ETag>\"1\"</ETag>\
             <Size>{}</Size></Contents>",
            object.len()
        )
    };
    let all: String = held.objects.iter().filter(|(key, _)| key.starts_with(prefix)).map(entry).collect();
    format!("<ListBucketResult>{all}</ListBucketResult>")
}

fn sent(object: &Bytes, range: Option<&HeaderValue>) -> Response {
    let from = range.and_then(|range| {
        range.to_str().ok()?.strip_prefix("bytes=")?.split('-').next()?.parse::<usize>().ok()
    });
    match from {
        None => ([(ETAG, "\"1\"")], object.clone()).into_response(),
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", object.len() - 1, object.len());
            (StatusCode::PARTIAL_CONTENT, [(CONTENT_RANGE, range)], object.slice(from..)).into_response()
        }
    }
}

#[tokio::test]
async fn files_lie_in_a_bucket_as_they_do_in_a_folder() {
    let bucket = Bucket::default();
    let files = bucket.files().await;
    // The longer one goes to the bucket in parts.
    for bytes in [2_500, 11 * 1024 * 1024] {
        let (file, pieces) = file_of(bytes, bytes / 4);
        assert_eq!(files.upload(&file).await.expect("an answer"), Upload { stored: false, received: 0 });
        assert!(files.read(&file, 0).await.expect("an answer").is_none());
        keep(&files, &file, &pieces[..3]).await;
        let received = pieces[..3].iter().map(|piece| piece.len() as u64).sum();
        assert_eq!(files.upload(&file).await.expect("an answer"), Upload { stored: false, received });
        assert_eq!(files.end(&file).await.expect("an answer"), Ended::Short);
        keep(&files, &file, &pieces).await;
        assert_eq!(files.end(&file).await.expect("an answer"), Ended::Stored);
        let names: Vec<String> = bucket.held().objects.keys().cloned().collect();
        assert_eq!(names, [format!("desk/{}/files/{}", file.tenant, file.sha256)], "no piece is left");
        let whole = whole(&pieces);
        assert!(read(&files, &file, 0).await == whole, "all of it");
        assert!(read(&files, &file, 1_000).await == whole[1_000..], "from where a line broke");
        assert_eq!(files.length(file.tenant, &file.sha256).await.expect("an answer"), Some(bytes as u64));
        assert_eq!(
            files.length(TenantId::new(), &file.sha256).await.expect("an answer"),
            None,
            "it is theirs"
        );
        assert_eq!(files.remove_all(file.tenant).await.expect("removed"), 1);
        assert!(bucket.held().objects.is_empty());
    }

    let (file, _) = file_of(300, 100);
    files.keep(&file, 0, Bytes::from(vec![7; 300])).await.expect("kept");
    assert_eq!(files.end(&file).await.expect("an answer"), Ended::Another);
    assert!(bucket.held().objects.is_empty(), "bytes that are another file are thrown away");
}
