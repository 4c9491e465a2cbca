//! Files that travel with a message.

use std::path::Path;
use std::sync::Arc;

use postseal as core;
use postseal::{ContentType, MessageId};

use crate::bytes::Bytes;
use crate::cancel::cancellable;
use crate::error::About;
use crate::files::{self, Within};
use crate::numbers::signed;
use crate::{CancelToken, PostsealError, runtime};

/// A file that travels with a message: its name, its type, its bytes.
#[derive(Debug, uniffi::Object)]
pub struct Attachment(pub(crate) core::Attachment);

#[uniffi::export]
impl Attachment {
    /// An attachment of bytes at hand. The media type is `application/octet-stream` where none is given.
    ///
    /// # Errors
    ///
    /// `InvalidInput` names what can't be used: a file name with a control character in it, a media type that is none.
    #[uniffi::constructor(default(file_name = None, media_type = None, content_id = None))]
    pub fn new(
        data: &[u8],
        file_name: Option<String>,
        media_type: Option<String>,
        content_id: Option<String>,
    ) -> Result<Arc<Self>, PostsealError> {
        Self::of(data.to_vec(), file_name, media_type, content_id)
    }

    /// An attachment from a file of at most 32 MiB; its name and media type are those that the path says.
    ///
    /// # Errors
    ///
    /// `NotFound` and `File` where it can't be read, `LimitExceeded` where it is longer, `InvalidInput` where it is no file.
    #[uniffi::constructor(default(cancel = None))]
    pub async fn from_path(
        path: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Self>, PostsealError> {
        let runtime = runtime::shared()?;
        let read = core::attach_file(&runtime, Path::new(&path));
        Ok(Arc::new(Self(cancellable(cancel, read).await?)))
    }

    /// The bytes of the file. Large ones are better [saved](Attachment::save).
    #[must_use]
    pub fn data(&self) -> Bytes {
        self.0.data().to_vec().into()
    }

    /// How many bytes the file has.
    #[must_use]
    pub fn size(&self) -> i64 {
        signed(self.0.data().len())
    }

    /// The file name. In a message that came it is safe to use below a folder: no path separators, no control characters.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        self.0.file_name().map(str::to_owned)
    }

    /// The media type with its parameters, such as `text/plain; charset=utf-8`.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.0.content_type().to_string()
    }

    /// The Content-ID, by which an HTML body refers to it as `cid:…`.
    #[must_use]
    pub fn content_id(&self) -> Option<String> {
        self.0.content_id().map(|id| id.as_str().to_owned())
    }

    /// Writes the bytes to a file, which must not exist yet.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` and `File` where it can't be written.
    #[uniffi::method(default(cancel = None))]
    pub async fn save(
        self: Arc<Self>,
        path: String,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<(), PostsealError> {
        files::write(path, Within(self, |file| file.0.data()), cancel).await
    }
}

impl Attachment {
    pub(crate) fn of(
        data: Vec<u8>,
        file_name: Option<String>,
        media_type: Option<String>,
        content_id: Option<String>,
    ) -> Result<Arc<Self>, PostsealError> {
        let media_type = match media_type {
            Some(text) => ContentType::parse(&text).about("media_type")?,
            None => ContentType::octet_stream(),
        };
        let attachment = match file_name {
            Some(name) => core::Attachment::named(&name, media_type, data).about("file_name")?,
            None => core::Attachment::new(media_type, data).about("media_type")?,
        };
        Ok(Arc::new(Self(match content_id {
            Some(id) => attachment.with_content_id(MessageId::parse(&id).about("content_id")?),
            None => attachment,
        })))
    }
}
