//! Work that is no longer wanted ends, and leaves nothing.

use std::sync::mpsc;

use postseal::CancelToken;

use super::*;

/// Long enough that most of the work is still to be done when its listener is first called.
const LENGTH: usize = 10_000_000;

/// A desk with a file and the same encrypted; the names of both.
async fn desk() -> (Desk, [&'static str; 2]) {
    let desk = Desk::new(KeyProfile::Modern, &content(LENGTH));
    desk.encrypt("plain", "sealed", &options()).await.unwrap();
    (desk, ["plain", "sealed"])
}

/// Encrypts or decrypts the file of that name.
async fn work(desk: &Desk, from: &str, options: &FileOptions) -> Result<(), Error> {
    match from {
        "plain" => desk.encrypt(from, "new", options).await,
        _ => desk.decrypt(from, "new", options).await.map(|_| ()),
    }
}

#[tokio::test]
async fn a_cancelled_token_ends_the_work_in_its_middle() {
    let (desk, names) = desk().await;
    for from in names {
        let (mut options, told) = listening();
        let (token, list) = (options.cancel.clone(), Arc::clone(&told));
        options.progress = Some(Listener::new(move |done, total| {
            list.lock().unwrap().push((done, total));
            token.cancel();
        }));
        assert_eq!(work(&desk, from, &options).await, Err(Error::Cancelled));
        assert_eq!(told.lock().unwrap().len(), 1, "{from}: it went on");
        assert_eq!(desk.names(), names);
    }
}

#[tokio::test]
async fn a_token_that_is_cancelled_before_lets_nothing_begin() {
    let (desk, names) = desk().await;
    let (mut options, told) = listening();
    options.cancel = CancelToken::new();
    options.cancel.clone().cancel();
    assert!(options.cancel.is_cancelled());
    for from in names {
        let cancelled = work(&desk, from, &options).await.unwrap_err();
        assert_eq!((cancelled.code(), cancelled), (ErrorCode::Cancelled, Error::Cancelled));
    }
    assert!(told.lock().unwrap().is_empty());
    assert_eq!(desk.names(), names);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_wait_ends_the_work_and_no_other() {
    let (desk, names) = desk().await;
    for from in names {
        let ((begun, begins), (go, goes)) = (mpsc::channel(), mpsc::channel::<()>());
        let goes = Mutex::new(goes);
        let mut options = options();
        options.progress = Some(Listener::new(move |done, total| {
            begun.send((done, total)).unwrap();
            _ = goes.lock().unwrap().recv();
        }));
        let token = options.cancel.clone();
        let mut wait = Box::pin(work(&desk, from, &options));
        assert!(futures::poll!(wait.as_mut()).is_pending());
        tokio::task::block_in_place(|| begins.recv().unwrap());
        drop(wait);
        drop((go, options));
        // The work lets go of its listener when it has ended, and tells nothing more before.
        assert_eq!(tokio::task::block_in_place(|| begins.recv()), Err(mpsc::RecvError), "{from}");
        assert_eq!(desk.names(), names);
        assert!(!token.is_cancelled());
    }
}
