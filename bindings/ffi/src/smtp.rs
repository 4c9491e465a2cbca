//! Sessions with a submission server.

use std::sync::Arc;

use postseal::session as core;

use crate::bytes::Bytes;
use crate::cancel::{cancellable, cancellable_task};
use crate::connector::{Connector, Server, TlsInfo};
use crate::credentials::Credentials;
use crate::error::{Failure, Refusal};
use crate::files;
use crate::foreign::{ProgressListener, listener};
use crate::numbers::signed;
use crate::values::Envelope;
use crate::{CancelToken, PostsealError};

/// A session with a submission server, logged in. Messages go one after the other, in the order of the calls.
#[derive(Debug, uniffi::Object)]
pub struct SmtpSession(core::SmtpSession);

#[uniffi::export]
impl SmtpSession {
    /// Connects and logs in.
    ///
    /// # Errors
    ///
    /// `Network`, `Timeout`, `Tls` and `Certificate` where there is no connection; `LoginRefused`; `Unsupported`.
    #[uniffi::constructor(default(cancel = None))]
    pub async fn connect(
        connector: Arc<Connector>,
        server: Server,
        credentials: Arc<Credentials>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Arc<Self>, PostsealError> {
        cancellable_task(cancel, async move {
            let connection = core::SmtpConnection::open(&connector.0, &server.try_into()?).await?;
            let session = connection.log_in(&credentials.0).await.map_err(core::Error::from)?;
            Ok::<_, PostsealError>(Arc::new(Self(session)))
        })
        .await
    }

    /// Sends one message, exactly as it is given: lines of at most 998 octets, each ended by CRLF.
    ///
    /// Where the server refuses some of the recipients the message goes to the others, unless the options say otherwise. **An error
    /// means that the message was not sent**; where that is not certain, the receipt says so. A send that is cancelled once its data
    /// began runs to its end, and [`SmtpSession::outcome`] tells of it where the options gave it an identifier.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for a message that can't be sent as it is, and an envelope without recipients; `Unsupported` names the extension
    /// that the server lacks. Both leave the session usable.
    #[uniffi::method(default(options = None, progress = None, cancel = None))]
    pub async fn send(
        &self,
        envelope: Envelope,
        message: Bytes,
        options: Option<SendOptions>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Receipt, PostsealError> {
        self.transmit(envelope, message.0.into(), options, progress, cancel).await
    }

    /// Sends a message from a file, as [`SmtpSession::send`] does. The file is read whole.
    ///
    /// # Errors
    ///
    /// As for [`SmtpSession::send`]; `NotFound` and `File` where the file can't be read.
    #[uniffi::method(default(options = None, progress = None, cancel = None))]
    pub async fn send_file(
        &self,
        envelope: Envelope,
        path: String,
        options: Option<SendOptions>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Receipt, PostsealError> {
        let message = files::read(path, cancel.clone()).await?;
        self.transmit(envelope, message.into(), options, progress, cancel).await
    }

    /// What became of a send that was named by `id`, also of one that was cancelled. Waits until that is known.
    ///
    /// A session remembers the last 64 named sends, after its end too.
    ///
    /// # Errors
    ///
    /// `NotFound` for one that was never begun here or is forgotten; `Cancelled` for one that was abandoned before its data.
    #[uniffi::method(default(cancel = None))]
    pub async fn outcome(
        &self,
        id: Arc<SendId>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Receipt, PostsealError> {
        cancellable(cancel, self.0.outcome(id.0)).await.map(Into::into)
    }

    /// Asks for a sign of life (NOOP).
    ///
    /// # Errors
    ///
    /// `Refused` leaves the session usable; any other error closes it.
    #[uniffi::method(default(cancel = None))]
    pub async fn noop(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.noop()).await
    }

    /// Takes leave after what was begun, and ends the session. May be called more than once, and never waits for long.
    ///
    /// # Errors
    ///
    /// `Forked` in a forked child.
    #[uniffi::method(default(cancel = None))]
    pub async fn close(&self, cancel: Option<Arc<CancelToken>>) -> Result<(), PostsealError> {
        cancellable(cancel, self.0.close()).await
    }

    /// Whether the session has ended, or was told to.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// What the TLS handshake agreed on.
    #[must_use]
    pub fn tls(&self) -> Option<TlsInfo> {
        self.0.tls().map(Into::into)
    }

    /// What the server can do.
    #[must_use]
    pub fn extensions(&self) -> SmtpExtensions {
        self.0.extensions().into()
    }
}

impl SmtpSession {
    pub(crate) async fn transmit(
        &self,
        envelope: Envelope,
        message: Arc<[u8]>,
        options: Option<SendOptions>,
        progress: Option<Arc<dyn ProgressListener>>,
        cancel: Option<Arc<CancelToken>>,
    ) -> Result<Receipt, PostsealError> {
        let envelope = envelope.try_into()?;
        let options = options.unwrap_or_default().try_into()?;
        let session = self.0.with_progress(listener(progress));
        cancellable(cancel, session.send(&envelope, message, &options)).await.map(Into::into)
    }
}

/// The name of one send, unique in this process; see [`SmtpSession::outcome`].
#[derive(Debug, uniffi::Object)]
pub struct SendId(core::SendId);

#[uniffi::export]
impl SendId {
    /// A name that no other send has.
    #[uniffi::constructor]
    #[must_use]
    #[allow(clippy::new_without_default, reason = "a default that differs each time would surprise")]
    pub fn new() -> Arc<Self> {
        Arc::new(Self(core::SendId::new()))
    }
}

/// How a message is to be sent. The default asks for nothing special.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct SendOptions {
    /// Names the send, so that its outcome can still be asked for after it was cancelled.
    #[uniffi(default)]
    pub id: Option<Arc<SendId>>,
    /// Sends to nobody where the server refuses one of the recipients. By default the message goes to those it accepts.
    #[uniffi(default = false)]
    pub all_or_nothing: bool,
    /// Asks for delivery status notifications; the server must support DSN.
    #[uniffi(default)]
    pub dsn: Option<Dsn>,
}

impl TryFrom<SendOptions> for core::SendOptions {
    type Error = PostsealError;

    fn try_from(options: SendOptions) -> Result<Self, PostsealError> {
        let dsn = options.dsn.map(core::Dsn::try_from).transpose()?;
        Ok(Self { id: options.id.map(|id| id.0), all_or_nothing: options.all_or_nothing, dsn })
    }
}

/// Which reports are wanted on the way of a message (RFC 3461).
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct Dsn {
    /// When to report, for every recipient; left to the server where nothing is given.
    #[uniffi(default)]
    pub notify: Option<Notify>,
    /// How much of the message a report of failure carries; left to the server where nothing is given.
    #[uniffi(default)]
    pub returned: Option<ReturnedContent>,
    /// Comes back in every report: up to 100 printable ASCII characters.
    #[uniffi(default)]
    pub envelope_id: Option<String>,
    /// Has reports name each recipient as it is given here, even after a forward changed it.
    #[uniffi(default = false)]
    pub original_recipient: bool,
}

impl TryFrom<Dsn> for core::Dsn {
    type Error = PostsealError;

    fn try_from(dsn: Dsn) -> Result<Self, PostsealError> {
        Ok(Self {
            notify: dsn.notify.map(Into::into),
            returned: dsn.returned.map(Into::into),
            envelope_id: dsn.envelope_id.map(|id| core::EnvelopeId::parse(&id)).transpose()?,
            original_recipient: dsn.original_recipient,
        })
    }
}

/// When a report is wanted; nowhere set is the same as never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, uniffi::Record)]
pub struct Notify {
    /// Once it is delivered.
    #[uniffi(default = false)]
    pub success: bool,
    /// When it can't be delivered.
    #[uniffi(default = false)]
    pub failure: bool,
    /// When it takes unusually long.
    #[uniffi(default = false)]
    pub delay: bool,
}

impl From<Notify> for core::Notify {
    fn from(Notify { success, failure, delay }: Notify) -> Self {
        Self::On { success, failure, delay }
    }
}

/// How much of a message a report of its failure carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ReturnedContent {
    /// The whole message.
    Full,
    /// Its headers.
    Headers,
}

impl From<ReturnedContent> for core::ReturnedContent {
    fn from(content: ReturnedContent) -> Self {
        match content {
            ReturnedContent::Full => Self::Full,
            ReturnedContent::Headers => Self::Headers,
        }
    }
}

/// What became of a message, and of each of its recipients.
#[derive(Debug, Clone, PartialEq, uniffi::Record)]
pub struct Receipt {
    /// What became of the message.
    pub delivery: Delivery,
    /// What the server said of each recipient, in the order of the envelope.
    pub recipients: Vec<RecipientOutcome>,
    /// Whether the server has the message, for at least one recipient.
    pub is_sent: bool,
    /// Whether the server has the message, for every recipient.
    pub is_sent_to_all: bool,
}

impl From<core::Receipt> for Receipt {
    fn from(receipt: core::Receipt) -> Self {
        Self {
            is_sent: receipt.is_sent(),
            is_sent_to_all: receipt.is_sent_to_all(),
            delivery: receipt.message.into(),
            recipients: receipt.recipients.iter().map(Into::into).collect(),
        }
    }
}

/// What became of a message. There are three answers, not two.
#[derive(Debug, Clone, PartialEq, uniffi::Enum)]
pub enum Delivery {
    /// The server has taken it over, for the recipients that it accepted.
    Sent {
        /// What the server said, often the name of the message in its queue.
        text: String,
    },
    /// It was not sent to anybody.
    NotSent {
        /// The refusal of the message as a whole; none where every recipient was refused, or one of them where all were asked for.
        refusal: Option<Refusal>,
    },
    /// It was handed over whole, but the server's answer was lost: the message may be on its way or not. Sending it again may deliver
    /// it twice, not sending it again may lose it: a person, or a look at what arrived, decides.
    Unknown {
        /// What lost the answer.
        because: Failure,
    },
}

impl From<core::Delivery> for Delivery {
    fn from(delivery: core::Delivery) -> Self {
        match delivery {
            core::Delivery::Sent { text } => Self::Sent { text },
            core::Delivery::Unknown { because } => Self::Unknown { because: because.into() },
            core::Delivery::NotSent(core::NotSent::Refused(refusal)) => {
                Self::NotSent { refusal: Some((&refusal).into()) }
            }
            _ => Self::NotSent { refusal: None },
        }
    }
}

/// What the server said of one recipient.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecipientOutcome {
    /// The recipient.
    pub address: String,
    /// The server's refusal; none where the recipient was accepted.
    pub refusal: Option<Refusal>,
}

impl From<&core::RecipientOutcome> for RecipientOutcome {
    fn from(recipient: &core::RecipientOutcome) -> Self {
        let refusal = match &recipient.outcome {
            core::Acceptance::Accepted => None,
            core::Acceptance::Refused(refusal) => Some(refusal.into()),
        };
        Self { address: recipient.address.to_string(), refusal }
    }
}

/// What a server says it can do, in its reply to EHLO over TLS.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SmtpExtensions {
    /// SIZE: the size of a message can be declared.
    pub size: bool,
    /// The longest message that the server takes, in octets, where it says so.
    pub max_size: Option<i64>,
    /// 8BITMIME.
    pub eight_bit_mime: bool,
    /// SMTPUTF8.
    pub smtputf8: bool,
    /// DSN.
    pub dsn: bool,
    /// PIPELINING.
    pub pipelining: bool,
    /// CHUNKING.
    pub chunking: bool,
    /// The SASL mechanisms of AUTH, in upper case.
    pub auth: Vec<String>,
}

impl From<&core::SmtpExtensions> for SmtpExtensions {
    fn from(extensions: &core::SmtpExtensions) -> Self {
        Self {
            size: extensions.size,
            max_size: extensions.max_size.map(signed),
            eight_bit_mime: extensions.eight_bit_mime,
            smtputf8: extensions.smtputf8,
            dsn: extensions.dsn,
            pipelining: extensions.pipelining,
            chunking: extensions.chunking,
            auth: extensions.auth.clone(),
        }
    }
}
