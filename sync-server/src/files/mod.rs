//! The bytes of attached files: not in the database, but in a folder or an S3 bucket, each under its tenant and its hash.
//! Rows come first and never wait for them; `docs/sync-protocol.md` tells how they travel.

/// The routes.
pub(crate) mod routes;
#[cfg(test)]
mod tests;

use std::path::Path as FilePath;
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, parse_url_opts};
use protocol::file::{HEAD_BYTES, Upload, begins_like};
use protocol::id::TenantId;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use url::Url;

use crate::audit::heads::hex;

/// Where the bytes are. Whoever asks for some has looked before whether their tenant has a row that names them.
#[derive(Clone, Debug)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    root: Path,
}

/// A file that a row names: its bytes and no others may come.
#[derive(Clone, Debug)]
pub struct Named {
    /// Whose.
    pub tenant: TenantId,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its type; none where an archive brings it, whose rows come with it.
    pub mime: Option<String>,
}

/// What became of an upload that was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The file is there.
    Stored,
    /// Bytes are missing.
    Short,
    /// These bytes are not the file; they are thrown away.
    Another,
}

impl Files {
    /// Those of a folder, which is made if it is missing, or of `s3://bucket/prefix`. The keys of a bucket come from the usual
    /// variables (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT`).
    ///
    /// # Errors
    ///
    /// A folder that cannot be made; a URL of another kind.
    pub fn open(place: &str) -> anyhow::Result<Self> {
        if place.starts_with("s3://") {
            let variables = std::env::vars()
                .filter(|(name, _)| name.starts_with("AWS_"))
                .map(|(name, value)| (name.to_ascii_lowercase(), value));
            return Self::in_bucket(place, variables);
        }
        Self::in_folder(FilePath::new(place))
    }

    /// Those of a bucket.
    fn in_bucket(place: &str, variables: impl IntoIterator<Item = (String, String)>) -> anyhow::Result<Self> {
        let url = Url::parse(place).context("The place of the files is not a URL.")?;
        // One library signs requests and opens TLS. Another part of the process may have chosen it before.
        rustls::crypto::ring::default_provider().install_default().ok();
        let (store, root) = parse_url_opts(&url, variables)
            .context("The bucket of the files cannot be used as it is named.")?;
        Ok(Self { store: Arc::from(store), root })
    }

    /// Those of a folder, which is made if it is missing, for its owner alone. What is said to be stored there is on the disk.
    ///
    /// # Errors
    ///
    /// A folder that cannot be made.
    pub fn in_folder(folder: &FilePath) -> anyhow::Result<Self> {
        make_private(folder)
            .with_context(|| format!("The folder {} of the files cannot be made.", folder.display()))?;
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), root: Path::default() })
    }

    fn place(&self, file: &Named) -> Path {
        self.place_of(file.tenant, &file.sha256)
    }

    fn place_of(&self, tenant: TenantId, sha256: &str) -> Path {
        self.root.clone().join(tenant.to_string()).join("files").join(sha256)
    }

    fn pieces(&self, file: &Named) -> Path {
        self.root.clone().join(file.tenant.to_string()).join("pieces").join(file.sha256.as_str())
    }

    /// How far the file has come.
    pub async fn upload(&self, file: &Named) -> anyhow::Result<Upload> {
        if self.has(file).await? {
            return Ok(Upload { stored: true, received: file.bytes });
        }
        let received = self
            .list_pieces(file)
            .await?
            .iter()
            .fold(0, |end, (from, length, _)| if *from <= end { end.max(from + length) } else { end });
        Ok(Upload { stored: false, received: received.min(file.bytes) })
    }

    async fn has(&self, file: &Named) -> anyhow::Result<bool> {
        Ok(self.length(file.tenant, &file.sha256).await?.is_some())
    }

    /// How long a file of this tenant is, if it is here.
    pub async fn length(&self, tenant: TenantId, sha256: &str) -> anyhow::Result<Option<u64>> {
        match self.store.head(&self.place_of(tenant, sha256)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Where the pieces begin, how long they are, and where they lie, in order.
    async fn list_pieces(&self, file: &Named) -> anyhow::Result<Vec<(u64, u64, Path)>> {
        let found: Vec<_> = self.store.list(Some(&self.pieces(file))).try_collect().await?;
        let mut pieces: Vec<_> = found
            .into_iter()
            .filter_map(|meta| {
                let from = meta.location.filename()?.parse().ok()?;
                Some((from, meta.size, meta.location))
            })
            .collect();
        pieces.sort_unstable();
        Ok(pieces)
    }

    /// Keeps a piece that begins there.
    pub async fn keep(&self, file: &Named, from: u64, piece: Bytes) -> anyhow::Result<()> {
        let place = self.pieces(file).join(format!("{from:012}"));
        self.store.put(&place, piece.into()).await?;
        Ok(())
    }

    /// Makes the file of its pieces, if they are all there and are that file.
    pub async fn end(&self, file: &Named) -> anyhow::Result<Ended> {
        if self.has(file).await? {
            self.forget_pieces(file).await?;
            return Ok(Ended::Stored);
        }
        if self.upload(file).await?.received < file.bytes {
            return Ok(Ended::Short);
        }
        let mut writer = self.writer(file);
        let mut bytes = self.pieces_in_order(file).await?;
        while let Some(part) = bytes.try_next().await? {
            writer.put(part).await?;
        }
        if writer.length < file.bytes {
            // Another computer ended the same file meanwhile, and took the pieces away: that is no word on these bytes.
            writer.out.abort().await?;
            return Ok(if self.has(file).await? { Ended::Stored } else { Ended::Short });
        }
        let ended = writer.end().await?;
        self.forget_pieces(file).await?;
        Ok(ended)
    }

    /// The bytes of the pieces one after the other, what overlaps once; up to where one is missing.
    async fn pieces_in_order(
        &self,
        file: &Named,
    ) -> anyhow::Result<BoxStream<'static, anyhow::Result<Bytes>>> {
        let (store, pieces) = (Arc::clone(&self.store), self.list_pieces(file).await?);
        let bytes = async_stream::try_stream! {
            let mut end = 0;
            for (from, length, place) in pieces {
                if from > end {
                    break;
                }
                if from + length > end {
                    let piece = match store.get(&place).await {
                        Ok(found) => found.bytes().await?,
                        Err(object_store::Error::NotFound { .. }) => break,
                        Err(error) => Err::<Bytes, _>(error)?,
                    };
                    let known = usize::try_from(end - from)?;
                    yield piece.slice(known..);
                    end = from + length;
                }
            }
        };
        Ok(bytes.boxed())
    }

    /// Begins to write a file.
    pub fn writer<'a>(&self, file: &'a Named) -> FileWriter<'a> {
        let out = BufWriter::new(Arc::clone(&self.store), self.place(file));
        FileWriter { file, out, hash: Sha256::new(), head: Vec::new(), length: 0 }
    }

    async fn forget_pieces(&self, file: &Named) -> anyhow::Result<()> {
        for (_, _, place) in self.list_pieces(file).await? {
            match self.store.delete(&place).await {
                // Whoever ended the same file as well may have been first.
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The file's bytes from there on; none if it is not here.
    pub async fn read(
        &self,
        file: &Named,
        from: u64,
    ) -> anyhow::Result<Option<BoxStream<'static, object_store::Result<Bytes>>>> {
        let from_there = GetOptions::new().with_range((from > 0).then_some(from..file.bytes));
        match self.store.get_opts(&self.place(file), from_there).await {
            Ok(found) => Ok(Some(found.into_stream())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives another tenant the file as well, whole and right or not at all. True if that one has it now.
    pub async fn copy(&self, file: &Named, to: TenantId) -> anyhow::Result<bool> {
        let copy = Named { tenant: to, ..file.clone() };
        if self.has(&copy).await? {
            return Ok(true);
        }
        let Some(mut bytes) = self.read(file, 0).await? else { return Ok(false) };
        let mut writer = self.writer(&copy);
        while let Some(part) = bytes.try_next().await? {
            writer.put(part).await?;
        }
        Ok(writer.end().await? == Ended::Stored)
    }

    /// Removes everything of a tenant; the answer is how many files it had.
    pub async fn remove_all(&self, tenant: TenantId) -> anyhow::Result<usize> {
        let of_tenant = self.root.clone().join(tenant.to_string());
        let found: Vec<_> = self.store.list(Some(&of_tenant)).try_collect().await?;
        let mut files = 0;
        for meta in found {
            files += usize::from(meta.location.as_ref().contains("/files/"));
            self.store.delete(&meta.location).await?;
        }
        Ok(files)
    }
}

/// A folder that is there stays as it is: several processes may share it.
fn make_private(folder: &FilePath) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file on its way into the store; it is there whole and right, or not at all.
pub struct FileWriter<'a> {
    file: &'a Named,
    out: BufWriter,
    hash: Sha256,
    head: Vec<u8>,
    length: u64,
}

impl FileWriter<'_> {
    /// The next bytes.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn put(&mut self, part: Bytes) -> anyhow::Result<()> {
        self.length += part.len() as u64;
        self.hash.update(&part);
        self.head.extend(part.iter().take(HEAD_BYTES - self.head.len()));
        Ok(self.out.put(part).await?)
    }

    /// All were given. Bytes that are not the file's are thrown away.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn end(mut self) -> anyhow::Result<Ended> {
        let is_of_type = self.file.mime.as_deref().is_none_or(|mime| begins_like(mime, &self.head));
        let is_it = self.length == self.file.bytes && hex(&self.hash.finalize()) == self.file.sha256;
        if !(is_it && is_of_type) {
            self.out.abort().await?;
            return Ok(Ended::Another);
        }
        self.out.shutdown().await?;
        Ok(Ended::Stored)
    }
}
