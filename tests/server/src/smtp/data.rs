//! Message data: DATA (RFC 5321, section 4.1.1.4) and BDAT (RFC 3030).

use std::io;

use super::session::Session;
use crate::wire::Go;

impl Session<'_> {
    pub(super) async fn data(&mut self, argument: &[u8]) -> io::Result<()> {
        let refusal = match &self.mail {
            _ if !argument.is_empty() => Some((501, "5.5.4", "DATA takes no argument")),
            None => Some((503, "5.5.1", "MAIL first")),
            Some(mail) if mail.recipients.is_empty() => Some((554, "5.5.1", "no valid recipients")),
            Some(mail) if mail.chunks.is_some() => Some((503, "5.5.1", "BDAT and DATA do not mix")),
            Some(_) => None,
        };
        if let Some(refusal) = refusal {
            self.refuse(refusal);
            return Ok(());
        }
        self.wire.say("354 end with a dot");
        self.wire.finish().await?;
        let bytes = self.dotted().await?;
        if self.wire.begin(b".", None).await? == Go::Ahead
            && let Some(mail) = self.mail.take()
        {
            self.accept(mail, bytes);
        }
        self.mail = None;
        Ok(())
    }

    /// Reads up to the lone dot and takes the stuffed dots out (RFC 5321, section 4.5.2). Keeps little more than the size limit.
    async fn dotted(&mut self) -> io::Result<Vec<u8>> {
        let limit = self.shared.options.max_message;
        let mut bytes = Vec::new();
        loop {
            let line = self.wire.line_within(limit).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            let content = match line.strip_prefix(b".") {
                Some([]) => return Ok(bytes),
                Some(rest) => rest,
                None => &line,
            };
            if bytes.len() <= limit {
                bytes.extend_from_slice(content);
                bytes.extend_from_slice(b"\r\n");
            }
        }
    }

    pub(super) async fn bdat(&mut self, argument: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(argument).to_ascii_uppercase();
        let (size, last) = match text.strip_suffix(" LAST") {
            Some(size) => (size, true),
            None => (text.as_str(), false),
        };
        let Ok(size) = size.parse::<usize>() else {
            // Without a size there is no telling where commands go on.
            self.reply(501, "5.5.4", "BDAT needs a size");
            self.wire.finish().await?;
            return Err(io::ErrorKind::InvalidData.into());
        };
        if size > self.shared.options.max_message {
            self.reply(552, "5.3.4", "message size exceeds the fixed limit");
            self.wire.finish().await?;
            return Err(io::ErrorKind::InvalidData.into());
        }
        let chunk = self.wire.exact(size).await?;
        self.chunk(&chunk, last);
        Ok(())
    }

    fn chunk(&mut self, chunk: &[u8], last: bool) {
        if !self.offers("CHUNKING") {
            return self.reply(502, "5.5.1", "BDAT is not offered");
        }
        let Some(mut mail) = self.mail.take() else {
            return self.reply(503, "5.5.1", "MAIL first");
        };
        if mail.recipients.is_empty() {
            return self.reply(554, "5.5.1", "no valid recipients");
        }
        let chunks = mail.chunks.get_or_insert_default();
        chunks.extend_from_slice(chunk);
        if last {
            let bytes = std::mem::take(chunks);
            self.accept(mail, bytes);
        } else {
            let text = format!("{} octets received", chunk.len());
            self.mail = Some(mail);
            self.reply(250, "2.0.0", &text);
        }
    }
}
