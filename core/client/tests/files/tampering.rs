//! No changed or cut message leaves a file, nor a part of one.

use super::*;

#[tokio::test]
async fn no_change_and_no_cut_leaves_a_file() {
    const CONTENT: &[u8] = b"The answer is forty-two.";
    for profile in PROFILES {
        let desk = Desk::new(profile, CONTENT);
        desk.encrypt("plain", "sealed", &options()).await.unwrap();
        let sealed = fs::read(desk.path("sealed")).unwrap();
        let cuts = (0..sealed.len()).map(|length| sealed[..length].to_vec());
        let flips = (0..sealed.len() * 8).map(|bit| {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            changed
        });
        let (mut refused, mut opened) = (0, 0);
        for changed in cuts.chain(flips) {
            fs::write(desk.path("sealed"), &changed).unwrap();
            match desk.decrypt("sealed", "opened", &options()).await {
                Err(Error::Pgp(_)) => refused += 1,
                Err(error) => panic!("{error:?}"),
                // What names the recipient isn't protected, and may be changed without a change of the content.
                Ok(_) => {
                    opened += 1;
                    assert_eq!(fs::read(desk.path("opened")).unwrap(), CONTENT);
                    fs::remove_file(desk.path("opened")).unwrap();
                }
            }
            assert_eq!(desk.names(), ["plain", "sealed"]);
        }
        assert!(refused > sealed.len() * 8 && opened < sealed.len(), "{profile:?} {refused} {opened}");
    }
}

#[tokio::test]
async fn a_long_file_changed_at_its_end_leaves_nothing() {
    for profile in PROFILES {
        for length in [100_000, 9_000_001] {
            let desk = Desk::new(profile, &content(length));
            desk.encrypt("plain", "sealed", &options()).await.unwrap();
            let mut sealed = fs::read(desk.path("sealed")).unwrap();
            *sealed.last_mut().unwrap() ^= 1;
            fs::write(desk.path("sealed"), &sealed).unwrap();
            let (options, told) = listening();
            let refused = desk.decrypt("sealed", "opened", &options).await;
            assert_eq!(refused, Err(Error::Pgp(PgpError::Tampered)), "{profile:?} {length}");
            assert_eq!(desk.names(), ["plain", "sealed"]);
            // Nor is it told to have come to its end.
            let told = told.lock().unwrap();
            assert!(!told.is_empty() && told.iter().all(|(done, _)| *done < sealed.len() as u64), "{told:?}");
        }
    }
}
