//! IDLE (RFC 2177).

use std::io;

use super::parser::{Parser, Reply, bad};
use super::session::Session;

impl Session<'_> {
    pub(super) async fn idle(&mut self, rest: Parser<'_>) -> io::Result<Reply> {
        if let Err(failure) = self.needs("IDLE").and_then(|()| rest.end()) {
            return Ok(Err(failure));
        }
        let mut changes = self.shared.store.watch();
        self.wire.say("+ idling");
        loop {
            changes.mark_unchanged();
            self.report(true);
            self.wire.flush().await?;
            if self.over {
                return Ok(Ok(String::new()));
            }
            tokio::select! {
                line = self.wire.line() => {
                    let line = line?.ok_or(io::ErrorKind::UnexpectedEof)?;
                    let done = line.eq_ignore_ascii_case(b"DONE");
                    return Ok(if done { Ok("done".to_owned()) } else { bad("expected DONE") });
                }
                _ = changes.changed() => {}
            }
        }
    }
}
