//! What carries requests to the server and answers back: HTTP, or what a test puts in its place.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use protocol::PROTOCOL_VERSION;
use protocol::api::Secret;

use crate::error::Result;

/// How a request asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// For something.
    Get,
    /// To do something.
    Post,
    /// To keep the bytes of the body, as they are.
    Put,
    /// To change what is given of something.
    Patch,
}

/// A request on its way to the server.
#[derive(Clone, Debug)]
pub struct Request {
    /// How it asks.
    pub method: Method,
    /// Below the server's address, with its query: `v1/sync/pull?epoch=…`.
    pub path: String,
    /// The access token, if it bears one.
    pub token: Option<Secret>,
    /// The version of the protocol that it says it speaks.
    pub protocol: u32,
    /// JSON, or bytes as they are with [`Method::Put`]; empty if it has none.
    pub body: Vec<u8>,
    /// Whether the body is one zstd frame.
    pub is_compressed: bool,
    /// Whether the answer is a stream of news, which may say little for long.
    pub is_live: bool,
    /// Whether little goes either way: an answer that does not come soon does not come.
    pub is_small: bool,
    /// This computer's signature, where an admin asks for something.
    pub signed: Option<Signed>,
}

/// How a request was signed.
#[derive(Clone, Debug)]
pub struct Signed {
    /// When, in Unix seconds.
    pub at: i64,
    /// What makes it another one than all before.
    pub nonce: String,
    /// The signature, in base64.
    pub signature: String,
}

impl Request {
    /// A request for what stands at this path.
    pub fn get(path: &str) -> Self {
        let path = path.to_owned();
        Self {
            method: Method::Get,
            path,
            token: None,
            protocol: PROTOCOL_VERSION,
            body: Vec::new(),
            is_compressed: false,
            is_live: false,
            is_small: false,
            signed: None,
        }
    }

    /// A request that does something; its body is still empty.
    pub fn post(path: &str) -> Self {
        Self { method: Method::Post, ..Self::get(path) }
    }

    /// A request that brings bytes.
    pub fn put(path: &str, body: Vec<u8>) -> Self {
        Self { method: Method::Put, body, ..Self::get(path) }
    }

    /// A request that changes something; its body is still empty.
    pub fn patch(path: &str) -> Self {
        Self { method: Method::Patch, ..Self::get(path) }
    }

    /// The same with this access token.
    pub fn with(self, token: &Secret) -> Self {
        Self { token: Some(token.clone()), ..self }
    }

    /// The same, where little goes either way.
    pub fn small(self) -> Self {
        Self { is_small: true, ..self }
    }
}

/// What came back.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The media type; empty if it does not say.
    pub kind: String,
    /// The body as it comes, and no longer compressed; an error is a line that broke.
    pub body: BoxStream<'static, std::io::Result<Bytes>>,
}

/// Carries requests to one server.
pub trait Wire: Send + Sync {
    /// Sends a request and waits for the beginning of the answer.
    ///
    /// The future fails with [`crate::Error::ServerUnreachable`] if nobody answers in time. Whether the server has
    /// worked on the request is then not known.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Answer>>;
}
