//! Every reply in the transcripts that MailKit's tests are made of, also those to commands that no dialogue of ours gives.

use std::collections::BTreeMap;

use super::*;
use crate::corpora::{corpus, files, transcript};

#[tokio::test]
async fn real_servers_are_read_without_an_error() {
    let test = "real_servers_are_read_without_an_error";
    let Some(folder) = corpus(test, "mailkit-transcripts/Imap/Resources") else { return };
    let paths = files(&folder, ".txt");
    assert!(paths.len() > 250, "{}", paths.len());
    let mut unread: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &paths {
        let (responses, end) = responses(&transcript(path), Chunks::Whole).await;
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        if !is_hang_up(&end) {
            unread.entry(name.clone()).or_default().push(end.to_string());
        }
        for response in &responses {
            if let Reading::Unread(what) = read(response) {
                unread.entry(name.clone()).or_default().push(what);
            }
        }
    }
    assert_eq!(unread, BTreeMap::new());
}
