//! Writes the inputs that fuzzing begins with: `cargo run -p postseal-fuzz --bin seeds`.

fn main() -> std::io::Result<()> {
    postseal_fuzz::seeds::write()
}
