//! What others found servers to say: `../shared/corpora`, read where it is there.

use super::*;
use crate::SmtpExtensions;
use crate::corpora::{corpus, files};
use crate::smtp::answer::Answer;

#[tokio::test]
async fn what_real_servers_say_is_read() {
    let Some(folder) = corpus("what_real_servers_say_is_read", "mailkit-transcripts/Smtp") else { return };
    let replies = files(&folder, ".txt");
    assert!(replies.len() >= 20);
    for path in replies {
        let bytes = std::fs::read(&path).unwrap();
        let mut wire = Wire::scripted(std::io::Cursor::new(bytes));
        wire.begin("a reply", TIMEOUTS.progress);
        let answer = Answer::read(&mut wire).await.unwrap();
        assert!(wire.buffered().is_empty(), "{}", path.display());
        if path.ends_with("comcast-ehlo+pipelining.txt") {
            let extensions = SmtpExtensions::of(&answer);
            assert!(extensions.pipelining && extensions.eight_bit_mime && extensions.size);
            assert_eq!(extensions.max_size, Some(36_700_160));
            assert!(extensions.auth.contains(&"PLAIN".to_owned()));
        }
    }
}
