use super::NoRandomness;

/// Where the boundaries between the parts of a message come from (RFC 2046, section 5.1.1).
///
/// A boundary never stands in what it separates: each one is checked against the parts. That it is also random keeps whoever wrote
/// one of the parts from guessing it.
#[derive(Debug, Clone)]
pub struct Boundaries {
    state: [u64; 2],
}

impl Boundaries {
    /// Boundaries from the operating system's random source.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] where it has none to give.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).map_err(|_| NoRandomness)?;
        Ok(Self::from_seed(seed))
    }

    /// The boundaries that belong to `seed`: the same message and the same seed give the same bytes.
    #[must_use]
    pub fn from_seed(seed: [u8; 16]) -> Self {
        let seed = u128::from_be_bytes(seed);
        Self { state: [(seed >> 64) as u64, seed as u64] }
    }

    /// The next boundary that does not stand where `stands_in` looks for it.
    pub(crate) fn absent(&mut self, stands_in: impl Fn(&str) -> bool) -> String {
        loop {
            let boundary = self.next();
            if !stands_in(&boundary) {
                return boundary;
            }
        }
    }

    /// 34 characters that neither quoted-printable nor base64 can produce: `=_` stands in neither. Between parts that are nothing
    /// else, any boundary will do.
    pub(crate) fn next(&mut self) -> String {
        let [high, low] = &mut self.state;
        format!("=_{:016x}{:016x}", split_mix(high), split_mix(low))
    }
}

/// Whether `boundary` stands in `text`.
pub(crate) fn stands_in(boundary: &str, text: &[u8]) -> bool {
    memchr::memmem::find(text, boundary.as_bytes()).is_some()
}

/// SplitMix64: spreads the bits of a counter. The seed is what can't be guessed; nothing here is a secret once it is written.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_boundaries_and_the_system_does_not() {
        let seeded = || Boundaries::from_seed(*b"0123456789abcdef");
        assert_eq!(seeded().next(), seeded().next());
        let (mut one, mut two) = (Boundaries::random().unwrap(), Boundaries::random().unwrap());
        assert_ne!(one.next(), two.next());
        assert_ne!(one.next(), one.next());
    }

    #[test]
    fn a_boundary_that_stands_in_a_part_is_passed_over() {
        let first = Boundaries::from_seed([7; 16]).next();
        let part = format!("text\r\n--{first}\r\n");
        let chosen = Boundaries::from_seed([7; 16]).absent(|boundary| stands_in(boundary, part.as_bytes()));
        assert_ne!(chosen, first);
        assert!(!part.contains(&chosen));
    }
}
